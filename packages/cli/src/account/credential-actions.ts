import { v7 as uuidv7 } from 'uuid';
import { clientName } from '../account.ts';
import type { RunContext } from '../main.ts';
import { readAccount, writeAccount } from './account-file.ts';
import { openQuestions, type Questions } from './ask.ts';
import { tokenOf } from './mailed-link.ts';
import { toStored } from './session-token.ts';
import { asAccount, sayMailed, withIdentity } from './with-identity.ts';

/** Verifies an e-mail by its link; without one, asks for another. */
export async function verifyEmail(run: RunContext, link: string | undefined): Promise<void> {
  if (link !== undefined) {
    await withIdentity(run, async (identity) => {
      await identity.verifyEmail({ requestId: uuidv7(), token: tokenOf(link) });
    });
    console.log('The e-mail is verified.');
    return;
  }
  const after = new Date();
  await asAccount(run, async (identity, { email }) => {
    await identity.sendEmailVerification({ requestId: uuidv7() });
    await sayMailed(run, { to: email, page: 'verify', after });
  });
}

/** Sets a new password by its link; without one, asks for it. */
export async function resetPassword(
  run: RunContext,
  link: string | undefined,
  given: { readonly email?: string },
): Promise<void> {
  using questions = openQuestions(run.signal);
  if (link !== undefined) {
    const password = await questions.newPassword();
    await withIdentity(run, async (identity) => {
      await identity.resetPassword({ requestId: uuidv7(), token: tokenOf(link), password });
    });
    console.log('The password is set, and every session has ended. Sign in with: irisvue account sign-in');
    return;
  }
  const email = given.email ?? (await questions.ask('E-mail: '));
  const after = new Date();
  await withIdentity(run, async (identity) => {
    await identity.sendPasswordReset({ requestId: uuidv7(), email });
    await sayMailed(run, { to: email, page: 'reset-password', after });
  });
}

/** Changes the password; the other sessions end. From then on this home keeps the session and not the password. */
export async function changePassword(run: RunContext): Promise<void> {
  using questions = openQuestions(run.signal);
  const currentPassword = await passwordOfAccount(run, questions);
  const password = await questions.newPassword();
  await asAccount(run, async (identity, { email }) => {
    await identity.changePassword({ requestId: uuidv7(), currentPassword, password });
    const { tokens } = await identity.createSession({ email, password, clientName });
    await identity.deleteSession({});
    await writeAccount(run.settings.home, { email, session: toStored(tokens) });
  });
  console.log('The password is changed, and every other session has ended.');
}

/** Changes the e-mail by its link; without one, asks for it to be mailed to the new address. */
export async function changeEmail(
  run: RunContext,
  link: string | undefined,
  given: { readonly to?: string },
): Promise<void> {
  if (link !== undefined) {
    await withIdentity(run, async (identity) => {
      await identity.changeEmail({ requestId: uuidv7(), token: tokenOf(link) });
    });
    await keepNewEmail(run);
    console.log('The e-mail is changed.');
    return;
  }
  using questions = openQuestions(run.signal);
  const email = given.to ?? (await questions.ask('New e-mail: '));
  const password = await passwordOfAccount(run, questions);
  const after = new Date();
  await asAccount(run, async (identity) => {
    await identity.sendEmailChange({ requestId: uuidv7(), password, email });
    await sayMailed(run, { to: email, page: 'change-email', after });
  });
}

/** The password of the account that the command made for itself is known here; a person is asked. */
async function passwordOfAccount({ settings }: RunContext, questions: Questions): Promise<string> {
  const account = await readAccount(settings.home);
  return account && 'password' in account ? account.password : await questions.password('Current password: ');
}

async function keepNewEmail(run: RunContext): Promise<void> {
  const account = await readAccount(run.settings.home);
  if (account === undefined || 'password' in account) return;
  await asAccount(run, async (_, { email }) => {
    const latest = await readAccount(run.settings.home);
    if (latest && 'session' in latest) await writeAccount(run.settings.home, { ...latest, email });
  });
}
