import { describe, expect, it } from 'vitest';
import { parseStoreUrl } from '../src/index.ts';

describe('a store URL', () => {
  it('names a folder with its objects server', () => {
    const url = 'file:///var/lib/iris%20vue?endpoint=http://127.0.0.1:8084&secret=0123456789abcdef';
    expect(parseStoreUrl(url)).toEqual({
      kind: 'disk',
      disk: { directory: '/var/lib/iris vue', endpoint: 'http://127.0.0.1:8084', secret: '0123456789abcdef' },
    });
  });

  it('names a bucket', () => {
    const url = 's3://key:se%2Fcret@127.0.0.1:7480/irisvue?region=eu-1&tls=false&public=https://objects.example';
    expect(parseStoreUrl(url)).toEqual({
      kind: 's3',
      s3: {
        endpoint: 'http://127.0.0.1:7480',
        publicEndpoint: 'https://objects.example',
        region: 'eu-1',
        bucket: 'irisvue',
        accessKeyId: 'key',
        secretAccessKey: 'se/cret',
        sse: true,
      },
    });
  });

  it('names a bucket that is encrypted without being asked', () => {
    expect(parseStoreUrl('s3://key:secret@host/irisvue?sse=false')).toMatchObject({ kind: 's3', s3: { sse: false } });
  });

  it.each([
    ['nonsense', 'must start with'],
    ['http://127.0.0.1/x', 'must start with'],
    ['file:///x?secret=0123456789abcdef', 'go together'],
    ['file:///x?endpoint=http://a&secret=topsecret', 'secret'],
    ['file:///x?endpont=http://a', 'endpont'],
    ['s3://host/bucket', 'KEY:SECRET'],
    ['s3://key:topsecret@host/', 'KEY:SECRET'],
    ['s3://key:topsecret@host/Bad_Bucket', 'KEY:SECRET'],
    ['s3://key:topsecret@host/bucket?tls=no', 'tls'],
    ['s3://key:topsecret@host/bucket?sse=no', 'sse'],
  ])('is refused: %s', (url, problem) => {
    expect(() => parseStoreUrl(url)).toThrow(TypeError);
    expect(() => parseStoreUrl(url)).toThrow(problem);
    expect(() => parseStoreUrl(url)).not.toThrow('topsecret');
  });
});
