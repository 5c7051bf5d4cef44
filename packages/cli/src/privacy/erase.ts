import { type Client, createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { type Erasure, ErasureState, PrivacyService } from '@irisvue/contracts/irisvue/privacy/v1/privacy_service';
import { v7 as uuidv7 } from 'uuid';
import { signIn } from '../account.ts';
import { confirm } from '../confirm.ts';
import type { RunContext } from '../main.ts';
import { showMeshStart } from '../mesh-progress.ts';
import { withGateway } from '../with-gateway.ts';
import { keepErasure, keptErasure } from './kept-erasures.ts';

const STATES: Readonly<Record<ErasureState, string>> = {
  [ErasureState.UNSPECIFIED]: 'unknown',
  [ErasureState.BLOCKING]: 'blocking: nothing new is stored',
  [ErasureState.ERASING]: 'erasing objects and rows',
  [ErasureState.PURGING]: 'purging streams and caches',
  [ErasureState.TELLING]: 'telling the others',
  [ErasureState.VERIFYING]: 'looking everywhere again',
  [ErasureState.COMPLETED]: 'completed',
};

/** What needs no account: the access token of an erasure opens it. */
export function openPrivacy(gatewayUrl: string): Client<typeof PrivacyService> {
  return createClient(PrivacyService, createConnectTransport({ baseUrl: gatewayUrl, httpVersion: '1.1' }));
}

/** Runs `work` against a gateway, without an account. */
export async function atGateway(run: RunContext, work: (gatewayUrl: string) => Promise<void>): Promise<void> {
  const starting = showMeshStart();
  await withGateway(run.settings, run.signal, starting, async (gatewayUrl) => {
    starting.done();
    await work(gatewayUrl);
  });
}

/** Erases the account of this home and all that it holds, or a minor that it represents; shows it to the end. */
export async function erase(run: RunContext, o: { readonly minor?: string; readonly yes?: boolean }): Promise<void> {
  const { home } = run.settings;
  await atGateway(run, async (gatewayUrl) => {
    const account = await signIn(gatewayUrl, home);
    const subject =
      o.minor === undefined ? { id: account.userId, kind: SubjectKind.SELF } : { id: o.minor, kind: SubjectKind.MINOR };
    const what =
      o.minor === undefined ? `the account ${account.email} and all that it holds` : `all of minor ${o.minor}`;
    if (!(await confirm(`Erase ${what}? This cannot be undone.`, { ...o, signal: run.signal }))) return;
    const privacy = createClient(PrivacyService, account.transport);
    const { erasure, accessToken } = await privacy.createErasure({ requestId: uuidv7(), subject });
    const erasureId = erasure!.id;
    console.log(
      `Erasure ${erasureId}; its access token is in ${await keepErasure(home, { erasureId, accessToken, subject })}`,
    );
    await follow(run, openPrivacy(gatewayUrl), { erasureId, accessToken });
  });
}

/** Shows an erasure of this home, to its end if it goes on. */
export async function showErasure(run: RunContext, id?: string): Promise<void> {
  const kept = await keptErasure(run.settings.home, id);
  await atGateway(run, (gatewayUrl) => follow(run, openPrivacy(gatewayUrl), kept));
}

async function follow(
  run: RunContext,
  privacy: Client<typeof PrivacyService>,
  { erasureId, accessToken }: { readonly erasureId: string; readonly accessToken: string },
): Promise<void> {
  for await (const { erasure } of privacy.watchErasure({ erasureId, accessToken }, { signal: run.signal })) {
    if (erasure !== undefined) console.log(erasureLine(erasure));
  }
}

function erasureLine(erasure: Erasure): string {
  const waiting = erasure.waitingFor === '' ? '' : `, waits for ${erasure.waitingFor}`;
  const { erasedObjects, erasedRows, purgedMessages, jointWorks } = erasure;
  const done = `${erasedObjects} objects, ${erasedRows} rows, ${purgedMessages} messages, ${jointWorks} joint works`;
  return `${String(erasure.progress).padStart(3)} %  ${STATES[erasure.state]}${waiting}: ${done}`;
}
