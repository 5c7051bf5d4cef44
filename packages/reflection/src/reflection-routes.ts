import type { DescService } from '@bufbuild/protobuf';
import type { ConnectRouter } from '@connectrpc/connect';
import { ServerReflection, type ServerReflectionRequest } from '@irisvue/contracts/grpc/reflection/v1/reflection';
import {
  ServerReflection as ServerReflectionAlpha,
  type ServerReflectionRequest as ServerReflectionRequestAlpha,
} from '@irisvue/contracts/grpc/reflection/v1alpha/reflection';
import { answer } from './answer.ts';
import { indexDescriptors } from './descriptor-index.ts';

/**
 * Adds gRPC server reflection, v1 and v1alpha, to a router.
 *
 * `services` are the services to list; their files and all that these import can be asked for. Source:
 * https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 */
export function reflectionRoutes(router: ConnectRouter, services: readonly DescService[]): void {
  const index = indexDescriptors(services);

  async function* converse<R extends ServerReflectionRequest | ServerReflectionRequestAlpha>(
    requests: AsyncIterable<R>,
  ) {
    const sent = new Set<string>();
    for await (const request of requests) {
      const messageResponse = answer(index, request.messageRequest, sent);
      yield { validHost: request.host, originalRequest: request, messageResponse };
    }
  }

  router.service(ServerReflection, { serverReflectionInfo: (requests) => converse(requests) });
  router.service(ServerReflectionAlpha, { serverReflectionInfo: (requests) => converse(requests) });
}
