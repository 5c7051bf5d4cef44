import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Client, createClient } from '@connectrpc/connect';
import type { Account } from '@irisvue/cli/account';
import { mailedLink, tokenOf } from '@irisvue/cli/account/mailed-link';
import { CompositionLayout } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { CircleRole, CircleService } from '@irisvue/contracts/irisvue/identity/v1/circle_service';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { JobStatus } from '@irisvue/contracts/irisvue/jobs/v1/job';
import { ErrorReason, reasonOf } from '@irisvue/runtime';
import { startTestMesh, type TestMesh } from '@irisvue/testing';
import sharp from 'sharp';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ended, eyeJpeg, newPerson, type Person, uploadBytes } from './person.ts';

let mesh: TestMesh;
let signUpsBegan: Date;
beforeAll(async () => {
  mesh = await startTestMesh();
  signUpsBegan = new Date();
});
afterAll(() => mesh?.[Symbol.asyncDispose]());

interface Member extends Person {
  readonly circles: Client<typeof CircleService>;
}

/** Opens the link that sign-up mailed. */
async function verify(account: Account): Promise<void> {
  const link = await mailedLink(mesh.home, { to: account.email, page: 'verify', after: signUpsBegan });
  const identity = createClient(IdentityService, account.transport);
  await identity.verifyEmail({ requestId: uuidv7(), token: tokenOf(link!) });
}
async function newMember(o: { readonly verified: boolean } = { verified: true }): Promise<Member> {
  const person = await newPerson(mesh.gatewayUrl);
  if (o.verified) await verify(person.account);
  return { ...person, circles: createClient(CircleService, person.account.transport) };
}
/** A composition of two photos of nobody's eyes. @returns its id. */
async function newArtwork(person: Person, circleId = ''): Promise<string> {
  const photoIds = await Promise.all([61, 62].map(async (seed) => uploadBytes(person, await eyeJpeg(seed, 320, 240))));
  const spec = { case: 'composition', value: { layout: CompositionLayout.HORIZONTAL } } as const;
  const { artwork } = await person.artworks.createArtwork({ requestId: uuidv7(), photoIds, spec, circleId });
  const [job] = await ended(person, [artwork!.job!.id]);
  expect(job?.status).toBe(JobStatus.COMPLETED);
  return artwork!.id;
}
const gallery = async (person: Person, circleId: string) => (await person.artworks.listArtworks({ circleId })).artworks;
const idsIn = async (person: Person, circleId: string) => (await gallery(person, circleId)).map(({ id }) => id);
const linkOf = async (person: Person, artworkId: string) =>
  (await person.artworks.getArtwork({ artworkId })).artwork!.resultUrl;
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail('the call was not refused'),
    (error: unknown) => reasonOf(error),
  );
async function sizeOf(url: string) {
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  const { width, height } = await sharp(Buffer.from(await answer.arrayBuffer())).metadata();
  return { width, height };
}
const gone = async (url: string) => expect((await fetch(url)).status).toBe(410);

