import { v7 as uuidv7 } from 'uuid';
import { tokenOf } from '../account/mailed-link.ts';
import { confirm } from '../confirm.ts';
import type { RunContext } from '../main.ts';
import { withCircles } from './circles.ts';
import { findCircle } from './find-circle.ts';
import { minuteOf } from './minute.ts';

const pageSize = 250;
const secondsPerDay = 86_400;

export function invite(run: RunContext, named: string, o: { readonly uses: number; readonly days: number }) {
  return withCircles(run, async (circles) => {
    const { id: circleId, name } = await findCircle(circles, named, run.signal);
    const validDuration = { seconds: BigInt(o.days * secondsPerDay), nanos: 0 };
    const request = { requestId: uuidv7(), circleId, uses: o.uses, validDuration };
    const { invitation, url } = await circles.createInvitation(request, { signal: run.signal });
    const people = o.uses === 1 ? 'one person' : `${o.uses} people`;
    console.log(`Lets ${people} into "${name}" until ${minuteOf(invitation?.expireTime)} UTC. It is shown only now:`);
    console.log(url);
    console.log(`They join with: irisvue circle accept '${url}'`);
  });
}

export function listInvitations(run: RunContext, named: string): Promise<void> {
  return withCircles(run, async (circles) => {
    const { id: circleId } = await findCircle(circles, named, run.signal);
    let pageToken = '';
    do {
      const page = await circles.listInvitations({ circleId, pageSize, pageToken }, { signal: run.signal });
      for (const { id, usesLeft, uses, expireTime } of page.invitations) {
        console.log(`${id}  ${usesLeft} of ${uses} uses left  until ${minuteOf(expireTime)} UTC`);
      }
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
  });
}

export function revokeInvitation(run: RunContext, invitationId: string): Promise<void> {
  return withCircles(run, async (circles) => {
    await circles.revokeInvitation({ requestId: uuidv7(), invitationId }, { signal: run.signal });
    console.log('Its link lets nobody in any more.');
  });
}

/** Shows what a link is for, asks unless `yes`, and joins. */
export function acceptInvitation(run: RunContext, link: string, yes: boolean): Promise<void> {
  const token = tokenOf(link);
  return withCircles(run, async (circles) => {
    const { circleName, maskedEmail, alreadyMember } = await circles.getInvitation({ token }, { signal: run.signal });
    if (alreadyMember) {
      console.log(`You are in "${circleName}" already.`);
      return;
    }
    const question = `${maskedEmail} invites you to "${circleName}". Its members will see the art that you share there. Join?`;
    if (!(await confirm(question, { yes, signal: run.signal }))) return;
    const { circle } = await circles.acceptInvitation({ requestId: uuidv7(), token }, { signal: run.signal });
    console.log(`You are in "${circle?.name}" (${circle?.id}). See its art: irisvue circle gallery ${circle?.id}`);
  });
}
