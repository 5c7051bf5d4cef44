import { createClient } from '@connectrpc/connect';
import { mailedLink, tokenOf } from '@irisvue/cli/account/mailed-link';
import { SubjectService } from '@irisvue/contracts/irisvue/consent/v1/subject_service';
import { CompositionLayout } from '@irisvue/contracts/irisvue/fusion/v1/fusion_service';
import { CircleService } from '@irisvue/contracts/irisvue/identity/v1/circle_service';
import { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { PrivacyService } from '@irisvue/contracts/irisvue/privacy/v1/privacy_service';
import type { TestMesh } from '@irisvue/testing';
import { v7 as uuidv7 } from 'uuid';
import { ended, eyeJpeg, newPerson, type Person, uploadBytes } from '../person.ts';

/** A person with one of everything, and the people around. */
export interface Victim {
  readonly person: Person;
  /** In the circle with the victim. */
  readonly member: Person;
  /** Was in it once. */
  readonly former: Person;
  readonly photoIds: readonly string[];
  /** Id of something of the victim's by the field that names such a thing, or by `Service.field` where that differs. */
  readonly ids: Readonly<Record<string, string>>;
  /** What must not show up in an answer to others. */
  readonly secrets: readonly string[];
}

/** Signs people up and lets the victim make one of everything. */
export async function makeVictim(mesh: TestMesh): Promise<Victim> {
  const [person, member, former, gone] = await Promise.all([1, 2, 3, 4].map(() => verified(mesh)));
  const circles = (of: Person) => createClient(CircleService, of.account.transport);
  const { circle } = await circles(person!).createCircle({ requestId: uuidv7(), name: 'Kin and kindred' });
  const circleId = circle!.id;
  const { invitation, token } = await circles(person!).createInvitation({ requestId: uuidv7(), circleId, uses: 3 });
  for (const guest of [member!, former!]) await circles(guest).acceptInvitation({ requestId: uuidv7(), token });
  await circles(former!).leaveCircle({ requestId: uuidv7(), circleId });

  const photoIds = await Promise.all([71, 72].map(async (seed) => uploadBytes(person!, await eyeJpeg(seed, 320, 240))));
  const spec = { case: 'composition', value: { layout: CompositionLayout.HORIZONTAL } } as const;
  const { artwork } = await person!.artworks.createArtwork({ requestId: uuidv7(), photoIds, spec, circleId });
  const { jobs } = await person!.jobs.createJobs({ requestId: uuidv7(), photoIds: [photoIds[0]!] });
  await ended(person!, [artwork!.job!.id, jobs[0]!.id]);

  const subjects = createClient(SubjectService, person!.account.transport);
  const asked = await subjects.createSubjectInvitation({ requestId: uuidv7() });
  const { permission } = await member!.consent.requestArtworkPermission({
    requestId: uuidv7(),
    ownerId: person!.account.userId,
    scope: { photoId: photoIds[0]! },
  });
  const identity = createClient(IdentityService, person!.account.transport);
  const { sessions } = await identity.listSessions({});
  const privacy = createClient(PrivacyService, gone!.account.transport);
  const { erasure } = await privacy.createErasure({ requestId: uuidv7() });
  const own = createClient(PrivacyService, person!.account.transport);
  const { export: exported } = await own.createExport({ requestId: uuidv7() });
  const { photo } = await person!.photos.getPhoto({ photoId: photoIds[0]! });

  const userId = person!.account.userId;
  return {
    person: person!,
    member: member!,
    former: former!,
    photoIds,
    ids: {
      user_id: userId,
      creator_id: userId,
      owner_id: userId,
      uploader_id: userId,
      subject_id: userId,
      email: person!.account.email,
      photo_id: photoIds[0]!,
      job_id: jobs[0]!.id,
      artwork_id: artwork!.id,
      circle_id: circleId,
      session_id: sessions[0]!.id,
      'CircleService.invitation_id': invitation!.id,
      'SubjectService.invitation_id': asked.invitation!.id,
      permission_id: permission!.id,
      erasure_id: erasure!.id,
      privacy_request_id: erasure!.id,
      export_id: exported!.id,
      key: `photos/${userId}/${photoIds[0]}`,
      clean_key: `work/${userId}/${jobs[0]!.id}/1/clean.png`,
      crop_key: `work/${userId}/${jobs[0]!.id}/1/crop.png`,
      labels_key: `work/${userId}/${jobs[0]!.id}/1/labels.png`,
      mask_key: `processed/${userId}/${jobs[0]!.id}/1_mask.png`,
      result_key: `processed/${userId}/${jobs[0]!.id}/1.jpg`,
      thumbnail_key: `fusion/${artwork!.id}/1_thumb.jpg`,
    },
    secrets: [
      ...photoIds,
      jobs[0]!.id,
      artwork!.id,
      circleId,
      sessions[0]!.id,
      photo!.sha256,
      person!.account.email,
      userId,
    ],
  };
}

/** What the victim has, as text: unchanged when nobody could touch it. */
export async function belongings(victim: Victim): Promise<string> {
  const { person, photoIds, ids } = victim;
  const identity = createClient(IdentityService, person.account.transport);
  const circles = createClient(CircleService, person.account.transport);
  const subjects = createClient(SubjectService, person.account.transport);
  const [user, sessions, photos, jobs, artworks, circle, members, invitations, asked, consents] = await Promise.all([
    identity.getUser({}),
    identity.listSessions({}),
    Promise.all(photoIds.map((photoId) => person.photos.getPhoto({ photoId }))),
    person.jobs.listJobs({}),
    person.artworks.listArtworks({}),
    circles.getCircle({ circleId: ids['circle_id']! }),
    circles.listMembers({ circleId: ids['circle_id']! }),
    circles.listInvitations({ circleId: ids['circle_id']! }),
    subjects.listSubjectInvitations({}),
    person.consent.listConsents({}),
  ]);
  const standing = consents.consents.map(({ id, granted }) => ({ id, granted }));
  return JSON.stringify(
    {
      user: { email: user.user?.email, active: user.user?.active, verified: user.user?.verified },
      sessions: sessions.sessions.map(({ id }) => id),
      photos: photos.map(({ photo }) => photo?.id),
      jobs: jobs.jobs.map(({ id, status }) => ({ id, status })),
      artworks: artworks.artworks.map(({ id }) => id),
      circle: { name: circle.circle?.name, role: circle.circle?.role },
      owner: members.members.find(({ userId }) => userId === person.account.userId)?.role,
      invitations: invitations.invitations.map(({ id }) => id),
      asked: asked.invitations.map(({ id }) => id),
      consents: standing,
    },
    null,
    1,
  );
}

/** A new person whose address is verified. */
export async function verified(mesh: TestMesh): Promise<Person> {
  const after = new Date();
  const person = await newPerson(mesh.gatewayUrl);
  const link = await mailedLink(mesh.home, { to: person.account.email, page: 'verify', after });
  const identity = createClient(IdentityService, person.account.transport);
  await identity.verifyEmail({ requestId: uuidv7(), token: tokenOf(link!) });
  return person;
}
