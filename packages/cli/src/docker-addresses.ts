/** Where a mesh in containers is reached. */
export interface DockerAddresses {
  /** The gateway, from this machine. */
  readonly gatewayUrl: string;
  /** What docker-compose.yml is told of it, by variable. */
  readonly variables: Readonly<Record<string, string>>;
}

const GATEWAY_BIND = '127.0.0.1:8080';
const OBJECTS_BIND = '127.0.0.1:8084';

/**
 * Derives the addresses of a mesh from the ports that it opens, IRISVUE_GATEWAY_BIND and IRISVUE_OBJECTS_BIND
 * ([address:]port, as docker writes them). What is given itself (IRISVUE_PUBLIC_URL, IRISVUE_OBJECTS_URL,
 * IRISVUE_ALLOWED_ORIGINS) stays: behind a proxy only the operator knows it. Throws for a bind that is none.
 */
export function dockerAddresses(env: Readonly<Record<string, string | undefined>>): DockerAddresses {
  const gatewayUrl = urlOf('IRISVUE_GATEWAY_BIND', env['IRISVUE_GATEWAY_BIND'] || GATEWAY_BIND);
  const objectsUrl = urlOf('IRISVUE_OBJECTS_BIND', env['IRISVUE_OBJECTS_BIND'] || OBJECTS_BIND);
  const publicUrl = env['IRISVUE_PUBLIC_URL'] || gatewayUrl;
  return {
    gatewayUrl,
    variables: {
      IRISVUE_GATEWAY_BIND: env['IRISVUE_GATEWAY_BIND'] || GATEWAY_BIND,
      IRISVUE_OBJECTS_BIND: env['IRISVUE_OBJECTS_BIND'] || OBJECTS_BIND,
      IRISVUE_PUBLIC_URL: publicUrl,
      IRISVUE_OBJECTS_URL: env['IRISVUE_OBJECTS_URL'] || objectsUrl,
      IRISVUE_ALLOWED_ORIGINS: env['IRISVUE_ALLOWED_ORIGINS'] || new URL(publicUrl).origin,
    },
  };
}

/** URL of a port of this machine; one that is open everywhere is reached over the loopback. */
function urlOf(variable: string, bind: string): string {
  const [, address = '127.0.0.1', port] = /^(?:(\[[\da-f:]+\]|[\w.-]+):)?(\d{1,5})$/i.exec(bind) ?? [];
  if (port === undefined) throw new Error(`${variable} is not [address:]port: ${bind}`);
  const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '[::]': '[::1]' };
  return `http://${everywhere[address] ?? address}:${port}`;
}
