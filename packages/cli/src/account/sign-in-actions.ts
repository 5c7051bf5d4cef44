import { timestampDate } from '@bufbuild/protobuf/wkt';
import { Provider, Role, type User } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { v7 as uuidv7 } from 'uuid';
import { clientName } from '../account.ts';
import type { RunContext } from '../main.ts';
import { readAccount, removeAccount, writeAccount } from './account-file.ts';
import { openQuestions } from './ask.ts';
import { toStored } from './session-token.ts';
import { asAccount, sayMailed, withIdentity } from './with-identity.ts';

/** Makes an account, keeps its session here, and says how its e-mail is verified. */
export async function signUp(run: RunContext, given: { readonly email?: string }): Promise<void> {
  await refuseToReplace(run);
  using questions = openQuestions(run.signal);
  const email = given.email ?? (await questions.ask('E-mail: '));
  const password = await questions.newPassword();
  const after = new Date();
  await withIdentity(run, async (identity) => {
    const { user, tokens } = await identity.createUser({ requestId: uuidv7(), email, password, clientName });
    await writeAccount(run.settings.home, { email, session: toStored(tokens) });
    console.log(`Signed up as ${user?.email}.`);
    await sayMailed(run, { to: email, page: 'verify', after });
  });
}

/** Signs in and keeps the session here. */
export async function signInPerson(run: RunContext, given: { readonly email?: string }): Promise<void> {
  await refuseToReplace(run);
  using questions = openQuestions(run.signal);
  const email = given.email ?? (await questions.ask('E-mail: '));
  const password = await questions.password('Password: ');
  await withIdentity(run, async (identity) => {
    const { user, tokens } = await identity.createSession({ email, password, clientName });
    await writeAccount(run.settings.home, { email: user!.email, session: toStored(tokens) });
    console.log(`Signed in as ${user?.email}${user?.verified ? '' : ', whose e-mail is not verified yet'}.`);
  });
}

/** Ends the session and forgets it. The account that the command made for itself goes only when told to. */
export async function signOut(run: RunContext, given: { readonly forget?: boolean }): Promise<void> {
  const { home } = run.settings;
  const account = await readAccount(home);
  if (account === undefined) {
    console.log('Nobody is signed in here.');
    return;
  }
  if ('password' in account && !given.forget) {
    throw new Error(
      `${account.email} is an account that this command made for itself: its password lies in account.json only. ` +
        'Add --forget to give it up, with all that belongs to it.',
    );
  }
  if ('session' in account) {
    await asAccount(run, async (identity) => {
      await identity.deleteSession({});
    }).catch((error: unknown) => console.error(`irisvue: the session could not be ended: ${String(error)}`));
  }
  await removeAccount(home);
  console.log(`Signed out: ${account.email}.`);
}

/** Shows the account of this home. */
export async function showAccount(run: RunContext): Promise<void> {
  await asAccount(run, async (identity) => {
    const { user } = await identity.getUser({});
    for (const [name, value] of accountLines(user!)) console.log(`${`${name}:`.padEnd(11)} ${value}`);
  });
}

function accountLines(user: User): [string, string][] {
  const providers = user.providers.map((provider) => (provider === Provider.APPLE ? 'Apple' : 'Google'));
  const ways = [...(user.hasPassword ? ['password'] : []), ...providers];
  return [
    ['id', user.id],
    ['e-mail', `${user.email} (${user.verified ? 'verified' : 'not verified'})`],
    ['signs in by', ways.join(', ')],
    ['role', user.role === Role.OPERATOR ? 'operator' : 'user'],
    ['since', user.createTime ? timestampDate(user.createTime).toISOString() : ''],
  ];
}

/** Another account must not be lost by signing in over it. */
async function refuseToReplace({ settings }: RunContext): Promise<void> {
  const account = await readAccount(settings.home);
  if (account === undefined) return;
  const how = 'password' in account ? 'sign-out --forget' : 'sign-out';
  throw new Error(`${account.email} is signed in here. First: irisvue account ${how}`);
}
