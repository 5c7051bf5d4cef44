import { timestampDate } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { signIn } from '@irisvue/cli/account';
import { Jurisdiction } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { Role, ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { type PrivacyRequest, PrivacyService } from '@irisvue/contracts/irisvue/privacy/v1/privacy_service';
import { createServiceClient, ErrorReason } from '@irisvue/runtime';
import { until } from '@irisvue/testing';
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import {
  askErasure,
  BIOMETRIC_CAPTURE,
  type Citizen,
  certificateOf,
  grant,
  newCitizen,
  refusal,
  verifiedCitizen,
} from './people.ts';
import { scene, tokenOfService } from './scene.ts';

const DAY_MS = 24 * 3_600_000;
const days = (time: Date, count: number) => new Date(time.getTime() + count * DAY_MS);

/** So many months later by the calendar, or the last day of that month where it has no such day; UTC. */
function months(time: Date, count: number): Date {
  const later = new Date(time);
  later.setUTCMonth(time.getUTCMonth() + count);
  if (later.getUTCDate() !== time.getUTCDate()) later.setUTCDate(0);
  return later;
}

/** Ten days from Monday to Friday later. */
function tenBusinessDays(time: Date): Date {
  const [sunday, saturday] = [0, 6];
  const weekday = time.getUTCDay();
  return days(time, weekday === sunday ? 12 : weekday === saturday ? 13 : 14);
}

async function newOperator(): Promise<Citizen> {
  const person = await verifiedCitizen();
  const token = await tokenOfService('command');
  const url = (await scene().mesh.process('identity')).url!;
  const identity = createServiceClient(ServiceIdentityService, { url, token: async () => token });
  await identity.setRole({ email: person.account.email, role: Role.OPERATOR });
  return person;
}

/** Requests with these ids as an operator sees them, in that order; undefined for one that is not kept (any more). */
async function requestsSeenBy(operator: Citizen, ids: readonly string[]): Promise<(PrivacyRequest | undefined)[]> {
  const { transport } = await signIn(scene().mesh.gatewayUrl, operator.home); // sessions end as the clock goes on
  const { requests } = await createClient(PrivacyService, transport).listPrivacyRequests({ pageSize: 250 });
  return ids.map((id) => requests.find((request) => request.id === id));
}

/** Starts consent again: it looks for requests to forget when it starts, and every six hours. */
async function restartConsent(): Promise<void> {
  const { mesh } = scene();
  const { pid } = await mesh.process('consent');
  process.kill(pid, 'SIGKILL');
  await until(async () => (await mesh.process('consent')).pid !== pid, { what: 'another consent' });
}

test('CR-12: a request has the clock of its law, may be prolonged once, and is kept for 24 months', async () => {
  const { clock, gallery } = scene();
  const operator = await newOperator();
  gallery.status = 503; // so that the requests stay open
  const people = await Promise.all(
    [Jurisdiction.GDPR, Jurisdiction.CCPA].map(async (jurisdiction) => {
      const person = await newCitizen();
      await grant(person, BIOMETRIC_CAPTURE, { jurisdiction, recipients: ['gallery'] });
      return await askErasure(person);
    }),
  );
  const ids = people.map(({ erasureId }) => erasureId);
  const seen = async () => (await requestsSeenBy(operator, ids)).map((request) => request!);

  const [europe, california] = await seen();
  const [inEurope, inCalifornia] = [timestampDate(europe!.createTime!), timestampDate(california!.createTime!)];
  expect(europe!.confirmDueTime).toBeUndefined();
  expect(timestampDate(europe!.dueTime!)).toEqual(months(inEurope, 1));
  expect(timestampDate(california!.confirmDueTime!)).toEqual(tenBusinessDays(inCalifornia));
  expect(california!.confirmTime).toEqual(california!.createTime); // the answer confirms it
  expect(timestampDate(california!.dueTime!)).toEqual(days(inCalifornia, 45));

  await clock.forward({ days: 27 });
  expect((await seen()).map(({ overdue }) => overdue)).toEqual([false, false]);
  await clock.forward({ days: 19 });
  expect((await seen()).map(({ overdue }) => overdue)).toEqual([true, true]);
  const { transport } = await signIn(scene().mesh.gatewayUrl, operator.home);
  const privacy = createClient(PrivacyService, transport);
  const extend = (privacyRequestId: string) => privacy.extendPrivacyRequest({ requestId: uuidv7(), privacyRequestId });
  for (const id of ids) await extend(id);
  expect(await refusal(extend(ids[0]!))).toBe(ErrorReason.TERM_NOT_EXTENDABLE);
  const prolonged = await seen();
  expect(prolonged.map(({ overdue, extended }) => ({ overdue, extended }))).toEqual([
    { overdue: false, extended: true },
    { overdue: false, extended: true },
  ]);
  expect(timestampDate(prolonged[0]!.dueTime!)).toEqual(months(inEurope, 3));
  expect(timestampDate(prolonged[1]!.dueTime!)).toEqual(days(inCalifornia, 90));

  gallery.status = 200;
  for (const request of people) await certificateOf(request);
  for (const { events, completeTime } of await seen()) {
    expect(events.map(({ what }) => what)).toEqual(['received', 'confirmed', 'extended', 'completed']);
    expect(completeTime).toBeDefined();
  }
  await clock.forward({ months: 24, days: -1 });
  await restartConsent();
  expect(await requestsSeenBy(operator, ids)).not.toContain(undefined);
  await clock.forward({ days: 2 });
  await restartConsent();
  await until(async () => (await requestsSeenBy(operator, ids)).every((request) => request === undefined), {
    what: 'that the requests are forgotten',
  });
});
