import { createServer as createHttp1Server } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Session } from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';
import type { HttpHandler } from './http-handler.ts';
import type { Logger } from './log.ts';

// RFC 9113 §3.4: a client that knows it speaks to an HTTP/2 server opens with "PRI * HTTP/2.0". No HTTP/1.1 method
// starts like this.
const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2');

/** HTTP/1.1 and HTTP/2 cleartext on one port. */
export interface SharedPort {
  /** Listen on this. */
  readonly server: Server;
  /** Accepts no connection more; tells HTTP/2 peers to go (GOAWAY) and closes idle HTTP/1.1 connections. */
  stopAccepting(): void;
  /** Resolves when the last connection has ended by itself, its last bytes sent. */
  drained(): Promise<void>;
  /** Cuts what is still open. */
  close(): void;
}

/** Reads the first bytes of each connection and hands it to the server of the protocol that they belong to. */
export function sharedPort(o: {
  readonly listener: HttpHandler['listener'];
  readonly headerTimeoutMs: number;
  readonly logger: Logger;
}): SharedPort {
  const http1 = createHttp1Server(
    {
      headersTimeout: o.headerTimeoutMs,
      // Streams upload for as long as they like: only the head of a request is bounded.
      requestTimeout: 0,
      connectionsCheckingInterval: Math.min(o.headerTimeoutMs, 1_000),
    },
    o.listener,
  );
  // Its own port is never opened; without the event Node would not enforce headersTimeout.
  http1.emit('listening');

  const sessions = new Set<ServerHttp2Session>();
  const http2 = createHttp2Server(o.listener);
  http2.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  http2.on('sessionError', (error) => o.logger.debug({ err: error }, 'an HTTP/2 connection failed'));

  const sockets = new Set<Socket>();
  let stopping = false;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', (error) => o.logger.debug({ err: error }, 'a connection failed'));
    sniff(socket, o.headerTimeoutMs, (isHttp2) => (isHttp2 ? http2 : http1).emit('connection', socket));
  });
  const closed = new Promise<void>((resolve) => server.once('close', resolve));
  http1.on('request', (_, response) => {
    response.once('finish', () => stopping && setImmediate(() => http1.closeIdleConnections()));
  });

  return {
    server,
    stopAccepting() {
      stopping = true;
      server.close();
      // Closes idle connections, too, and ends the check of headersTimeout.
      http1.close();
      for (const session of sessions) {
        session.close();
      }
    },
    drained: () => closed,
    close() {
      for (const socket of sockets) {
        socket.destroy();
      }
    },
  };
}

/** Waits, no longer than `timeoutMs`, for enough bytes to tell the protocol; puts them back before it calls `found`. */
function sniff(socket: Socket, timeoutMs: number, found: (isHttp2: boolean) => void): void {
  const giveUp = (): void => {
    socket.destroy();
  };
  const timer = setTimeout(giveUp, timeoutMs);
  let head = Buffer.alloc(0);

  const look = (): void => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) {
      return;
    }
    head = Buffer.concat([head, chunk]);
    const length = Math.min(head.length, HTTP2_PREFACE.length);
    const mayBeHttp2 = head.subarray(0, length).equals(HTTP2_PREFACE.subarray(0, length));
    if (mayBeHttp2 && length < HTTP2_PREFACE.length) {
      return;
    }
    release();
    socket.unshift(head);
    found(mayBeHttp2);
  };
  const release = (): void => {
    clearTimeout(timer);
    socket.off('readable', look);
    socket.off('end', giveUp);
    socket.off('close', release);
  };

  socket.on('readable', look);
  socket.once('end', giveUp);
  socket.once('close', release);
}
