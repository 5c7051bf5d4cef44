import { type Command, InvalidArgumentError } from 'commander';
import * as circles from '../circle/circles.ts';
import * as gallery from '../circle/gallery.ts';
import * as invitations from '../circle/invitations.ts';
import type { RunContext } from '../main.ts';

// The bounds of the contract.
const mostUses = 50;
const mostDays = 30;

/** Registers circle create, list, show, rename, invite, invitations, revoke, accept, leave, remove, transfer, delete, share, unshare, gallery. */
export function circleCommand(program: Command, run: RunContext): void {
  const circle = program
    .command('circle')
    .summary('people who share a gallery')
    .description(
      'A circle is known by its name or its id. Its members see what each of them shares there, and nothing else;\n' +
        'leaving takes one’s own art along. Inviting and joining need a verified e-mail.',
    );
  circle
    .command('create')
    .summary('make a circle')
    .argument('<name>')
    .action((name: string) => circles.createCircle(run, name));
  circle
    .command('list')
    .summary('show your circles')
    .action(() => circles.listCircles(run));
  circle
    .command('show')
    .summary('show a circle and its members')
    .argument('<circle>')
    .action((named: string) => circles.showCircle(run, named));
  memberCommands(circle, run);
  invitationCommands(circle, run);
  galleryCommands(circle, run);
  circle
    .command('rename')
    .summary('give a circle another name')
    .argument('<circle>')
    .argument('<name>')
    .action((named: string, name: string) => circles.renameCircle(run, named, name));
  circle
    .command('delete')
    .summary('delete a circle; the art stays with its creators')
    .argument('<circle>')
    .option('--yes', 'without asking')
    .action((named: string, { yes }: { yes?: boolean }) => circles.deleteCircle(run, named, yes ?? false));
}

function memberCommands(circle: Command, run: RunContext): void {
  circle
    .command('leave')
    .summary('leave a circle with your art')
    .description('The owner hands the circle over first, or deletes it. Joining again does not bring the art back.')
    .argument('<circle>')
    .action((named: string) => circles.leaveCircle(run, named));
  circle
    .command('remove')
    .summary('end somebody’s membership')
    .argument('<circle>')
    .argument('<member>', 'id, as shown by: irisvue circle show')
    .action((named: string, member: string) => circles.removeMember(run, named, member));
  circle
    .command('transfer')
    .summary('make another member the owner')
    .argument('<circle>')
    .argument('<member>', 'id, as shown by: irisvue circle show')
    .action((named: string, member: string) => circles.transferCircle(run, named, member));
}

function invitationCommands(circle: Command, run: RunContext): void {
  circle
    .command('invite')
    .summary('make a link that lets people in')
    .description('The link is shown once: only its hash is kept.')
    .argument('<circle>')
    .option('--uses <count>', `how many may join by it, 1 to ${mostUses}`, upTo(mostUses), 1)
    .option('--days <count>', `for how long, 1 to ${mostDays} days`, upTo(mostDays), 7)
    .action((named: string, flags: { uses: number; days: number }) => invitations.invite(run, named, flags));
  circle
    .command('invitations')
    .summary('show the links that still let somebody in')
    .argument('<circle>')
    .action((named: string) => invitations.listInvitations(run, named));
  circle
    .command('revoke')
    .summary('end a link')
    .argument('<invitation>', 'id, as shown by: irisvue circle invitations')
    .action((invitation: string) => invitations.revokeInvitation(run, invitation));
  circle
    .command('accept')
    .summary('see what a link is for, and join')
    .argument('<link>', 'the link, or what follows its number sign')
    .option('--yes', 'join without asking')
    .action((link: string, { yes }: { yes?: boolean }) => invitations.acceptInvitation(run, link, yes ?? false));
}

function galleryCommands(circle: Command, run: RunContext): void {
  circle
    .command('share')
    .summary('show an artwork to a circle')
    .description('An artwork is in one gallery at most: sharing it again moves it.')
    .argument('<circle>')
    .argument('[artwork]', 'id; without it, your newest')
    .action((named: string, artwork?: string) => gallery.shareArtwork(run, named, artwork));
  circle
    .command('unshare')
    .summary('take an artwork out of its gallery')
    .argument('<artwork>')
    .action((artwork: string) => gallery.unshareArtwork(run, artwork));
  circle
    .command('gallery')
    .summary('show the art of a circle, last shared first')
    .argument('[circle]', 'without it: your own artworks, shared or not')
    .option('-o, --out <dir>', 'fetch the pictures into a folder')
    .action((named: string | undefined, { out }: { out?: string }) => gallery.showGallery(run, named, out));
}

function upTo(most: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (!Number.isInteger(count) || count < 1 || count > most)
      throw new InvalidArgumentError(`a number from 1 to ${most}`);
    return count;
  };
}
