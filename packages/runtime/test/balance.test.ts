import { once } from 'node:events';
import { constants, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Code } from '@connectrpc/connect';
import { JobService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import { VisionService } from '@irisvue/contracts/irisvue/vision/v1/vision_service';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  createServiceClient,
  DomainError,
  ErrorReason,
  errorDetail,
  type ResolveHost,
  type RunningServer,
  replicaClients,
} from '../src/index.ts';
import { started } from './started.ts';

const JOB = { jobIds: ['0192f7a0-0000-7000-8000-000000000001'] };

/** A replica that counts its calls, and does with each what it is told to. */
interface Counted extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  calls: number;
}

/** Servers at 127.0.0.2, 127.0.0.3 …, all at one port. `serve` is asked with the address and may hold or refuse. */
async function replicas(
  count: number,
  serve: (address: string) => unknown = () => undefined,
): Promise<AsyncDisposable & { all: Counted[]; url: string; port: number }> {
  await using opening = new AsyncDisposableStack();
  const all: Counted[] = [];
  for (let i = 0; i < count; i++) {
    all.push(opening.use(await replica(`127.0.0.${i + 2}`, all[0]?.port ?? 0, serve)));
  }
  const running = opening.move();
  const { port } = all[0]!;
  return { all, port, url: `http://replicas.test:${port}`, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function replica(address: string, port: number, serve: (address: string) => unknown): Promise<Counted> {
  const counted = { address, calls: 0 };
  const serving = async () => {
    counted.calls += 1;
    await serve(address);
  };
  const server: RunningServer = await started(
    (router) => {
      router.service(VisionService, {
        getCapabilities: async () => {
          await serving();
          return { device: address, slots: 1 };
        },
      });
      router.service(JobService, {
        async *watchJobs() {
          await serving();
          yield { job: { id: address } };
          await serve(`${address} after its first message`);
        },
      });
    },
    { host: address, port },
  );
  return Object.assign(counted, { port: server.port, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() });
}

const resolvesTo =
  (...addresses: string[]): ResolveHost =>
  async () =>
    addresses;
const vision = (url: string, resolve?: ResolveHost) => createServiceClient(VisionService, { url, resolve });
const jobs = (url: string, resolve: ResolveHost) => createServiceClient(JobService, { url, resolve });
const addressesOf = (all: readonly Counted[]) => all.map(({ address }) => address);
const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 8_000 });
const refuse = () => {
  throw new DomainError(ErrorReason.NO_FREE_SLOT, 'full', { retry_after_ms: '10' });
};

afterEach(() => {
  vi.useRealTimers();
});

