import { createReadStream } from 'node:fs';
import { refusalOf, refusalOfRedirect, type UrlRules } from './url-rules.ts';

const mostRedirects = 5;
/** A server that is silent for this long is given up, in milliseconds. */
const silenceLimitMs = 60_000;

/**
 * The bytes behind a URL: https; http of this machine; other http and files where the rules allow them. A redirect may
 * lead to https, and from this machine to this machine.
 * @throws Error that names the URL and what is wrong: not allowed, HTTP status, silence, no connection, cut off.
 */
export async function* fetchFrom(url: URL, rules: UrlRules, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  if (url.protocol === 'file:' && rules.allowFiles) {
    yield* createReadStream(url, signal ? { signal } : {});
    return;
  }
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error(`silent for ${silenceLimitMs / 1000} s`)), silenceLimitMs);
  const either = AbortSignal.any([silence.signal, ...(signal ? [signal] : [])]);
  try {
    const answer = await request(url, rules, either);
    for await (const chunk of answer.body ?? []) {
      timer.refresh();
      yield chunk;
    }
  } catch (cause) {
    signal?.throwIfAborted();
    throw cause instanceof UrlError ? cause : new UrlError(url, reasonOf(cause), { cause });
  } finally {
    clearTimeout(timer);
  }
}

class UrlError extends Error {
  constructor(url: URL, problem: string, options?: ErrorOptions) {
    super(`${url}: ${problem}`, options);
  }
}

async function request(first: URL, rules: UrlRules, signal: AbortSignal): Promise<Response> {
  let url = first;
  const refusal = refusalOf(url, rules);
  if (refusal) throw new UrlError(url, refusal);
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    // As it lies there: sizes and hashes are of the bytes that are stored.
    const answer = await fetch(url, { signal, redirect: 'manual', headers: { 'accept-encoding': 'identity' } });
    const location = answer.headers.get('location');
    if (answer.ok) return answer;
    await answer.body?.cancel();
    if (answer.status < 300 || answer.status > 399 || !location) throw new UrlError(url, `HTTP ${answer.status}`);
    const next = new URL(location, url);
    const refusal = refusalOfRedirect(url, next, rules);
    if (refusal) throw new UrlError(url, refusal);
    url = next;
  }
  throw new UrlError(first, `more than ${mostRedirects} redirects`);
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  if (message === 'terminated') return 'the transfer was cut off';
  return cause instanceof Error ? `${message}: ${cause.message || (cause as NodeJS.ErrnoException).code}` : message;
}
