import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** A wire between a client and a real server that shows what was sent, and that can be cut. */
export interface RecordingProxy extends AsyncDisposable {
  readonly url: string;
  readonly requests: RecordedRequest[];
  /** From now on every connection breaks after this many bytes of a body; undefined mends the wire. */
  cutAfterBytes(bytes: number | undefined): void;
}

export async function startRecordingProxy(target: URL): Promise<RecordingProxy> {
  const requests: RecordedRequest[] = [];
  let limit: number | undefined;
  const server = createServer((request, response) => {
    const { method = '', url: path = '', headers } = request;
    requests.push({ method, path, headers });
    let bodyBytes = 0;
    const watch = (chunk: Buffer) => {
      bodyBytes += chunk.length;
      if (limit === undefined || bodyBytes <= limit) return;
      request.socket.resetAndDestroy();
      onward.destroy();
    };
    const onward = httpRequest({ host: target.hostname, port: target.port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('data', watch).pipe(response);
    });
    for (const end of [onward, request, response]) end.on('error', () => request.socket.destroy());
    request.on('data', watch).pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    cutAfterBytes: (bytes) => {
      limit = bytes;
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
