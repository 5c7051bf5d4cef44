import { type Client, createClient } from '@connectrpc/connect';
import { type CircleMember, CircleRole, CircleService } from '@irisvue/contracts/irisvue/identity/v1/circle_service';
import { v7 as uuidv7 } from 'uuid';
import { confirm } from '../confirm.ts';
import type { RunContext } from '../main.ts';
import { signedIn } from '../signed-in.ts';
import { allCircles, findCircle } from './find-circle.ts';
import { minuteOf } from './minute.ts';

const pageSize = 250;

/** Runs `work` with the circles of the account of this home. */
export function withCircles(run: RunContext, work: (circles: Client<typeof CircleService>) => Promise<void>) {
  return signedIn(run, ({ transport }) => work(createClient(CircleService, transport)));
}

export function createCircle(run: RunContext, name: string): Promise<void> {
  return withCircles(run, async (circles) => {
    const { circle } = await circles.createCircle({ requestId: uuidv7(), name }, { signal: run.signal });
    console.log(`Made the circle "${circle?.name}" (${circle?.id}). Invite somebody: irisvue circle invite "${name}"`);
  });
}

export function listCircles(run: RunContext): Promise<void> {
  return withCircles(run, async (circles) => {
    const all = await allCircles(circles, run.signal);
    for (const { id, name, memberCount, role } of all) {
      console.log(
        `${id}  ${name}  (${memberCount} ${memberCount === 1 ? 'member' : 'members'}, you: ${roleName(role)})`,
      );
    }
    if (all.length === 0) console.log('You are in no circle. Make one: irisvue circle create NAME');
  });
}

export function showCircle(run: RunContext, named: string): Promise<void> {
  return withCircles(run, async (circles) => {
    const { id: circleId, name, createTime } = await findCircle(circles, named, run.signal);
    console.log(`${name}  ${circleId}  since ${minuteOf(createTime)}`);
    let pageToken = '';
    do {
      const page = await circles.listMembers({ circleId, pageSize, pageToken }, { signal: run.signal });
      for (const member of page.members) console.log(memberLine(member));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
  });
}

export function renameCircle(run: RunContext, named: string, name: string): Promise<void> {
  return withCircles(run, async (circles) => {
    const { id: circleId } = await findCircle(circles, named, run.signal);
    await circles.renameCircle({ requestId: uuidv7(), circleId, name }, { signal: run.signal });
    console.log(`It is called "${name}" now.`);
  });
}

/** Asks first, unless `yes`. */
export function deleteCircle(run: RunContext, named: string, yes: boolean): Promise<void> {
  return withCircles(run, async (circles) => {
    const { id: circleId, name, memberCount } = await findCircle(circles, named, run.signal);
    const question = `Delete "${name}" with its ${memberCount} memberships? The art stays with its creators.`;
    if (!(await confirm(question, { yes, signal: run.signal }))) return;
    await circles.deleteCircle({ requestId: uuidv7(), circleId }, { signal: run.signal });
    console.log(`"${name}" is gone.`);
  });
}

export function leaveCircle(run: RunContext, named: string): Promise<void> {
  return withCircles(run, async (circles) => {
    const { id: circleId, name } = await findCircle(circles, named, run.signal);
    await circles.leaveCircle({ requestId: uuidv7(), circleId }, { signal: run.signal });
    console.log(`You left "${name}"; your art is in its gallery no more.`);
  });
}

export function removeMember(run: RunContext, named: string, userId: string): Promise<void> {
  return withCircles(run, async (circles) => {
    const { id: circleId, name } = await findCircle(circles, named, run.signal);
    await circles.removeMember({ requestId: uuidv7(), circleId, userId }, { signal: run.signal });
    console.log(`${userId} is in "${name}" no more, nor is their art.`);
  });
}

export function transferCircle(run: RunContext, named: string, userId: string): Promise<void> {
  return withCircles(run, async (circles) => {
    const { id: circleId, name } = await findCircle(circles, named, run.signal);
    await circles.transferOwnership({ requestId: uuidv7(), circleId, userId }, { signal: run.signal });
    console.log(`"${name}" belongs to ${userId} now; you are still a member.`);
  });
}

function memberLine({ userId, maskedEmail, role, joinTime }: CircleMember): string {
  return `  ${userId}  ${maskedEmail}  ${roleName(role)}  since ${minuteOf(joinTime)}`;
}

function roleName(role: CircleRole): string {
  return role === CircleRole.OWNER ? 'owner' : 'member';
}