describe('calls of a service with several replicas', () => {
  it('go to the one with the fewest in flight, unary calls and streams alike', async () => {
    const gate = Promise.withResolvers<void>();
    await using three = await replicas(3, () => gate.promise);
    const resolve = resolvesTo(...addressesOf(three.all));
    const client = vision(three.url, resolve);
    const held = Array.from({ length: 6 }, () => client.getCapabilities({}));
    await eventually(() => expect(three.all.map(({ calls }) => calls)).toEqual([2, 2, 2]));
    gate.resolve();
    await Promise.all(held);
    const streams = jobs(three.url, resolve);
    const seen = await Promise.all(
      [1, 2, 3].map(async () => (await Array.fromAsync(streams.watchJobs(JOB))).map(({ job }) => job?.id)),
    );
    expect(seen.flat().sort()).toEqual(addressesOf(three.all));
  });

  it('leave one alone that is busy until it is done', async () => {
    const gate = Promise.withResolvers<void>();
    let holds = true;
    await using two = await replicas(2, () => (holds ? gate.promise : undefined));
    const client = vision(two.url, resolvesTo(...addressesOf(two.all)));
    const held = client.getCapabilities({});
    await eventually(() => expect(two.all.map(({ calls }) => calls).sort()).toEqual([0, 1]));
    const idle = two.all.find(({ calls }) => calls === 0)!;
    holds = false;
    for (let i = 0; i < 4; i++) expect((await client.getCapabilities({})).device).toBe(idle.address);
    gate.resolve();
    await held;
    const next = [await client.getCapabilities({}), await client.getCapabilities({})];
    expect(next.map(({ device }) => device).sort()).toEqual(addressesOf(two.all));
  });

  it('go past one that is gone, and to it again when it is back', async () => {
    await using two = await replicas(2);
    const [first, second] = two.all as [Counted, Counted];
    const client = vision(two.url, resolvesTo(...addressesOf(two.all)));
    await second[Symbol.asyncDispose]();
    for (let i = 0; i < 5; i++) expect((await client.getCapabilities({})).device).toBe(first.address);
    await using back = await replica(second.address, two.port, () => undefined);
    await eventually(async () => {
      await client.getCapabilities({});
      expect(back.calls).toBeGreaterThan(0);
    });
  });

  it('end with DEPENDENCY_DOWN when no replica is there, and find what takes their place', async () => {
    await using one = await replicas(1);
    let addresses = ['127.0.0.2'];
    const client = vision(one.url, async () => addresses);
    await client.getCapabilities({});
    await one.all[0]![Symbol.asyncDispose]();
    const error = await client.getCapabilities({}).catch((thrown: unknown) => thrown);
    expect(errorDetail(error)).toMatchObject({
      reason: ErrorReason.DEPENDENCY_DOWN,
      metadata: { dependency: 'vision' },
    });
    await using other = await replica('127.0.0.9', one.port, () => undefined);
    addresses = [other.address];
    expect((await client.getCapabilities({})).device).toBe(other.address);
  });

  it('end with DEPENDENCY_DOWN when nobody answers within the deadline, as when a machine is gone without a word', async () => {
    const gate = Promise.withResolvers<void>();
    await using two = await replicas(2, () => gate.promise);
    const resolve = resolvesTo(...addressesOf(two.all));
    const client = createServiceClient(VisionService, { url: two.url, resolve, timeoutMs: 100 });
    const error = await client.getCapabilities({}).catch((thrown: unknown) => thrown);
    expect(errorDetail(error)).toMatchObject({
      reason: ErrorReason.DEPENDENCY_DOWN,
      metadata: { dependency: 'vision' },
    });
    gate.resolve();
  });

  it('end with DEPENDENCY_DOWN when a replica that stops does not take them up', async () => {
    await using stops = createHttp2Server();
    using connections = new DisposableStack();
    stops.on('session', (session) => connections.defer(() => session.destroy()));
    stops.on('stream', (stream) => {
      stream.on('error', () => undefined); // Node reports the refusal here as well
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
    });
    stops.listen(0, '127.0.0.1');
    await once(stops, 'listening');
    const url = `http://127.0.0.1:${(stops.address() as AddressInfo).port}`;
    const watch = createServiceClient(JobService, { url }).watchJobs(JOB)[Symbol.asyncIterator]();
    for (const call of [vision(url).getCapabilities({}), watch.next()]) {
      const error = await call.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: Code.Unavailable });
      expect(errorDetail(error)?.reason).toBe(ErrorReason.DEPENDENCY_DOWN);
    }
  });

  it('end with DEPENDENCY_DOWN when their connection is reset, as when a replica is killed', async () => {
    const gate = Promise.withResolvers<void>();
    await using one = await replicas(1, () => gate.promise);
    await using relay = await relayTo(one.all[0]!, '127.0.0.20');
    const resolve = resolvesTo('127.0.0.20');
    const held = [
      vision(one.url, resolve).getCapabilities({}),
      jobs(one.url, resolve).watchJobs(JOB)[Symbol.asyncIterator]().next(),
    ].map((call) => call.catch((thrown: unknown) => thrown));
    await eventually(() => expect(one.all[0]!.calls).toBe(2));
    relay.cut((socket) => socket.resetAndDestroy());
    for (const error of await Promise.all(held)) {
      expect(error).toMatchObject({ code: Code.Unavailable });
      expect(errorDetail(error)?.reason).toBe(ErrorReason.DEPENDENCY_DOWN);
    }
    gate.resolve();
  });

  it('break with the connection that carries them; the others go on, and so does the next one', async () => {
    const gate = Promise.withResolvers<void>();
    await using two = await replicas(2, () => gate.promise);
    const [direct, behind] = two.all as [Counted, Counted];
    await using relay = await relayTo(behind, '127.0.0.20');
    const client = vision(two.url, resolvesTo(direct.address, '127.0.0.20'));
    const held = [client.getCapabilities({}), client.getCapabilities({})].map((call) =>
      call.then(
        ({ device }) => device,
        (error: unknown) => errorDetail(error)?.metadata['dependency'] ?? error,
      ),
    );
    await eventually(() => expect(two.all.map(({ calls }) => calls)).toEqual([1, 1]));
    relay.cut((socket) => socket.destroy());
    gate.resolve();
    expect((await Promise.all(held)).sort()).toEqual([direct.address, 'vision']);
    for (let i = 0; i < 3; i++) await client.getCapabilities({});
    expect(direct.calls + behind.calls).toBe(5);
  });
});

