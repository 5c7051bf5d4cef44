import type { Command } from 'commander';
import { changeEmail, changePassword, resetPassword, verifyEmail } from '../account/credential-actions.ts';
import { setOperator } from '../account/operator-action.ts';
import { listSessions, revokeSession } from '../account/session-actions.ts';
import { showAccount, signInPerson, signOut, signUp } from '../account/sign-in-actions.ts';
import type { RunContext } from '../main.ts';

/** Registers account and what it can do. */
export function accountCommand(program: Command, run: RunContext): void {
  const account = program
    .command('account')
    .summary('sign up, sign in, and what belongs to an account')
    .description(
      'Without an account, the other commands make one for themselves that lives on this machine only.\n' +
        'Passwords are asked for on the terminal; elsewhere each question takes the next line of standard input.',
    );
  account
    .command('sign-up')
    .summary('make an account and stay signed in')
    .option('--email <address>', 'its e-mail; asked for otherwise')
    .action((given: { email?: string }) => signUp(run, given));
  account
    .command('sign-in')
    .summary('sign in and stay signed in')
    .option('--email <address>', 'e-mail of the account; asked for otherwise')
    .action((given: { email?: string }) => signInPerson(run, given));
  account
    .command('sign-out')
    .summary('end the session of this machine')
    .option('--forget', 'also give up an account that the command made for itself')
    .action((given: { forget?: boolean }) => signOut(run, given));
  account
    .command('show')
    .summary('show the account')
    .action(() => showAccount(run));
  account
    .command('verify')
    .summary('verify the e-mail by the link of a mail; without a link, have another one mailed')
    .argument('[link]', 'the link, or what follows its #')
    .action((link: string | undefined) => verifyEmail(run, link));
  account
    .command('reset-password')
    .summary('set a new password by the link of a mail; without a link, have one mailed')
    .argument('[link]', 'the link, or what follows its #')
    .option('--email <address>', 'e-mail of the account; asked for otherwise')
    .action((link: string | undefined, given: { email?: string }) => resetPassword(run, link, given));
  account
    .command('change-password')
    .summary('set a new password; the other sessions end')
    .action(() => changePassword(run));
  account
    .command('change-email')
    .summary('change the e-mail by the link of a mail; without a link, have one mailed to the new address')
    .argument('[link]', 'the link, or what follows its #')
    .option('--to <address>', 'the new e-mail; asked for otherwise')
    .action((link: string | undefined, given: { to?: string }) => changeEmail(run, link, given));
  account
    .command('sessions')
    .summary('list where the account is signed in')
    .action(() => listSessions(run));
  account
    .command('revoke-session')
    .summary('end a session')
    .argument('[id]', 'as account sessions shows it')
    .option('--others', 'all sessions but this one')
    .action((id: string | undefined, given: { others?: boolean }) => revokeSession(run, id, given));
  account
    .command('operator')
    .summary('make somebody an operator of the mesh')
    .description('Takes the master secret: that of the mesh on this machine, or IRISVUE_MASTER_SECRET.')
    .argument('<email>', 'of an account whose e-mail is verified')
    .option('--revoke', 'take the role away')
    .action((email: string, given: { revoke?: boolean }) => setOperator(run, email, given));
}
