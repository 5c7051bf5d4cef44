import { type ClientHttp2Session, connect } from 'node:http2';

// A HealthCheckRequest for the whole server, framed: not compressed, no bytes.
const REQUEST = Buffer.alloc(5);
// A HealthCheckResponse with status SERVING, framed: not compressed, 2 bytes, field 1 as varint 1.
const SERVING = Buffer.from([0, 0, 0, 0, 2, 0x08, 1]);

/**
 * Asks a server for its health by grpc.health.v1, with nothing but Node.js, so that a probe every few seconds costs
 * little. True when the server says SERVING within `limitMs`.
 * Source: https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export async function isServing(url: string, limitMs: number): Promise<boolean> {
  const session = connect(url);
  try {
    return await ask(session, limitMs);
  } catch {
    return false;
  } finally {
    session.destroy();
  }
}

function ask(session: ClientHttp2Session, limitMs: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    session.once('error', reject);
    const call = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const parts: Buffer[] = [];
    call.setTimeout(limitMs, () => reject(new Error('no answer in time')));
    call.once('error', reject);
    call.on('data', (part: Buffer) => parts.push(part));
    call.once('end', () => resolve(Buffer.concat(parts).equals(SERVING)));
    call.end(REQUEST);
  });
}
