import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { beforeEach, expect, it } from 'vitest';
import { DomainError, ErrorReason, type RunningServer, serviceTokenSource } from '../src/index.ts';
import { started } from './started.ts';

const LIFE_MS = 30 * 60_000;
const SECRET = '0123456789abcdef';

let now: Date;
let asked: number;
let refuse: boolean;
const clock = { now: () => now };
const inMinutes = (count: number): Date => new Date(now.getTime() + count * 60_000);

beforeEach(() => {
  now = new Date('2026-11-21T12:00:00Z');
  asked = 0;
  refuse = false;
});

function startIdentity(): Promise<RunningServer> {
  return started((router) =>
    router.service(ServiceIdentityService, {
      createServiceToken(request) {
        asked++;
        if (refuse || request.secret !== SECRET) {
          throw new DomainError(ErrorReason.BAD_CREDENTIALS, 'wrong secret');
        }
        const expireTime = timestampFromDate(new Date(now.getTime() + LIFE_MS));
        return { token: `${request.service}-${asked}`, expireTime };
      },
    }),
  );
}

const source = (identity: RunningServer, secret = SECRET) =>
  serviceTokenSource({ identityUrl: identity.url, service: 'jobs', secret, clock });

it('asks once, also for callers that come together, and keeps the token', async () => {
  await using identity = await startIdentity();
  const token = source(identity);
  expect(await Promise.all([token(), token(), token()])).toEqual(['jobs-1', 'jobs-1', 'jobs-1']);
  now = inMinutes(19);
  expect(await token()).toBe('jobs-1');
  expect(asked).toBe(1);
});

it('renews when a third of the life is left', async () => {
  await using identity = await startIdentity();
  const token = source(identity);
  await token();
  now = inMinutes(20);
  expect(await token()).toBe('jobs-2');
});

it('goes on with a valid token while identity does not answer well, and fails when it has ended', async () => {
  await using identity = await startIdentity();
  const token = source(identity);
  await token();
  refuse = true;
  now = inMinutes(25);
  expect(await token()).toBe('jobs-1');
  now = inMinutes(6);
  await expect(token()).rejects.toThrow('wrong secret');
  refuse = false;
  expect(await token()).toMatch(/^jobs-/);
});

it('fails with a wrong secret', async () => {
  await using identity = await startIdentity();
  await expect(source(identity, 'guess-guess-guess')()).rejects.toThrow('unauthenticated');
});
