import { expect, test } from 'vitest';
import {
  askErasure,
  BIOMETRIC_CAPTURE,
  certificateOf,
  DATA_PROCESSING,
  grant,
  newCitizen,
  receiptKeys,
} from './people.ts';
import { scene } from './scene.ts';
import { verifyDocument } from './verify-document.ts';

test('CR-10: recipients that a consent named are told of the erasure, and what came of it is kept for each', async () => {
  const { gallery, press } = scene();
  const person = await newCitizen();
  await grant(person, BIOMETRIC_CAPTURE, { recipients: ['gallery', 'lab'] });
  await grant(person, DATA_PROCESSING, { recipients: ['press'] });
  const before = [gallery.bodies.length, press.bodies.length];
  const { recipients, erasure_id } = await certificateOf(await askErasure(person));
  expect(recipients).toEqual([
    { recipient: 'gallery', outcome: 'told' },
    { recipient: 'lab', outcome: 'no way to tell' },
    { recipient: 'press', outcome: 'refused: 410' },
  ]);
  for (const [index, { bodies }] of [gallery, press].entries()) {
    expect(bodies).toHaveLength(before[index]! + 1);
    const notice = verifyDocument(bodies.at(-1)!, await receiptKeys());
    expect(notice).toMatchObject({ erasure_id, recipient: ['gallery', 'press'][index] });
    for (const name of [person.account.userId, person.account.email]) expect(bodies.at(-1)).not.toContain(name);
  }
});

test('CR-10: nobody is told who was never named', async () => {
  const { gallery, press } = scene();
  const person = await newCitizen();
  await grant(person, BIOMETRIC_CAPTURE);
  const before = gallery.bodies.length + press.bodies.length;
  expect((await certificateOf(await askErasure(person))).recipients).toEqual([]);
  expect(gallery.bodies.length + press.bodies.length).toBe(before);
});
