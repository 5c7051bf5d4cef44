import { type Command, Option } from 'commander';
import type { RunContext } from '../main.ts';
import { showCertificate } from '../privacy/certificate.ts';
import { erase, showErasure } from '../privacy/erase.ts';
import { deleteExports, type ExportFlags, exportSubject } from '../privacy/export.ts';
import { findSubject } from '../privacy/find-subject.ts';
import { photosByOthers } from '../privacy/photos-by-others.ts';
import { listRequests } from '../privacy/requests.ts';

/** Registers privacy export, delete-export, photos, erase, status, certificate, requests and verify. */
export function privacyCommand(program: Command, run: RunContext): void {
  const privacy = program
    .command('privacy')
    .summary('get or erase what the mesh holds about a person, and check that it is gone')
    .description(
      'An erasure outlives the account that asked for it: its access token is kept in IRISVUE_HOME/erasures, and opens\n' +
        'status, certificate and verify.',
    );
  privacy
    .command('export')
    .summary('download all that the mesh holds about the account of this home, as a ZIP archive')
    .description('Call it again after a download broke off: it goes on where it was.')
    .option('--out <file>', 'where to write it; irisvue-export-DATE.zip without')
    .option('--minor <id>', 'a minor that the account represents, instead')
    .addOption(new Option('--language <code>', 'of the explanations in it').choices(['en', 'de']).default('en'))
    .action((flags: ExportFlags) => exportSubject(run, flags));
  privacy
    .command('delete-export')
    .summary('delete the archives of this account that are kept at the mesh')
    .action(() => deleteExports(run));
  privacy
    .command('photos')
    .summary('photos of your own eyes that others uploaded')
    .option('--delete <id>', 'delete one, with all that was made of it')
    .option('--yes', 'do not ask')
    .action((flags: { delete?: string; yes?: boolean }) => photosByOthers(run, flags));
  privacy
    .command('erase')
    .summary('erase the account of this home with all that it holds')
    .option('--minor <id>', 'a minor that the account represents, instead')
    .option('--yes', 'do not ask')
    .action((flags: { minor?: string; yes?: boolean }) => erase(run, flags));
  privacy
    .command('status')
    .summary('how far an erasure is, shown to its end')
    .argument('[erasure]', 'its id; the latest one without')
    .action((id?: string) => showErasure(run, id));
  privacy
    .command('certificate')
    .summary('the signed certificate of an erasure, verified')
    .argument('[erasure]', 'its id; the latest one without')
    .option('--out <file>', 'write the certificate there, a JWS')
    .option('--keys <file>', 'write the public keys there, a JSON Web Key Set: they verify it for ever, without a mesh')
    .action((id: string | undefined, flags: { out?: string; keys?: string }) => showCertificate(run, id, flags));
  privacy
    .command('requests')
    .summary('requests with their clocks; all of them for an operator')
    .action(() => listRequests(run));
  privacy
    .command('verify')
    .summary('look for a person in every table, object, stream and cache')
    .description('Exit code 3 when something is left. Without --subject: whoever was erased last from this home.')
    .option('--subject <id>', 'a user, or with --minor a minor')
    .option('--minor', 'the subject is a minor')
    .option('--erasure <id>', 'the erasure of the subject, whose access token is used')
    .action((flags: { subject?: string; minor?: boolean; erasure?: string }) => findSubject(run, flags));
}
