import { ConsentPurpose, SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { ConsentGrantedSchema, ConsentWithdrawnSchema } from '@irisvue/contracts/irisvue/consent/v1/events';
import { newId } from '@irisvue/database';
import { connectEvents, consumeEvents, countPendingEvents, handler } from '@irisvue/events';
import { createLogger } from '@irisvue/runtime';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { refusal } from './refusal.ts';
import { type StartedConsent, startConsent } from './started-consent.ts';

interface Fact {
  readonly what: 'granted' | 'withdrawn';
  readonly id: string;
  readonly subject: { readonly id: string; readonly kind: SubjectKind };
  readonly purpose: ConsentPurpose;
}

const facts: Fact[] = [];
const logger = createLogger({ service: 'test', level: 'silent' });
const stopping = new AbortController();
let consent: StartedConsent;
let bus: Awaited<ReturnType<typeof connectEvents>>;
let consuming: Promise<void>;

beforeAll(async () => {
  consent = await startConsent();
  bus = await connectEvents({ url: inject('natsUrl'), name: 'test', logger });
  const note =
    (what: Fact['what']) =>
    async ({ subject, purpose }: { subject?: Fact['subject']; purpose: ConsentPurpose }, { id }: { id: string }) => {
      facts.push({ what, id, subject: subject!, purpose });
    };
  consuming = consumeEvents({
    bus,
    durable: `consent-test-${newId()}`,
    on: [handler(ConsentGrantedSchema, note('granted')), handler(ConsentWithdrawnSchema, note('withdrawn'))],
    logger,
    signal: stopping.signal,
  });
});
afterAll(async () => {
  stopping.abort();
  await consuming;
  await bus[Symbol.asyncDispose]();
  await consent[Symbol.asyncDispose]();
});

const factsOf = (userId: string) => facts.filter((fact) => fact.subject.id === userId);

test('a grant and a withdrawal are published, once each, in order', async () => {
  const user = await consent.user();
  const granted = await user.grant();
  await user.grant();
  await user.withdraw();
  await user.withdraw();
  await vi.waitFor(() => expect(factsOf(user.id)).toHaveLength(2), { timeout: 10_000 });
  expect(factsOf(user.id)).toMatchObject([
    { what: 'granted', subject: { id: user.id, kind: SubjectKind.SELF }, purpose: granted.purpose },
    { what: 'withdrawn', subject: { id: user.id, kind: SubjectKind.SELF }, purpose: granted.purpose },
  ]);
  expect(new Set(factsOf(user.id).map((fact) => fact.id)).size).toBe(2);
});

test('a withdrawal reaches its listeners within a second', async () => {
  const user = await consent.user();
  await user.grant();
  await vi.waitFor(() => expect(factsOf(user.id)).toHaveLength(1), { timeout: 10_000 });
  await user.withdraw();
  await vi.waitFor(() => expect(factsOf(user.id)).toHaveLength(2), { timeout: 1_000, interval: 10 });
});

test('a grant that is refused leaves no event behind', async () => {
  const user = await consent.user();
  const purpose = ConsentPurpose.DATA_PROCESSING;
  const { notice } = await user.api.getNotice({ purpose });
  const request = { requestId: newId(), subject: user.subject, purpose, noticeId: notice!.id };
  await refusal(user.api.grantConsent({ ...request, noticeSha256: 'a'.repeat(64) }));
  const marker = await consent.user();
  await marker.grant();
  // The relay keeps the order: when the later event is there, the earlier would be.
  await vi.waitFor(() => expect(factsOf(marker.id)).toHaveLength(1), { timeout: 10_000 });
  await vi.waitFor(async () => expect(await countPendingEvents(consent.db)).toBe(0), { timeout: 10_000 });
  expect(factsOf(user.id)).toEqual([]);
});
