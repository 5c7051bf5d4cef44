import type { Client } from '@connectrpc/connect';
import type { IdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { passwordsDiffer } from './form-problems.ts';
import { html } from './html.ts';
import { linkForm, newPasswordFields, tokenOf } from './link-form.ts';
import type { LinkPage, PostedForm } from './link-pages.ts';

type Identity = Pick<Client<typeof IdentityService>, 'verifyEmail' | 'resetPassword' | 'changeEmail'>;

/** The pages of mailed links: confirm an e-mail, set a password, change an e-mail. */
export function accountPages(identity: Identity): Readonly<Record<string, LinkPage>> {
  return {
    '/account/verify': linkPage('verify', (form, headers) => identity.verifyEmail(requestOf(form), { headers })),
    '/account/change-email': linkPage('change', (form, headers) => identity.changeEmail(requestOf(form), { headers })),
    '/account/reset-password': {
      ...linkPage('reset', (form, headers) => {
        const request = { ...requestOf(form), password: passwordOf(form) };
        return identity.resetPassword(request, { headers });
      }),
      form: (texts, state) => linkForm(texts, texts.reset, state, newPasswordFields),
    },
  };
}

function linkPage(
  name: 'verify' | 'reset' | 'change',
  carryOut: (form: URLSearchParams, headers: PostedForm['headers']) => Promise<unknown>,
): LinkPage {
  return {
    title: (texts) => texts[name].title,
    form: (texts, state) => linkForm(texts, texts[name], state),
    async post({ form, texts, headers }: PostedForm) {
      await carryOut(form, headers);
      return { title: texts[name].doneTitle, body: html`<p>${texts[name].done}</p>` };
    },
  };
}

function requestOf(form: URLSearchParams) {
  return { requestId: form.get('request_id') ?? '', token: tokenOf(form) };
}

function passwordOf(form: URLSearchParams): string {
  const password = form.get('password') ?? '';
  if (password !== form.get('repeat')) throw passwordsDiffer();
  return password;
}
