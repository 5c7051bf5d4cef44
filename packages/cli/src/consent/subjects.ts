import { type Client, createClient } from '@connectrpc/connect';
import { RepresentativeRelation, SubjectService } from '@irisvue/contracts/irisvue/consent/v1/subject_service';
import { v7 as uuidv7 } from 'uuid';
import { tokenOf } from '../account/mailed-link.ts';
import { minuteOf } from '../circle/minute.ts';
import { confirm } from '../confirm.ts';
import type { RunContext } from '../main.ts';
import { signedIn } from '../signed-in.ts';

const secondsPerDay = 86_400;

export const relations = {
  parent: RepresentativeRelation.PARENT,
  guardian: RepresentativeRelation.GUARDIAN,
} as const;

function withSubjects(run: RunContext, work: (subjects: Client<typeof SubjectService>) => Promise<void>) {
  return signedIn(run, (account) => work(createClient(SubjectService, account.transport)));
}

/** Makes an invitation by which one person can permit this account to upload photos of that person's eyes. */
export function inviteSubject(run: RunContext, days: number): Promise<void> {
  return withSubjects(run, async (subjects) => {
    const validDuration = { seconds: BigInt(days * secondsPerDay) };
    const request = { requestId: uuidv7(), validDuration };
    const { invitation, url } = await subjects.createSubjectInvitation(request, { signal: run.signal });
    console.log(`For one person, until ${minuteOf(invitation?.expireTime)} UTC. It is shown only now:`);
    console.log(url);
    console.log(`They open it in a browser, or run: irisvue consent accept-subject '${url}'`);
  });
}

/** Shows who asks, asks unless `yes`, and permits the uploader. */
export function acceptSubject(run: RunContext, link: string, yes: boolean): Promise<void> {
  const token = tokenOf(link);
  return withSubjects(run, async (subjects) => {
    const asked = await subjects.getSubjectInvitation({ token }, { signal: run.signal });
    const question =
      `${asked.uploaderMaskedEmail} (${asked.invitation?.uploaderId}) wants to upload photos of your eyes.\n` +
      'I am of full age, and I permit it until I take it back.';
    if (!(await confirm(question, { yes, signal: run.signal }))) return;
    const request = { requestId: uuidv7(), token, fullAge: true };
    const { permission } = await subjects.acceptSubjectInvitation(request, { signal: run.signal });
    console.log(`Permitted. Take it back with: irisvue consent stop-uploader ${permission?.uploaderId}`);
    console.log('Photos are accepted once you also consent: irisvue consent grant');
    console.log(`The uploader names you as: ${permission?.subject?.id}`);
  });
}

/** Lists whom the account permitted, who permitted it, and its dependents. */
export function listSubjects(run: RunContext): Promise<void> {
  return withSubjects(run, async (subjects) => {
    const { given, received } = await subjects.listCapturePermissions({}, { signal: run.signal });
    const state = (granted: boolean) => (granted ? 'permitted' : 'taken back');
    for (const one of given) console.log(`you ${state(one.granted)} ${one.uploaderId}  ${minuteOf(one.grantTime)}`);
    for (const one of received) console.log(`${one.subject?.id} ${state(one.granted)} you  ${minuteOf(one.grantTime)}`);
    const { minors } = await subjects.listMinors({}, { signal: run.signal });
    for (const { subject, declareTime } of minors) console.log(`minor ${subject?.id}  ${minuteOf(declareTime)}`);
    if (given.length + received.length + minors.length === 0) console.log('There is nobody yet.');
  });
}

export function stopUploader(run: RunContext, uploaderId: string): Promise<void> {
  return withSubjects(run, async (subjects) => {
    await subjects.withdrawCapturePermission({ requestId: uuidv7(), uploaderId }, { signal: run.signal });
    console.log('Taken back: nothing more is accepted, and links to what was made have ended.');
  });
}

/** Declares a dependent after asking, and prints its id. */
export function declareMinor(run: RunContext, relation: keyof typeof relations, yes: boolean): Promise<void> {
  return withSubjects(run, async (subjects) => {
    const question = `I am of full age, and as ${relation} I may decide for the minor.`;
    const declared = await confirm(question, { yes, signal: run.signal });
    if (!declared) return;
    const request = { requestId: uuidv7(), relation: relations[relation], declared };
    const { minor } = await subjects.declareMinor(request, { signal: run.signal });
    console.log(`Declared: ${minor?.subject?.id}`);
    console.log(`Consent for it with: irisvue consent grant --minor ${minor?.subject?.id}`);
  });
}
