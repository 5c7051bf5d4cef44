import { randomUUID } from 'node:crypto';
import type { Client } from '@connectrpc/connect';
import type { CircleService } from '@irisvue/contracts/irisvue/identity/v1/circle_service';
import type { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { type Html, html } from './html.ts';
import { linkForm, signInFields, tokenOf } from './link-form.ts';
import type { Answer, LinkPage, PostedForm } from './link-pages.ts';
import type { Texts } from './texts.ts';

// What the list of sessions calls a page that was left open.
const CLIENT_NAME = 'IrisVue, page of an invitation';

interface Peers {
  readonly identity: Pick<Client<typeof IdentityService>, 'createSession' | 'deleteSession'>;
  readonly circles: Pick<Client<typeof CircleService>, 'getInvitation' | 'acceptInvitation'>;
}

/**
 * The page of an invitation to a circle, in two steps: who signs in sees what it is, and then says yes or no. The
 * session lasts from the one to the other; its token travels in the form, the page is the only place that holds it.
 */
export function circlePages(peers: Peers): Readonly<Record<string, LinkPage>> {
  return {
    '/circles/join': {
      title: (texts) => texts.join.title,
      form: (texts, state) => linkForm(texts, texts.join, state, signInFields),
      post: (posted) => (posted.form.has('session') ? decide(peers, posted) : show(peers, posted)),
    },
  };
}

async function show({ identity, circles }: Peers, { form, texts, headers }: PostedForm): Promise<Answer> {
  const credentials = { email: form.get('email') ?? '', password: form.get('password') ?? '' };
  const { tokens } = await identity.createSession({ ...credentials, clientName: CLIENT_NAME }, { headers });
  const session = tokens!.accessToken;
  const asMember = { headers: { ...headers, authorization: `Bearer ${session}` } };
  let keep = false;
  try {
    const token = tokenOf(form);
    const invitation = await circles.getInvitation({ token }, asMember);
    if (invitation.alreadyMember) {
      return { title: texts.invited.title, body: html`<p>${texts.invited.already}</p>` };
    }
    keep = true;
    return { title: texts.invited.title, body: invitationForm(texts, invitation, { token, session }) };
  } finally {
    if (!keep) await identity.deleteSession({}, asMember);
  }
}

async function decide({ identity, circles }: Peers, { form, texts, headers }: PostedForm): Promise<Answer> {
  const asMember = { headers: { ...headers, authorization: `Bearer ${form.get('session')}` } };
  if (form.get('answer') !== 'join') {
    await identity.deleteSession({}, asMember);
    return { title: texts.invited.title, body: html`<p>${texts.invited.declined}</p>` };
  }
  const request = { requestId: form.get('request_id') ?? '', token: tokenOf(form) };
  await circles.acceptInvitation(request, asMember);
  await identity.deleteSession({}, asMember);
  return { title: texts.join.doneTitle, body: html`<p>${texts.join.done}</p>` };
}

function invitationForm(
  { invited }: Texts,
  { circleName, maskedEmail }: { readonly circleName: string; readonly maskedEmail: string },
  { token, session }: { readonly token: string; readonly session: string },
): Html {
  return html`<dl>
<dt>${invited.circle}</dt><dd>${circleName}</dd>
<dt>${invited.by}</dt><dd>${maskedEmail}</dd>
</dl>
<p>${invited.meaning}</p>
<form method="post">
<input type="hidden" name="request_id" value="${randomUUID()}">
<input type="hidden" name="token" value="${token}">
<input type="hidden" name="session" value="${session}">
<button name="answer" value="join">${invited.accept}</button>
<button name="answer" value="decline">${invited.decline}</button>
</form>`;
}
