import { randomUUID } from 'node:crypto';
import type { Client } from '@connectrpc/connect';
import type { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { type Html, html } from './html.ts';
import { linkForm, signInFields, tokenOf } from './link-form.ts';
import type { Answer, LinkPage, PostedForm } from './link-pages.ts';
import type { InvitationTexts, LinkTexts, Texts } from './texts.ts';

// What the list of sessions calls a page that was left open.
const CLIENT_NAME = 'IrisVue, page of an invitation';

/** What somebody is invited to, and how the invitation is looked up and accepted on behalf of who signed in. */
export interface Invitation {
  readonly link: (texts: Texts) => LinkTexts;
  readonly invited: (texts: Texts) => InvitationTexts;
  /** What it says, line by line, or a sentence when there is nothing to accept. Throws LINK_INVALID. */
  readonly look: (texts: Texts, token: string, o: CallHeaders) => Promise<readonly Row[] | string>;
  readonly accept: (
    request: { readonly requestId: string; readonly token: string },
    o: CallHeaders,
  ) => Promise<unknown>;
}

export type Sessions = Pick<Client<typeof IdentityService>, 'createSession' | 'deleteSession'>;

interface CallHeaders {
  readonly headers: Record<string, string>;
}

interface Row {
  readonly label: string;
  readonly value: string;
}

/**
 * The page of an invitation, in two steps: who signs in sees what it is, and then says yes or no. The session lasts from
 * the one to the other; its token travels in the form, the page is the only place that holds it.
 */
export function invitationPage(sessions: Sessions, invitation: Invitation): LinkPage {
  return {
    title: (texts) => invitation.link(texts).title,
    form: (texts, state) => linkForm(texts, invitation.link(texts), state, signInFields),
    post: (posted) =>
      posted.form.has('session') ? decide(sessions, invitation, posted) : show(sessions, invitation, posted),
  };
}

async function show(sessions: Sessions, invitation: Invitation, posted: PostedForm): Promise<Answer> {
  const { form, headers } = posted;
  const credentials = { email: form.get('email') ?? '', password: form.get('password') ?? '' };
  const { tokens } = await sessions.createSession({ ...credentials, clientName: CLIENT_NAME }, { headers });
  const session = tokens!.accessToken;
  const asGuest = { headers: { ...headers, authorization: `Bearer ${session}` } };
  const texts = invitation.invited(posted.texts);
  let keep = false;
  try {
    const token = tokenOf(form);
    const said = await invitation.look(posted.texts, token, asGuest);
    if (typeof said === 'string') return { title: texts.title, body: html`<p>${said}</p>` };
    keep = true;
    return { title: texts.title, body: answerForm(texts, said, { token, session }) };
  } finally {
    if (!keep) await sessions.deleteSession({}, asGuest);
  }
}

async function decide(sessions: Sessions, invitation: Invitation, posted: PostedForm): Promise<Answer> {
  const { form, headers } = posted;
  const asGuest = { headers: { ...headers, authorization: `Bearer ${form.get('session')}` } };
  if (form.get('answer') !== 'accept') {
    await sessions.deleteSession({}, asGuest);
    const texts = invitation.invited(posted.texts);
    return { title: texts.title, body: html`<p>${texts.declined}</p>` };
  }
  await invitation.accept({ requestId: form.get('request_id') ?? '', token: tokenOf(form) }, asGuest);
  await sessions.deleteSession({}, asGuest);
  const { doneTitle, done } = invitation.link(posted.texts);
  return { title: doneTitle, body: html`<p>${done}</p>` };
}

function answerForm(
  texts: InvitationTexts,
  rows: readonly Row[],
  { token, session }: { readonly token: string; readonly session: string },
): Html {
  return html`<dl>
${rows.map(({ label, value }) => html`<dt>${label}</dt><dd>${value}</dd>`)}
</dl>
<p>${texts.meaning}</p>
<form method="post">
<input type="hidden" name="request_id" value="${randomUUID()}">
<input type="hidden" name="token" value="${token}">
<input type="hidden" name="session" value="${session}">
<button name="answer" value="accept">${texts.accept}</button>
<button name="answer" value="decline">${texts.decline}</button>
</form>`;
}
