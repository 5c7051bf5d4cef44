import { randomUUID } from 'node:crypto';
import { type Html, html } from './html.ts';
import type { LinkTexts, Texts } from './texts.ts';

/** What a form was sent with, so that it can be shown again. */
export interface FormState {
  readonly token?: string;
  readonly email?: string;
  /** What to mend. */
  readonly problem?: string;
}

type Field = (texts: Texts, state: FormState) => Html;

/** Somebody's new password, twice. */
export const newPasswordFields: Field = (texts) => html`
<label>${texts.newPassword}
<input type="password" name="password" required minlength="8" maxlength="200" autocomplete="new-password"></label>
<label>${texts.repeatPassword}
<input type="password" name="repeat" required minlength="8" maxlength="200" autocomplete="new-password"></label>`;

/** An e-mail and its password. */
export const signInFields: Field = (texts, { email = '' }) => html`
<label>${texts.email}
<input type="email" name="email" required maxlength="254" autocomplete="username" value="${email}"></label>
<label>${texts.password}
<input type="password" name="password" required maxlength="200" autocomplete="current-password"></label>`;

/**
 * The form that a link opens, posted to its own page. Without a script the link is pasted into it. It names its request,
 * so that sending it twice does its work once.
 */
export function linkForm(texts: Texts, page: LinkTexts, state: FormState, fields?: Field): Html {
  return html`<p>${page.intro}</p>
${state.problem === undefined ? [] : html`<p role="alert">${state.problem}</p>`}
<form method="post">
<input type="hidden" name="request_id" value="${randomUUID()}">
<label class="paste">${texts.paste}
<input name="token" required maxlength="2000" autocomplete="off" value="${state.token ?? ''}"></label>${fields?.(texts, state) ?? []}
<button>${page.button}</button>
</form>`;
}

/** The token that a form brings: what was filled in, or what stands behind the # of a link that was pasted. */
export function tokenOf(form: URLSearchParams): string {
  const given = form.get('token') ?? '';
  return given.slice(given.lastIndexOf('#') + 1).trim();
}
