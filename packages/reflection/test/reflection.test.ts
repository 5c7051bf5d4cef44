import { create, createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Code, createClient, createRouterTransport } from '@connectrpc/connect';
import { ServerReflection, type ServerReflectionRequest } from '@irisvue/contracts/grpc/reflection/v1/reflection';
import { ServerReflection as ServerReflectionAlpha } from '@irisvue/contracts/grpc/reflection/v1alpha/reflection';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { JobService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import { describe, expect, it } from 'vitest';
import { reflectionRoutes } from '../src/index.ts';

type Question = Exclude<ServerReflectionRequest['messageRequest'], { case: undefined }>;

const transport = createRouterTransport((router) => reflectionRoutes(router, [JobService, IdentityService]));

async function ask(version: typeof ServerReflection | typeof ServerReflectionAlpha, ...questions: unknown[]) {
  async function* requests() {
    for (const messageRequest of questions) {
      yield { host: 'irisvue.test', messageRequest: messageRequest as Question };
    }
  }
  const answers = [];
  for await (const response of createClient(version as typeof ServerReflection, transport).serverReflectionInfo(
    requests(),
  )) {
    answers.push(response);
  }
  return answers;
}

function filesOf(answer: Awaited<ReturnType<typeof ask>>[number]): FileDescriptorProto[] {
  if (answer.messageResponse.case !== 'fileDescriptorResponse') {
    throw new Error(`expected files, got ${answer.messageResponse.case}`);
  }
  return answer.messageResponse.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
}

const fileNames = (answer: Awaited<ReturnType<typeof ask>>[number]): string[] => filesOf(answer).map((f) => f.name);

describe.each([
  ['v1', ServerReflection],
  ['v1alpha', ServerReflectionAlpha],
] as const)('server reflection %s', (_, version) => {
  it('lists the services it was given, and only these', async () => {
    const [answer] = await ask(version, { case: 'listServices', value: '' });
    expect(answer!.validHost).toBe('irisvue.test');
    expect(answer!.originalRequest?.messageRequest.case).toBe('listServices');
    expect(answer!.messageResponse).toMatchObject({
      case: 'listServicesResponse',
      value: { service: [{ name: 'irisvue.identity.v1.IdentityService' }, { name: 'irisvue.jobs.v1.JobService' }] },
    });
  });

  it('gives a file by name, first, followed by all that it imports', async () => {
    const [answer] = await ask(version, { case: 'fileByFilename', value: 'irisvue/jobs/v1/job_service.proto' });
    const files = filesOf(answer!);
    expect(files[0]?.name).toBe('irisvue/jobs/v1/job_service.proto');
    const names = files.map((file) => file.name);
    expect(names).toEqual(expect.arrayContaining(['irisvue/jobs/v1/job.proto', 'buf/validate/validate.proto']));
    expect(new Set(names).size).toBe(names.length);
    // Complete and in order: a client can link them, last first, without anything else.
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: files.toReversed() }));
    expect(registry.getService('irisvue.jobs.v1.JobService')?.methods.map((method) => method.name)).toContain(
      'WatchJobs',
    );
  });

  it.each([
    ['a service', 'irisvue.jobs.v1.JobService', 'irisvue/jobs/v1/job_service.proto'],
    ['a method', 'irisvue.jobs.v1.JobService.WatchJobs', 'irisvue/jobs/v1/job_service.proto'],
    ['a message', 'irisvue.identity.v1.User', 'irisvue/identity/v1/identity_service.proto'],
    ['a field', 'irisvue.identity.v1.User.email', 'irisvue/identity/v1/identity_service.proto'],
    ['a oneof of a dependency', 'buf.validate.FieldRules.type', 'buf/validate/validate.proto'],
    ['an enum', 'buf.validate.Ignore', 'buf/validate/validate.proto'],
    ['an enum value, in the scope around its enum', 'buf.validate.IGNORE_ALWAYS', 'buf/validate/validate.proto'],
    [
      'a value of a nested enum',
      'google.protobuf.FieldDescriptorProto.TYPE_DOUBLE',
      'google/protobuf/descriptor.proto',
    ],
    ['an extension', 'buf.validate.field', 'buf/validate/validate.proto'],
  ])('finds the file of %s', async (_kind, symbol, file) => {
    const [answer] = await ask(version, { case: 'fileContainingSymbol', value: symbol });
    expect(fileNames(answer!)[0]).toBe(file);
  });

  it('finds extensions by type and number, and counts them', async () => {
    const fieldOptions = 'google.protobuf.FieldOptions';
    const [file, numbers, none] = await ask(
      version,
      { case: 'fileContainingExtension', value: { containingType: fieldOptions, extensionNumber: 1159 } },
      { case: 'allExtensionNumbersOfType', value: fieldOptions },
      { case: 'allExtensionNumbersOfType', value: 'irisvue.identity.v1.User' },
    );
    expect(fileNames(file!)[0]).toBe('buf/validate/validate.proto');
    expect(numbers!.messageResponse).toMatchObject({
      value: { baseTypeName: fieldOptions, extensionNumber: [1159, 1160] },
    });
    expect(none!.messageResponse).toMatchObject({ value: { extensionNumber: [] } });
  });

  it('sends a dependency once per stream, the asked file always', async () => {
    const [first, again, other] = await ask(
      version,
      { case: 'fileByFilename', value: 'irisvue/jobs/v1/job_service.proto' },
      { case: 'fileByFilename', value: 'irisvue/jobs/v1/job_service.proto' },
      { case: 'fileByFilename', value: 'irisvue/identity/v1/identity_service.proto' },
    );
    expect(fileNames(first!).length).toBeGreaterThan(3);
    expect(fileNames(again!)).toEqual(['irisvue/jobs/v1/job_service.proto']);
    expect(fileNames(other!)).toEqual(['irisvue/identity/v1/identity_service.proto']);
  });

  it.each([
    ['file', { case: 'fileByFilename', value: 'irisvue/jobs/v1/nothing.proto' }, Code.NotFound],
    ['symbol', { case: 'fileContainingSymbol', value: 'irisvue.jobs.v1.Nothing' }, Code.NotFound],
    [
      'extension',
      {
        case: 'fileContainingExtension',
        value: { containingType: 'google.protobuf.FieldOptions', extensionNumber: 7 },
      },
      Code.NotFound,
    ],
    ['type', { case: 'allExtensionNumbersOfType', value: 'irisvue.jobs.v1.Nothing' }, Code.NotFound],
    ['question', { case: undefined }, Code.InvalidArgument],
  ])('answers an unknown %s with an error, and goes on', async (_kind, question, errorCode) => {
    const [failed, next] = await ask(version, question, { case: 'listServices', value: '' });
    expect(failed!.messageResponse).toMatchObject({ case: 'errorResponse', value: { errorCode } });
    expect(next!.messageResponse.case).toBe('listServicesResponse');
  });
});