describe('NO_FREE_SLOT of one replica', () => {
  it('sends a call to the next one, unary or stream; nothing of the refusal is seen', async () => {
    await using two = await replicas(2, (at) => at === '127.0.0.2' && refuse());
    const resolve = resolvesTo(...addressesOf(two.all));
    for (let i = 0; i < 4; i++) {
      expect((await vision(two.url, resolve).getCapabilities({})).device).toBe('127.0.0.3');
      const seen = await Array.fromAsync(jobs(two.url, resolve).watchJobs(JOB));
      expect(seen.map(({ job }) => job?.id)).toEqual(['127.0.0.3']);
    }
    expect(two.all.map(({ calls }) => calls)).toEqual([expect.any(Number), 8]);
  });

  it('counts when each replica has refused, once', async () => {
    await using three = await replicas(3, refuse);
    const resolve = resolvesTo(...addressesOf(three.all));
    const errors = [
      await vision(three.url, resolve)
        .getCapabilities({})
        .catch((error: unknown) => error),
      await Array.fromAsync(jobs(three.url, resolve).watchJobs(JOB)).catch((error: unknown) => error),
    ];
    expect(errors.map((error) => errorDetail(error)?.metadata)).toEqual([
      { retry_after_ms: '10' },
      { retry_after_ms: '10' },
    ]);
    expect(three.all.map(({ calls }) => calls)).toEqual([2, 2, 2]);
  });

  it('in the middle of a stream, and any other error, is the answer', async () => {
    await using two = await replicas(2, (at) => {
      if (at.includes('after')) refuse();
    });
    const resolve = resolvesTo(...addressesOf(two.all));
    const stream = Array.fromAsync(jobs(two.url, resolve).watchJobs(JOB));
    await expect(stream).rejects.toMatchObject({ code: Code.ResourceExhausted });
    expect(two.all.map(({ calls }) => calls).sort()).toEqual([0, 1]);
    await using failing = await replicas(2, () => {
      throw new DomainError(ErrorReason.NOT_FOUND, 'no');
    });
    const call = vision(failing.url, resolvesTo(...addressesOf(failing.all))).getCapabilities({});
    await expect(call).rejects.toMatchObject({ code: Code.NotFound });
    expect(failing.all.map(({ calls }) => calls).sort()).toEqual([0, 1]);
  });
});

describe('a name', () => {
  it('is looked up again after five seconds; who left it finishes what it has, and gets no more', async () => {
    const gate = Promise.withResolvers<void>();
    let holds = true;
    await using two = await replicas(2, () => (holds ? gate.promise : undefined));
    const [leaving, staying] = two.all as [Counted, Counted];
    let addresses = [leaving.address];
    vi.useFakeTimers({ toFake: ['performance'] });
    const client = vision(two.url, async () => addresses);
    const held = client.getCapabilities({});
    await eventually(() => expect(leaving.calls).toBe(1));
    holds = false;
    addresses = [staying.address];
    await client.getCapabilities({});
    expect(staying.calls).toBe(0);
    vi.advanceTimersByTime(5_001);
    await eventually(async () => expect((await client.getCapabilities({})).device).toBe(staying.address));
    const { calls } = leaving;
    for (let i = 0; i < 3; i++) expect((await client.getCapabilities({})).device).toBe(staying.address);
    expect(leaving.calls).toBe(calls);
    gate.resolve();
    expect((await held).device).toBe(leaving.address);
  });

  it('that cannot be looked up keeps its addresses; one that never could be is DEPENDENCY_DOWN', async () => {
    await using one = await replicas(1);
    let known = true;
    const client = vision(one.url, async () => {
      if (!known) throw new Error('no name server answers');
      return ['127.0.0.2'];
    });
    vi.useFakeTimers({ toFake: ['performance'] });
    await client.getCapabilities({});
    known = false;
    vi.advanceTimersByTime(5_001);
    for (let i = 0; i < 3; i++) expect((await client.getCapabilities({})).device).toBe('127.0.0.2');
    const error = await vision('http://nobody.invalid:1')
      .getCapabilities({})
      .catch((thrown: unknown) => thrown);
    expect(errorDetail(error)?.reason).toBe(ErrorReason.DEPENDENCY_DOWN);
  });
});

it('each replica can be asked, also those of several URLs', async () => {
  await using two = await replicas(2);
  const url = two.all.map(({ address, port }) => `http://${address}:${port}`).join(',');
  const clients = await replicaClients(VisionService, { url })();
  const answers = await Promise.all(clients.map((client) => client.getCapabilities({})));
  expect(answers.map(({ device }) => device)).toEqual(addressesOf(two.all));
  const balanced = [await vision(url).getCapabilities({}), await vision(url).getCapabilities({})];
  expect(balanced).toHaveLength(2);
});

/** A TCP relay to a replica, at another address and the same port, whose connections can be cut. */
async function relayTo(
  target: Counted,
  host: string,
): Promise<AsyncDisposable & { cut(how: (socket: Socket) => void): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const onward = connect(target.port, target.address);
    for (const one of [socket, onward]) {
      sockets.add(one);
      one.on('error', () => socket.destroy()); // the other end was cut
    }
    socket.pipe(onward).pipe(socket);
  }).listen(target.port, host);
  await once(server, 'listening');
  const cut = (how: (socket: Socket) => void) => {
    for (const socket of sockets) how(socket);
  };
  return {
    cut,
    [Symbol.asyncDispose]: async () => {
      cut((socket) => socket.destroy());
      server.close();
    },
  };
}
