import { randomBytes } from 'node:crypto';
import { freePort } from '@irisvue/embedded';
import { containerServer, S3_ACCESS_KEY } from './container-server.ts';
import type { RealS3 } from './real-s3.ts';

/** The S3 server of docker-compose.yml for tests, in a container; takes 15 to 40 s. It encrypts without being asked. */
export async function containerS3(): Promise<RealS3> {
  const secret = randomBytes(24).toString('hex');
  const port = await freePort();
  const answers = async (signal: AbortSignal) => void (await fetch(`http://127.0.0.1:${port}/`, { signal }));
  const server = await containerServer('ceph', { hostPort: port, password: secret, answers });
  return {
    storeUrl: (bucket) => `s3://${S3_ACCESS_KEY}:${secret}@127.0.0.1:${port}/${bucket}?tls=false&sse=false`,
    killGateway: () => server.kill(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
