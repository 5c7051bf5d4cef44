import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { findTrailerError } from '@connectrpc/connect/protocol-grpc';
import {
  type Client,
  type ClientReadableStream,
  credentials,
  loadPackageDefinition,
  type Metadata,
  type ServiceClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { JobService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import { expect, it } from 'vitest';
import { DomainError, ErrorReason, errorDetail, type RunningServer } from '../src/index.ts';
import { started } from './started.ts';

// The gRPC client that others know, with the contracts as it reads them itself.
const repository = fileURLToPath(new URL('../../..', import.meta.url));
const contracts = loadPackageDefinition(
  loadSync('irisvue/jobs/v1/job_service.proto', {
    includeDirs: [`${repository}/proto`, `${repository}/vendor/protovalidate`],
  }),
);

interface JobClient extends Client {
  getJob(
    request: object,
    options: { deadline?: Date },
    done: (error: ServiceError | null, answer: { job: { id: string } }) => void,
  ): void;
  watchJobs(request: object): ClientReadableStream<{ job: { id: string } }>;
}

function jobClient(server: RunningServer): JobClient & Disposable {
  // biome-ignore lint/suspicious/noExplicitAny: grpc-js types what it loads as a tree of unknown depth.
  const Service = (contracts as any).irisvue.jobs.v1.JobService as ServiceClientConstructor;
  const client = new Service(`127.0.0.1:${server.port}`, credentials.createInsecure()) as unknown as JobClient;
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}

function getJob(client: JobClient, deadline?: Date): Promise<{ job: { id: string } }> {
  const request = { jobId: '0190a0a0-0000-7000-8000-000000000000' };
  return new Promise((resolve, reject) => {
    client.getJob(request, { deadline }, (error, answer) => (error === null ? resolve(answer) : reject(error)));
  });
}

async function failure(call: Promise<unknown>): Promise<ServiceError> {
  return call.then(
    () => {
      throw new Error('the call succeeded');
    },
    (error) => error as ServiceError,
  );
}

function detailOf(metadata: Metadata) {
  const bytes = metadata.get('grpc-status-details-bin')[0] as Buffer;
  const trailers = new Headers({ 'grpc-status': '2', 'grpc-status-details-bin': bytes.toString('base64') });
  return errorDetail(findTrailerError(trailers));
}

it('reads the named reason of an error', async () => {
  await using server = await started((router) =>
    router.service(JobService, {
      getJob() {
        throw new DomainError(ErrorReason.NOT_FOUND, 'no such job', { resource: 'job' });
      },
    }),
  );
  using client = jobClient(server);
  const error = await failure(getJob(client));
  expect(error.code).toBe(status.NOT_FOUND);
  expect(detailOf(error.metadata)).toMatchObject({ reason: ErrorReason.NOT_FOUND, metadata: { resource: 'job' } });
});

it('reads a stream, and hanging up reaches the handler', async () => {
  const told = Promise.withResolvers<void>();
  await using server = await started((router) =>
    router.service(JobService, {
      async *watchJobs(_request, context) {
        yield { job: { id: 'a' } };
        await once(context.signal, 'abort');
        told.resolve();
      },
    }),
  );
  using client = jobClient(server);
  const stream = client.watchJobs({});
  const [{ job }] = await once(stream, 'data');
  expect(job.id).toBe('a');
  const failed = once(stream, 'error');
  stream.cancel();
  await told.promise;
  expect((await failed)[0]).toMatchObject({ code: status.CANCELLED });
});

it('has its deadline kept, and the handler hears of it', async () => {
  const told = Promise.withResolvers<void>();
  await using server = await started((router) =>
    router.service(JobService, {
      async getJob(_request, context) {
        await once(context.signal, 'abort');
        told.resolve();
        return {};
      },
    }),
  );
  using client = jobClient(server);
  const error = await failure(getJob(client, new Date(Date.now() + 100)));
  expect(error.code).toBe(status.DEADLINE_EXCEEDED);
  await told.promise;
});
