import {
  ErrorReason,
  errorDetail,
  type HttpRequest,
  type HttpResponse,
  type Logger,
  type PlainHttp,
  reasonOf,
} from '@irisvue/runtime';
import type { RateLimits } from '../rate-limit.ts';
import { problemOf } from './form-problems.ts';
import { type Html, html } from './html.ts';
import { type Language, pageLanguage } from './language.ts';
import { type FormState, tokenOf } from './link-form.ts';
import { readForm } from './read-form.ts';
import { sendPage } from './send-page.ts';
import { TEXTS, type Texts } from './texts.ts';

/** A form that was sent, and how to call on behalf of who sent it. */
export interface PostedForm {
  readonly form: URLSearchParams;
  readonly texts: Texts;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a page says when its form was carried out. */
export interface Answer {
  readonly title: string;
  readonly body: Html;
}

/** A page that a link opens. */
export interface LinkPage {
  readonly title: (texts: Texts) => string;
  readonly form: (texts: Texts, state: FormState) => Html;
  /** Carries the form out; throws what the services answer. */
  readonly post: (posted: PostedForm) => Promise<Answer>;
}

const STATUS: Readonly<Partial<Record<ErrorReason, number>>> = {
  [ErrorReason.INVALID_FIELD]: 400,
  [ErrorReason.BAD_CREDENTIALS]: 403,
  [ErrorReason.TOKEN_INVALID]: 403,
  [ErrorReason.EMAIL_NOT_VERIFIED]: 403,
  [ErrorReason.ALREADY_EXISTS]: 409,
  [ErrorReason.CIRCLE_LIMIT_REACHED]: 409,
  [ErrorReason.LINK_INVALID]: 410,
  [ErrorReason.RATE_LIMITED]: 429,
  [ErrorReason.DEPENDENCY_DOWN]: 503,
};

/**
 * Pages by path, in English or German by Accept-Language. GET shows the form and changes nothing, however often a mail
 * scanner opens it; POST carries it out. The token of a link comes in the body, never in a URL. What went wrong is a page
 * with 400, 403, 409, 410, 429 (Retry-After), 503, or 500, which alone is logged.
 */
export function linkPages(o: {
  readonly pages: Readonly<Record<string, LinkPage>>;
  readonly limits: RateLimits;
  readonly addressOf: (request: HttpRequest) => string;
  readonly logger: Logger;
}): PlainHttp {
  return (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    const page = Object.hasOwn(o.pages, path) ? o.pages[path] : undefined;
    if (page === undefined) return false;
    const language = pageLanguage(request.headers['accept-language']);
    const texts = TEXTS[language];
    if (request.method === 'GET' || request.method === 'HEAD') {
      sendPage(response, { status: 200, language, title: page.title(texts), body: page.form(texts, {}) });
    } else if (request.method === 'POST') {
      void answerPost(page, request, response, language);
    } else {
      response.statusCode = 405;
      response.setHeader('Allow', 'GET, HEAD, POST');
      response.end();
    }
    return true;
  };

  async function answerPost(
    page: LinkPage,
    request: HttpRequest,
    response: HttpResponse,
    language: Language,
  ): Promise<void> {
    let form: URLSearchParams | undefined;
    try {
      const address = o.addressOf(request);
      await o.limits.consume('address', address);
      form = await readForm(request);
      const headers = { 'x-forwarded-for': address, 'accept-language': language };
      const answer = await page.post({ form, texts: TEXTS[language], headers });
      sendPage(response, { status: 200, language, ...answer });
    } catch (error) {
      const status = statusOf(error);
      if (status === 500) o.logger.error({ err: error }, 'a form could not be carried out');
      sendPage(response, { status, language, ...refusalOf(page, language, error, form) }, retryAfter(error));
    }
  }
}

/** The form again with what to mend, or what went wrong when sending it again is of no use. */
function refusalOf(page: LinkPage, language: Language, error: unknown, form: URLSearchParams | undefined) {
  const texts = TEXTS[language];
  const problem = problemOf(texts, error);
  if (form !== undefined && problem !== undefined) {
    const token = tokenOf(form);
    const body = page.form(texts, { problem, token, email: form.get('email') ?? '' });
    return { title: page.title(texts), body, hasToken: token !== '' };
  }
  const reason = reasonOf(error);
  const message = (reason === undefined ? undefined : texts.failed[reason]) ?? texts.failed.other;
  return { title: texts.failedTitle, body: html`<p role="alert">${message}</p>` };
}

function statusOf(error: unknown): number {
  return STATUS[reasonOf(error) ?? ErrorReason.INTERNAL] ?? 500;
}

function retryAfter(error: unknown): Record<string, string> {
  const wait = errorDetail(error)?.metadata['retry_after_ms'];
  return wait === undefined ? {} : { 'Retry-After': String(Math.ceil(Number(wait) / 1_000)) };
}
