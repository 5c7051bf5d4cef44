import { type DescFile, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import type { ServerReflectionRequest } from '@irisvue/contracts/grpc/reflection/v1/reflection';
import type { ServerReflectionRequest as ServerReflectionRequestAlpha } from '@irisvue/contracts/grpc/reflection/v1alpha/reflection';
import { type DescriptorIndex, protoPath, withDependencies } from './descriptor-index.ts';

/** What is asked, in either version: they differ in their package only. */
export type Question = ServerReflectionRequest['messageRequest'] | ServerReflectionRequestAlpha['messageRequest'];

/** What is answered: assignable to `messageResponse` of either version. */
export type Answer =
  | { case: 'fileDescriptorResponse'; value: { fileDescriptorProto: Uint8Array[] } }
  | { case: 'allExtensionNumbersResponse'; value: { baseTypeName: string; extensionNumber: number[] } }
  | { case: 'listServicesResponse'; value: { service: { name: string }[] } }
  | { case: 'errorResponse'; value: { errorCode: number; errorMessage: string } };

/**
 * Answers one question of a reflection stream.
 *
 * `sent` holds the paths of the files that this stream has carried already: a file is sent with its dependencies, but
 * no dependency twice. The file that was asked for comes first and always, as grpc-go does; clients rely on that.
 * A question that cannot be answered gets an error response, and the stream goes on.
 */
export function answer(index: DescriptorIndex, question: Question, sent: Set<string>): Answer {
  switch (question.case) {
    case 'listServices':
      return { case: 'listServicesResponse', value: { service: index.services.map((name) => ({ name })) } };
    case 'fileByFilename':
      return fileAnswer(index.files.get(question.value), `file ${question.value}`, sent);
    case 'fileContainingSymbol':
      return fileAnswer(index.symbols.get(question.value), `symbol ${question.value}`, sent);
    case 'fileContainingExtension': {
      const { containingType, extensionNumber } = question.value;
      const file = index.extensions.get(containingType)?.get(extensionNumber);
      return fileAnswer(file, `extension ${extensionNumber} of ${containingType}`, sent);
    }
    case 'allExtensionNumbersOfType': {
      const numbers = index.extensions.get(question.value);
      if (numbers === undefined) {
        return errorAnswer(Code.NotFound, `message ${question.value} is not known`);
      }
      const extensionNumber = [...numbers.keys()].sort((a, b) => a - b);
      return { case: 'allExtensionNumbersResponse', value: { baseTypeName: question.value, extensionNumber } };
    }
    case undefined:
      return errorAnswer(Code.InvalidArgument, 'the request asks nothing: set one field of message_request');
    default:
      return unreachable(question);
  }
}

function fileAnswer(file: DescFile | undefined, what: string, sent: Set<string>): Answer {
  if (file === undefined) {
    return errorAnswer(Code.NotFound, `${what} is not known`);
  }
  const files = withDependencies(file).filter((candidate) => candidate === file || !sent.has(protoPath(candidate)));
  for (const each of files) {
    sent.add(protoPath(each));
  }
  const fileDescriptorProto = files.map((each) => toBinary(FileDescriptorProtoSchema, each.proto));
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto } };
}

// Connect's codes have the numbers of grpc::StatusCode, which is what error_code holds.
function errorAnswer(errorCode: Code, errorMessage: string): Answer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}

function unreachable(question: never): never {
  throw new Error(`a question that is not known: ${JSON.stringify(question)}`);
}
