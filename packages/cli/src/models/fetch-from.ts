import { createReadStream } from 'node:fs';

/** Where bytes may come from. */
export interface UrlRules {
  /** Plain http also from other machines; a person has to ask for it. */
  readonly allowHttp: boolean;
  /** Files of this machine: only for a registry that is one itself. */
  readonly allowFiles: boolean;
}

const mostRedirects = 5;
/** A server that is silent for this long is given up, in milliseconds. */
const silenceLimitMs = 60_000;

/**
 * The bytes behind a URL: https; http of this machine; other http and files where the rules allow them. A redirect may
 * lead to https, and from this machine to this machine.
 * @throws Error that names the URL and what is wrong: not allowed, HTTP status, silence, no connection, cut off.
 */
export async function* fetchFrom(url: URL, rules: UrlRules, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  if (url.protocol === 'file:') {
    if (!rules.allowFiles) throw new Error(`${url}: a registry from elsewhere cannot name files of this machine`);
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
  requireAllowed(url, rules);
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    // As it lies there: sizes and hashes are of the bytes that are stored.
    const answer = await fetch(url, { signal, redirect: 'manual', headers: { 'accept-encoding': 'identity' } });
    const location = answer.headers.get('location');
    if (answer.ok) return answer;
    await answer.body?.cancel();
    if (answer.status < 300 || answer.status > 399 || !location) throw new UrlError(url, `HTTP ${answer.status}`);
    const next = new URL(location, url);
    requireFollowed(url, next, rules);
    url = next;
  }
  throw new UrlError(first, `more than ${mostRedirects} redirects`);
}

function requireAllowed(url: URL, { allowHttp }: UrlRules): void {
  if (url.protocol === 'https:') return;
  if (url.protocol === 'http:' && (allowHttp || isThisMachine(url))) return;
  if (url.protocol === 'http:') throw new UrlError(url, 'plain http; --allow-http takes it nevertheless');
  throw new UrlError(url, 'only https, and http of this machine, can be fetched');
}

/** No redirect leads from a safe address to a less safe one, nor from elsewhere into this machine. */
function requireFollowed(from: URL, to: URL, { allowHttp }: UrlRules): void {
  if (to.protocol === 'https:' && (isThisMachine(from) || !isThisMachine(to))) return;
  if (to.protocol === 'http:' && from.protocol === 'http:') {
    if (isThisMachine(from) && isThisMachine(to)) return;
    if (allowHttp && !isThisMachine(to)) return;
  }
  throw new UrlError(from, `redirects to ${to}, which is not followed`);
}

function isThisMachine({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  if (message === 'terminated') return 'the transfer was cut off';
  return cause instanceof Error ? `${message}: ${cause.message || (cause as NodeJS.ErrnoException).code}` : message;
}
