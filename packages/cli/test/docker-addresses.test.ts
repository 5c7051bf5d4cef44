import { describe, expect, test } from 'vitest';
import { dockerAddresses } from '../src/docker-addresses.ts';

describe('the addresses of a mesh in containers', () => {
  test('are those of docker-compose.yml when nothing is said', () => {
    expect(dockerAddresses({})).toEqual({
      gatewayUrl: 'http://127.0.0.1:8080',
      variables: {
        IRISVUE_GATEWAY_BIND: '127.0.0.1:8080',
        IRISVUE_OBJECTS_BIND: '127.0.0.1:8084',
        IRISVUE_PUBLIC_URL: 'http://127.0.0.1:8080',
        IRISVUE_OBJECTS_URL: 'http://127.0.0.1:8084',
        IRISVUE_ALLOWED_ORIGINS: 'http://127.0.0.1:8080',
      },
    });
  });

  test.each([
    ['127.0.0.1:18080', 'http://127.0.0.1:18080'],
    ['18080', 'http://127.0.0.1:18080'],
    ['0.0.0.0:80', 'http://127.0.0.1:80'],
    ['10.0.0.7:8080', 'http://10.0.0.7:8080'],
    ['[::]:8080', 'http://[::1]:8080'],
  ])('follow the port that is opened: %s', (bind, url) => {
    const { gatewayUrl, variables } = dockerAddresses({ IRISVUE_GATEWAY_BIND: bind, IRISVUE_OBJECTS_BIND: bind });
    expect(gatewayUrl).toBe(url);
    expect(variables).toMatchObject({ IRISVUE_PUBLIC_URL: url, IRISVUE_OBJECTS_URL: url });
  });

  test('stay as an operator gives them, and pages of the public address may upload', () => {
    const { gatewayUrl, variables } = dockerAddresses({
      IRISVUE_GATEWAY_BIND: '127.0.0.1:18080',
      IRISVUE_PUBLIC_URL: 'https://iris.example/studio',
      IRISVUE_OBJECTS_URL: 'https://objects.example',
    });
    expect(gatewayUrl).toBe('http://127.0.0.1:18080'); // from this machine
    expect(variables).toMatchObject({
      IRISVUE_PUBLIC_URL: 'https://iris.example/studio',
      IRISVUE_OBJECTS_URL: 'https://objects.example',
      IRISVUE_ALLOWED_ORIGINS: 'https://iris.example',
    });
  });

  test.each(['here', ':80', '127.0.0.1:', 'http://127.0.0.1:80'])('are refused when they are none: %s', (bind) => {
    expect(() => dockerAddresses({ IRISVUE_GATEWAY_BIND: bind })).toThrow('IRISVUE_GATEWAY_BIND');
  });
});