test('a circle from its making to its end, through the gateway', async () => {
  const [ada, ben, cy, dee] = await Promise.all([newMember(), newMember(), newMember(), newMember()]);
  const eve = await newMember({ verified: false });
  await using people = new AsyncDisposableStack();
  for (const person of [ada, ben, cy, dee, eve]) people.use(person);

  // Ada makes a circle and invites two; what a link is for can be seen before it is used.
  const { circle } = await ada.circles.createCircle({ requestId: uuidv7(), name: 'Family' });
  const circleId = circle!.id;
  const { token, url } = await ada.circles.createInvitation({ requestId: uuidv7(), circleId, uses: 2 });
  expect(url).toBe(`${mesh.gatewayUrl}/circles/join#${token}`);
  const shown = await ben.circles.getInvitation({ token });
  expect(shown).toMatchObject({ circleName: 'Family', maskedEmail: 'l•••@irisvue.example', alreadyMember: false });
  const accept = (person: Member, by = token) => person.circles.acceptInvitation({ requestId: uuidv7(), token: by });
  expect(await refusal(accept(eve))).toBe(ErrorReason.EMAIL_NOT_VERIFIED);
  expect((await accept(ben)).circle).toMatchObject({ id: circleId, role: CircleRole.MEMBER, memberCount: 2 });
  await accept(cy);
  expect(await refusal(accept(dee))).toBe(ErrorReason.LINK_INVALID);

  // Ben's art is in the gallery for its members and nobody else, and never the photos.
  const artworkId = await newArtwork(ben, circleId);
  expect(await idsIn(ada, circleId)).toEqual([artworkId]);
  expect(await idsIn(cy, circleId)).toEqual([artworkId]);
  const [listed] = await gallery(ada, circleId);
  expect(await sizeOf(listed!.thumbnailUrl)).toMatchObject({ width: 256 });
  const adasLink = await linkOf(ada, artworkId);
  expect(await sizeOf(adasLink)).toEqual({ width: 640, height: 240 });
  expect(await refusal(gallery(dee, circleId))).toBe(ErrorReason.NOT_FOUND);
  expect(await refusal(linkOf(dee, artworkId))).toBe(ErrorReason.NOT_FOUND);
  const { artwork } = await ben.artworks.getArtwork({ artworkId });
  for (const photoId of artwork!.photoIds)
    expect(await refusal(ada.photos.getPhoto({ photoId }))).toBe(ErrorReason.NOT_FOUND);

  // Ben leaves: his art goes at once, links that others hold too, and coming back does not bring it back.
  await ben.circles.leaveCircle({ requestId: uuidv7(), circleId });
  expect(await idsIn(ada, circleId)).toEqual([]);
  await gone(adasLink);
  await gone(listed!.thumbnailUrl);
  await sizeOf(await linkOf(ben, artworkId));
  const again = await ada.circles.createInvitation({ requestId: uuidv7(), circleId });
  await accept(ben, again.token);
  expect(await idsIn(ada, circleId)).toEqual([]);
  await gone(adasLink);
  await ben.artworks.shareArtwork({ requestId: uuidv7(), artworkId, circleId });
  expect(await idsIn(ada, circleId)).toEqual([artworkId]);

  // Ada hands over before she leaves, and sees nothing of it afterwards.
  const leave = () => ada.circles.leaveCircle({ requestId: uuidv7(), circleId });
  expect(await refusal(leave())).toBe(ErrorReason.OWNER_CANNOT_LEAVE);
  await ada.circles.transferOwnership({ requestId: uuidv7(), circleId, userId: cy.account.userId });
  const lastLink = await linkOf(ada, artworkId);
  await leave();
  await gone(lastLink);
  expect(await refusal(gallery(ada, circleId))).toBe(ErrorReason.NOT_FOUND);

  // Cy ends the circle: Ben keeps his art.
  const cysLink = await linkOf(cy, artworkId);
  await cy.circles.deleteCircle({ requestId: uuidv7(), circleId });
  await gone(cysLink);
  expect(await refusal(linkOf(cy, artworkId))).toBe(ErrorReason.NOT_FOUND);
  await sizeOf(await linkOf(ben, artworkId));
});

/** The command as that person gives it. @returns what it prints. */
function commandOf({ home }: Person): (...args: string[]) => Promise<string> {
  const main = join(import.meta.dirname, '../../packages/cli/src/main.ts');
  const env = { ...process.env, IRISVUE_HOME: home };
  return async (...args) => {
    const command = [main, '--gateway', mesh.gatewayUrl, 'circle', ...args];
    return (await promisify(execFile)(process.execPath, command, { env })).stdout;
  };
}

// Some twenty processes start, one after another.
test('the same by command', { timeout: 300_000 }, async () => {
  await using adaPerson = await newMember();
  await using benPerson = await newMember();
  const [ada, ben] = [commandOf(adaPerson), commandOf(benPerson)];
  const [adaId, benId] = [adaPerson.account.userId, benPerson.account.userId];
  expect(await ada('create', 'Friends')).toContain('Made the circle "Friends"');
  const link = /https?:\S+#[\w-]{43}/.exec(await ada('invite', 'friends', '--uses', '2', '--days', '1'))![0];
  expect(await ada('invitations', 'Friends')).toContain('2 of 2 uses left');
  // Without a terminal nothing is joined unasked.
  await expect(ben('accept', link)).rejects.toThrow('--yes');
  expect(await ben('accept', link, '--yes')).toContain('You are in "Friends"');
  expect(await ben('list')).toContain('(2 members, you: member)');
  expect(await ada('show', 'Friends')).toMatch(new RegExp(`${benId}  l•••@irisvue.example`));

  const artworkId = await newArtwork(benPerson);
  expect(await ben('gallery')).toContain('not shared');
  await ben('share', 'Friends');
  expect(await ada('gallery', 'Friends', '--out', join(adaPerson.home, 'art'))).toContain(artworkId);
  expect(await readdir(join(adaPerson.home, 'art'))).toEqual([`${artworkId}.jpg`]);
  expect(await sharp(await readFile(join(adaPerson.home, 'art', `${artworkId}.jpg`))).metadata()).toMatchObject({
    width: 640,
  });

  await ben('unshare', artworkId);
  expect(await ada('gallery', 'Friends')).toContain('There is no art yet');
  const invitationId = (await ada('invitations', 'Friends')).split(' ')[0]!;
  await ada('revoke', invitationId);
  expect(await ada('invitations', 'Friends')).toBe('');
  await ada('rename', 'Friends', 'Old friends');
  await expect(ada('leave', 'Old friends')).rejects.toThrow('owner cannot leave');
  await ada('transfer', 'Old friends', benId);
  await ben('remove', 'Old friends', adaId);
  await expect(ada('show', 'Old friends')).rejects.toThrow('you are in no circle');
  await ben('delete', 'Old friends', '--yes');
  expect(await ben('list')).toContain('You are in no circle');
});
