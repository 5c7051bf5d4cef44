import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import * as consents from '../consent/consents.ts';
import * as permissions from '../consent/permissions.ts';
import * as receipts from '../consent/receipts.ts';
import * as subjects from '../consent/subjects.ts';
import { artworkKinds, purposes, residences } from '../consent/words.ts';
import type { RunContext } from '../main.ts';

type PurposeWord = keyof typeof purposes;

// The bound of the contract.
const mostDays = 30;

/** Registers consent show, notice, grant, withdraw, policy, receipts, verify-receipt, and those about others. */
export function consentCommand(program: Command, run: RunContext): void {
  const consent = program
    .command('consent')
    .summary('what you allow, with receipts')
    .description(
      'Each purpose is a choice of its own: capture (taking and storing photos), processing (making iris art), marketing.\n' +
        'Each choice is answered by a signed receipt that anybody can verify.',
    );
  consent
    .command('show')
    .summary('show what you granted and withdrew')
    .action(() => consents.showConsents(run));
  ownConsents(consent, run);
  evidence(consent, run);
  otherPeople(consent, run);
  artworkPermissions(consent.command('permissions').summary('use of an iris in somebody else’s artwork'), run);
}

function ownConsents(consent: Command, run: RunContext): void {
  const purpose = () => new Argument('<purpose>').choices(Object.keys(purposes));
  const several = () =>
    new Argument('[purpose...]').choices(Object.keys(purposes)).default([...consents.neededPurposes]);
  withNoticeOptions(consent.command('notice').summary('read a notice').addArgument(purpose())).action(
    (word: PurposeWord, flags: consents.ConsentFlags) => consents.showNotice(run, word, flags),
  );
  withSubjectOptions(
    withNoticeOptions(
      consent
        .command('grant')
        .summary('read the notices, and agree')
        .description('Asks for each purpose apart; where the law wants it, for your name as a signature.')
        .addArgument(several()),
    ),
  )
    .option('--yes', 'I have read the notices, am of full age, and agree; without asking')
    .option('--name <name>', 'the name that signs them')
    .action((words: PurposeWord[], flags: consents.ConsentFlags) => consents.grantConsents(run, words, flags));
  withSubjectOptions(
    consent.command('withdraw').summary('take it back; work that waits or runs stops').addArgument(several()),
  ).action((words: PurposeWord[], flags: consents.ConsentFlags) => consents.withdrawConsents(run, words, flags));
}

function evidence(consent: Command, run: RunContext): void {
  consent
    .command('policy')
    .summary('read the retention policy')
    .option('--language <tag>', 'en or de', 'en')
    .action(({ language }: { language: string }) => receipts.showPolicy(run, language));
  consent
    .command('receipts')
    .summary('list your receipts')
    .option('--out <dir>', 'save each as DIR/ID.jws, and the keys that verify them')
    .action(({ out }: { out?: string }) => receipts.listReceipts(run, out));
  consent
    .command('verify-receipt')
    .summary('tell whether a receipt is genuine')
    .argument('<file>')
    .option('--keys <file>', 'the keys to verify by, as saved by receipts --out; then no server is asked')
    .action((file: string, { keys }: { keys?: string }) => receipts.showVerified(run, file, keys));
}

function otherPeople(consent: Command, run: RunContext): void {
  consent
    .command('invite-subject')
    .summary('ask an adult to let you upload photos of their eyes')
    .option('--days <count>', `how long it works, 1 to ${mostDays} days`, days, 7)
    .action((flags: { days: number }) => subjects.inviteSubject(run, flags.days));
  consent
    .command('accept-subject')
    .summary('let the one who invited you upload photos of your eyes')
    .argument('<link>', 'as shown by: irisvue consent invite-subject')
    .option('--yes', 'without asking')
    .action((link: string, { yes }: { yes?: boolean }) => subjects.acceptSubject(run, link, yes ?? false));
  consent
    .command('stop-uploader')
    .summary('take that back')
    .argument('<uploader>', 'id of the user')
    .action((uploaderId: string) => subjects.stopUploader(run, uploaderId));
  consent
    .command('declare-minor')
    .summary('speak for a minor: you grant, withdraw and upload')
    .addArgument(new Argument('<relation>').choices(Object.keys(subjects.relations)))
    .option('--yes', 'without asking')
    .action((relation: keyof typeof subjects.relations, { yes }: { yes?: boolean }) =>
      subjects.declareMinor(run, relation, yes ?? false),
    );
  consent
    .command('subjects')
    .summary('list who lets whom upload, and your minors')
    .action(() => subjects.listSubjects(run));
}

function artworkPermissions(permission: Command, run: RunContext): void {
  permission
    .command('list', { isDefault: true })
    .summary('list what was asked of you and by you')
    .action(() => permissions.listPermissions(run));
  withScopeOptions(
    permission.command('ask').summary('ask for one').argument('<owner>', 'user id').argument('<photo>', 'id'),
  ).action((owner: string, photo: string, flags: permissions.ScopeFlags) =>
    permissions.askPermission(run, owner, photo, flags),
  );
  withScopeOptions(
    permission.command('grant').summary('give one').argument('<creator>', 'user id').argument('<photo>', 'id'),
  )
    .option('--days <count>', 'it ends by itself after so many days', Number)
    .action((creator: string, photo: string, flags: permissions.ScopeFlags & { days?: number }) =>
      permissions.grantPermission(run, creator, photo, flags),
    );
  permission
    .command('deny')
    .summary('refuse one that was asked for')
    .argument('<permission>', 'id')
    .action((id: string) => permissions.denyPermission(run, id));
  permission
    .command('withdraw')
    .summary('take back all that you gave somebody for a photo')
    .argument('<creator>', 'user id')
    .argument('<photo>', 'id')
    .action((creator: string, photo: string) => permissions.withdrawPermission(run, creator, photo));
}

function withNoticeOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--residence <where>', 'where you live; undeclared brings the strictest rules of all')
        .choices(Object.keys(residences))
        .default('undeclared'),
    )
    .option('--language <tag>', 'en or de; the default is the terminal’s')
    .option('--recipient <id...>', 'name a recipient outside the mesh');
}

function withSubjectOptions(command: Command): Command {
  return command
    .option('--minor <id>', 'for a minor whom you represent')
    .addOption(new Option('--synthetic', 'for rendered samples').conflicts('minor'));
}

function withScopeOptions(command: Command): Command {
  return command
    .addOption(new Option('--kind <kind>', 'kind of artwork').choices(Object.keys(artworkKinds)).default('any'))
    .option('--artwork <id>', 'only in this artwork')
    .option('--circle <id>', 'in artworks of this circle')
    .option('--recipient <id...>', 'recipients outside the mesh');
}

function days(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= mostDays) return count;
  throw new InvalidArgumentError(`1 to ${mostDays}`);
}
