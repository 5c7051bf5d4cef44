import { type DescMethod, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { RequestKey } from './requests.ts';

/** What `once` needs to know a repeat of this request of `userId` by. */
export function requestKey<Method extends DescMethod>(
  userId: string,
  method: Method,
  request: MessageShape<Method['input']> & { readonly requestId: string },
): RequestKey {
  return {
    userId,
    requestId: request.requestId,
    method: `${method.parent.typeName}/${method.name}`,
    request: toBinary(method.input, request),
  };
}
