import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Somebody outside the mesh who takes notices of erasures over HTTP. */
export interface Recipient extends AsyncDisposable {
  readonly url: string;
  /** What came, in order. */
  readonly bodies: readonly string[];
  /** Connections that were opened. */
  readonly connections: number;
  /** HTTP status of the next answers; 200 at first. */
  status: number;
}

export async function startRecipient(): Promise<Recipient> {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks = await Array.fromAsync(request as AsyncIterable<Buffer>);
    bodies.push(Buffer.concat(chunks).toString());
    response.writeHead(recipient.status).end();
  });
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const recipient: Recipient = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/erasures`,
    bodies,
    get connections() {
      return connections;
    },
    status: 200,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return recipient;
}
