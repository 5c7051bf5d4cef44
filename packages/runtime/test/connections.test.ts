import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { Health, HealthCheckResponse_ServingStatus as Status } from '@irisvue/contracts/grpc/health/v1/health';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { describe, expect, it } from 'vitest';
import { createServiceClient, type RunningServer } from '../src/index.ts';
import { started } from './started.ts';

async function opened(server: RunningServer): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

async function received(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) {
    text += chunk;
  }
  return text;
}

describe('one port', () => {
  it('tells HTTP/2 from HTTP/1.1 when the preface arrives byte by byte', async () => {
    await using server = await started(() => {});
    const socket = await opened(server);
    socket.setNoDelay(true);
    for (const byte of 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n') {
      await new Promise((resolve) => socket.write(byte, resolve));
    }
    // An empty SETTINGS frame: length 0, type 4. The server answers with its own.
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
    const [frame] = (await once(socket, 'data')) as [Buffer];
    expect(frame[3]).toBe(4);
    socket.destroy();
  });

  it('takes a method that starts like the preface for HTTP/1.1', async () => {
    await using server = await started(() => {});
    const socket = await opened(server);
    socket.write('PROPFIND / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(await received(socket)).toMatch(/^HTTP\/1\.1 404 /);
  });

  it.each([
    ['nothing', ''],
    ['half a preface', 'PRI * HT'],
    ['half a head', 'GET /livez HTTP/1.1\r\nHos'],
  ])('cuts a connection that sends %s and waits', async (_what, text) => {
    await using server = await started(() => {}, { headerTimeoutMs: 100 });
    const socket = await opened(server);
    socket.write(text);
    // HTTP/1.1 gets a 408 first; the point is that the connection ends by itself.
    expect(await received(socket)).toMatch(/^$|^HTTP\/1\.1 408 /);
  });

  it('survives connections that break at once', async () => {
    await using server = await started(() => {});
    for (let count = 0; count < 20; count++) {
      const socket = await opened(server);
      socket.write('PRI');
      socket.resetAndDestroy();
    }
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
  });

  it('refuses a message that is larger than 4 MiB', async () => {
    await using server = await started((router) => router.service(IdentityService, { createUser: () => ({}) }));
    const transport = createConnectTransport({ baseUrl: server.url, httpVersion: '1.1' });
    const email = 'x'.repeat(5 * 1024 * 1024);
    await expect(createClient(IdentityService, transport).createUser({ email })).rejects.toThrow('resource_exhausted');
  });

  it('survives a plain path that throws, and tells nothing of it', async () => {
    await using server = await started(() => {}, {
      http() {
        throw new Error('secret cause');
      },
    });
    const answer = await fetch(`${server.url}/anything`);
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('secret');
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
  });

  it('fails to start on a port that is taken', async () => {
    await using server = await started(() => {});
    await expect(started(() => {}, { port: server.port })).rejects.toThrow('EADDRINUSE');
  });
});

describe('probes', () => {
  it('answers /livez, /readyz over both versions of HTTP, and 404 elsewhere', async () => {
    await using server = await started(() => {}, { name: 'jobs', version: '1.2.3' });
    expect(await (await fetch(`${server.url}/livez`)).json()).toEqual({
      status: 'live',
      service: 'jobs',
      version: '1.2.3',
    });
    expect((await fetch(`${server.url}/nothing`)).status).toBe(404);
    const session = connectHttp2(server.url);
    const stream = session.request({ ':path': '/readyz' });
    const [headers] = await once(stream, 'response');
    expect(headers[':status']).toBe(200);
    session.destroy();
  });

  it('names each dependency and is red while one is down', async () => {
    let down = true;
    await using server = await started(() => {}, {
      readiness: {
        postgres: async () => {},
        nats: async () => {
          if (down) {
            throw new Error('secret://user:password@nats');
          }
        },
      },
    });
    const red = await fetch(`${server.url}/readyz`);
    expect(red.status).toBe(503);
    expect(await red.json()).toEqual({ status: 'not_ready', dependencies: { postgres: 'up', nats: 'down' } });
    const health = createServiceClient(Health, { url: server.url });
    expect((await health.check({})).status).toBe(Status.NOT_SERVING);

    down = false;
    const green = await fetch(`${server.url}/readyz`);
    expect(green.status).toBe(200);
    expect(await green.json()).toEqual({ status: 'ready', dependencies: { postgres: 'up', nats: 'up' } });
    expect((await health.check({})).status).toBe(Status.SERVING);
  });
});

describe('gRPC health', () => {
  it('knows the services that are served, and no others', async () => {
    await using server = await started((router) => router.service(IdentityService, {}));
    const health = createServiceClient(Health, { url: server.url });
    expect((await health.check({ service: IdentityService.typeName })).status).toBe(Status.SERVING);
    await expect(health.check({ service: 'irisvue.jobs.v1.JobService' })).rejects.toThrow('not_found');
    expect(Object.keys((await health.list({})).statuses)).toEqual(['', IdentityService.typeName, Health.typeName]);
  });

  it('tells a watcher each change, and ends when the server stops', async () => {
    let down = false;
    const server = await started(() => {}, {
      readiness: {
        postgres: async () => {
          if (down) {
            throw new Error('gone');
          }
        },
      },
    });
    const watch = createServiceClient(Health, { url: server.url }).watch({})[Symbol.asyncIterator]();
    expect((await watch.next()).value?.status).toBe(Status.SERVING);
    down = true;
    expect((await watch.next()).value?.status).toBe(Status.NOT_SERVING);
    down = false;
    expect((await watch.next()).value?.status).toBe(Status.SERVING);
    const last = watch.next();
    await server[Symbol.asyncDispose]();
    expect((await last).value?.status).toBe(Status.NOT_SERVING);
    expect(await watch.next()).toMatchObject({ done: true });
  });

  it('tells a watcher of an unknown service that it is unknown', async () => {
    await using server = await started(() => {});
    const abort = new AbortController();
    const health = createServiceClient(Health, { url: server.url });
    const watch = health.watch({ service: 'nothing' }, { signal: abort.signal })[Symbol.asyncIterator]();
    expect((await watch.next()).value?.status).toBe(Status.SERVICE_UNKNOWN);
    abort.abort();
  });
});

describe('CORS', () => {
  const STUDIO = 'https://studio.irisvue.example';
  const preflight = (url: string, origin: string) =>
    fetch(`${url}/irisvue.identity.v1.IdentityService/GetUser`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,connect-protocol-version,content-type',
      },
    });

  it('answers the preflight of a listed origin, and exposes what gRPC-Web needs', async () => {
    await using server = await started(() => {}, { allowedOrigins: [STUDIO] });
    const answer = await preflight(server.url, STUDIO);
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe(STUDIO);
    expect(answer.headers.get('access-control-allow-headers')).toMatch(/Authorization/);
    expect(answer.headers.get('vary')).toBe('Origin');
    const call = await fetch(`${server.url}/livez`, { headers: { origin: STUDIO } });
    expect(call.headers.get('access-control-expose-headers')).toMatch(/grpc-status/i);
  });

  it.each(['https://evil.example', 'https://studio.irisvue.example.evil.example', 'null'])(
    'tells %s nothing',
    async (origin) => {
      await using server = await started(() => {}, { allowedOrigins: [STUDIO] });
      const answer = await preflight(server.url, origin);
      expect(answer.status).toBe(403);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    },
  );

  it.each(['*', 'studio.irisvue.example', 'https://studio.irisvue.example/path'])(
    'does not start with %s for an origin',
    async (origin) => {
      await expect(started(() => {}, { allowedOrigins: [origin] })).rejects.toThrow('is not an origin');
    },
  );
});
