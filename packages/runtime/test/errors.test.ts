import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { ViolationsSchema } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { JobService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import { PhotoService } from '@irisvue/contracts/irisvue/jobs/v1/photo_service';
import { expect, it } from 'vitest';
import {
  codeOfReason,
  createLogger,
  createServiceClient,
  DomainError,
  ErrorReason,
  errorDetail,
  reasonOf,
} from '../src/index.ts';
import { started } from './started.ts';

const GRPC_NAME: Record<string, Code> = {
  UNAUTHENTICATED: Code.Unauthenticated,
  PERMISSION_DENIED: Code.PermissionDenied,
  NOT_FOUND: Code.NotFound,
  ALREADY_EXISTS: Code.AlreadyExists,
  FAILED_PRECONDITION: Code.FailedPrecondition,
  RESOURCE_EXHAUSTED: Code.ResourceExhausted,
  INVALID_ARGUMENT: Code.InvalidArgument,
  UNAVAILABLE: Code.Unavailable,
  INTERNAL: Code.Internal,
  ABORTED: Code.Aborted,
};

function capturedLog() {
  const texts: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      texts.push(chunk.toString());
      done();
    },
  });
  return { lines: () => texts.map((text) => JSON.parse(text)), logger: createLogger({ service: 'test' }, destination) };
}

async function failure(call: Promise<unknown>): Promise<ConnectError> {
  try {
    await call;
  } catch (error) {
    expect(error).toBeInstanceOf(ConnectError);
    return error as ConnectError;
  }
  throw new Error('the call succeeded');
}

it('sends each reason with the code that errors.proto documents', () => {
  const proto = readFileSync(new URL('../../../proto/irisvue/errors/v1/errors.proto', import.meta.url), 'utf8');
  const documented = [...proto.matchAll(/\/\/ ([A-Z_]+)\..*\n(?:\s*\/\/.*\n)*\s*ERROR_REASON_(\w+) =/g)];
  expect(documented).toHaveLength(Object.keys(ErrorReason).length - 1);
  for (const [, code, reason] of documented) {
    expect([reason, codeOfReason(ErrorReason[reason as keyof typeof ErrorReason])]).toEqual([reason, GRPC_NAME[code!]]);
  }
});

it('turns an unknown error into INTERNAL with a trace_id, logs its cause, and leaks nothing', async () => {
  const { lines, logger } = capturedLog();
  await using server = await started(
    (router) =>
      router.service(IdentityService, {
        getUser() {
          throw new Error('password authentication failed for user "irisvue" at 10.0.0.7');
        },
      }),
    { logger },
  );
  const error = await failure(createClient(IdentityService, createGrpcTransport({ baseUrl: server.url })).getUser({}));
  expect(error.code).toBe(Code.Internal);
  expect(reasonOf(error)).toBe(ErrorReason.INTERNAL);
  const traceId = errorDetail(error)!.metadata['trace_id']!;
  expect(traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(JSON.stringify([error.rawMessage, error.details, [...error.metadata]])).not.toMatch(/password|10\.0\.0\.7/);
  const logged = lines().find((line) => line.trace_id === traceId);
  expect(logged.err.message).toContain('password authentication failed');
  expect(logged.rpc).toBe('irisvue.identity.v1.IdentityService/GetUser');
});

it('hides the message of a ConnectError that carries no reason', async () => {
  await using server = await started((router) =>
    router.service(IdentityService, {
      getUser() {
        throw new ConnectError('duplicate key value violates users_email_key', Code.AlreadyExists);
      },
    }),
  );
  const error = await failure(createServiceClient(IdentityService, { url: server.url }).getUser({}));
  expect(error.code).toBe(Code.Internal);
  expect(error.rawMessage).not.toContain('users_email_key');
});

it('names field, limit and rule of the first broken field, beside all violations', async () => {
  await using server = await started((router) => router.service(PhotoService, { createPhoto: () => ({}) }));
  const error = await failure(
    createServiceClient(PhotoService, { url: server.url }).createPhoto({
      requestId: '0190a0a0-0000-7000-8000-000000000000',
      subjectKind: 1,
      sha256: 'a'.repeat(64),
      sizeBytes: 99_999_999n,
      contentType: 'text/html',
    }),
  );
  expect(error.code).toBe(Code.InvalidArgument);
  expect(errorDetail(error)).toMatchObject({
    reason: ErrorReason.INVALID_FIELD,
    metadata: { field: 'size_bytes', limit: expect.stringContaining('52428800'), rule: 'int64.gte_lte' },
  });
  const violations = error.findDetails(ViolationsSchema)[0]!.violations;
  expect(violations.map((violation) => violation.field?.elements[0]?.fieldName)).toEqual([
    'size_bytes',
    'content_type',
  ]);
});

it('passes the reason of a peer on, but never a refusal of its own token', async () => {
  let reason: ErrorReason = ErrorReason.CONSENT_REQUIRED;
  await using peer = await started((router) =>
    router.service(IdentityService, {
      getUser() {
        throw new DomainError(reason, 'no', { purpose: 'data_processing' });
      },
    }),
  );
  const identity = createServiceClient(IdentityService, { url: peer.url });
  await using server = await started((router) =>
    router.service(JobService, {
      async getJob() {
        await identity.getUser({});
        return {};
      },
    }),
  );
  const jobs = createServiceClient(JobService, { url: server.url });
  const ask = () => failure(jobs.getJob({ jobId: '0190a0a0-0000-7000-8000-000000000000' }));

  const consent = await ask();
  expect(consent.code).toBe(Code.FailedPrecondition);
  expect(errorDetail(consent)?.metadata).toEqual({ purpose: 'data_processing' });

  reason = ErrorReason.TOKEN_INVALID;
  const refused = await ask();
  expect(refused.code).toBe(Code.Internal);
  expect(reasonOf(refused)).toBe(ErrorReason.INTERNAL);
});

it('says which peer is down when a handler cannot reach it, and logs how', async () => {
  const { lines, logger } = capturedLog();
  const gone = await started(() => {});
  await gone[Symbol.asyncDispose]();
  const identity = createServiceClient(IdentityService, { url: gone.url });
  await using server = await started(
    (router) =>
      router.service(JobService, {
        async getJob() {
          await identity.getUser({});
          return {};
        },
      }),
    { logger },
  );
  const error = await failure(
    createServiceClient(JobService, { url: server.url }).getJob({ jobId: '0190a0a0-0000-7000-8000-000000000000' }),
  );
  expect(error.code).toBe(Code.Unavailable);
  expect(errorDetail(error)).toMatchObject({
    reason: ErrorReason.DEPENDENCY_DOWN,
    metadata: { dependency: 'identity' },
  });
  expect(error.rawMessage).not.toMatch(/ECONNREFUSED|127\.0\.0\.1/);
  const logged = lines().find((line) => line.msg === 'a dependency is down');
  expect(logged).toMatchObject({ level: 'warn', rpc: 'irisvue.jobs.v1.JobService/GetJob' });
  expect(JSON.stringify(logged.err)).toContain('ECONNREFUSED');
});
