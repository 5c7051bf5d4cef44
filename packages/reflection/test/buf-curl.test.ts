import { execFile } from 'node:child_process';
import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { JobService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reflectionRoutes } from '../src/index.ts';

// A client that was written by others and knows nothing of these contracts.
describe.each(['grpc-v1', 'grpc-v1alpha'])('buf curl over %s', (reflectProtocol) => {
  let server: Http2Server;
  let url: string;

  beforeAll(async () => {
    server = createServer(
      connectNodeAdapter({
        routes(router) {
          reflectionRoutes(router, [IdentityService, JobService]);
          router.service(IdentityService, { createUser: (request) => ({ user: { id: '7', email: request.email } }) });
          router.service(JobService, {
            async *watchJobs() {
              yield { job: { id: 'a', revision: 1n } };
              yield { job: { id: 'a', revision: 2n } };
            },
          });
        },
      }),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    server.close();
  });

  async function bufCurl(...args: string[]): Promise<string> {
    const all = [
      'curl',
      '--http2-prior-knowledge',
      '--protocol',
      'grpc',
      '--reflect-protocol',
      reflectProtocol,
      ...args,
    ];
    return (await promisify(execFile)('buf', all)).stdout;
  }

  it('lists every method', async () => {
    const methods = (await bufCurl('--list-methods', url)).trim().split('\n');
    expect(methods).toEqual(
      [IdentityService, JobService]
        .flatMap((service) => service.methods.map((method) => `${service.typeName}/${method.name}`))
        .sort(),
    );
  });

  it('calls a method without a schema', async () => {
    const answer = await bufCurl(
      '-d',
      '{"email":"a@b.example"}',
      `${url}/irisvue.identity.v1.IdentityService/CreateUser`,
    );
    expect(JSON.parse(answer)).toEqual({ user: { id: '7', email: 'a@b.example' } });
  });

  it('reads a stream without a schema', async () => {
    const answer = await bufCurl('-d', '{}', `${url}/irisvue.jobs.v1.JobService/WatchJobs`);
    expect(answer.match(/"revision":\s*"[12]"/g)).toHaveLength(2);
  });
});
