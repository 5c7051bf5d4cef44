import { type DescMethod, type Message, toJsonString } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient, type Interceptor } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';

/** How a call ended, in the words of matrix.txt. */
export type Outcome = 'no-token' | 'denied' | 'hidden' | 'refused' | 'absent' | 'own' | 'theirs' | 'invalid' | 'error';

/** Somebody who calls; undefined sends no token. */
export type Bearer = () => Promise<string | undefined>;

/**
 * Calls a method of the process at `url`, directly, and says how it ended: `own` when the answer tells nothing of the
 * victim's, `theirs` when it holds one of `secrets` that the request did not.
 */
export async function outcomeOf(o: {
  readonly url: string;
  readonly method: DescMethod;
  readonly request: Message;
  readonly bearer: Bearer;
  readonly secrets: readonly string[];
}): Promise<{ readonly outcome: Outcome; readonly why: string }> {
  const { method, request } = o;
  const token = await o.bearer();
  const transport = createGrpcTransport({ baseUrl: o.url, interceptors: token === undefined ? [] : [bearing(token)] });
  const client = createClient(method.parent, transport) as Record<
    string,
    (request: unknown, options: object) => unknown
  >;
  const abort = new AbortController();
  try {
    const answered = client[method.localName]!(request, { signal: abort.signal, timeoutMs: 20_000 });
    const answer = method.methodKind === 'unary' ? ((await answered) as Message) : await first(answered, abort);
    const said = answer === undefined ? '' : toJsonString(method.output, answer as never);
    const asked = toJsonString(method.input, request as never);
    const told = o.secrets.filter((secret) => said.includes(secret) && !asked.includes(secret));
    return told.length > 0 ? { outcome: 'theirs', why: said } : { outcome: 'own', why: said };
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    return { outcome: OUTCOMES[code] ?? 'error', why: `${Code[code]}: ${rawMessage}` };
  }
}

const OUTCOMES: Partial<Record<Code, Outcome>> = {
  [Code.Unauthenticated]: 'no-token',
  [Code.PermissionDenied]: 'denied',
  [Code.NotFound]: 'hidden',
  [Code.FailedPrecondition]: 'refused',
  [Code.AlreadyExists]: 'refused',
  [Code.Aborted]: 'refused',
  [Code.ResourceExhausted]: 'refused',
  [Code.Unimplemented]: 'absent',
  [Code.InvalidArgument]: 'invalid',
};

// The first message of a stream, or nothing when none comes within two seconds: a watcher may have nothing to see.
async function first(answered: unknown, abort: AbortController): Promise<Message | undefined> {
  const timer = setTimeout(() => abort.abort(NOTHING), 2_000);
  try {
    for await (const message of answered as AsyncIterable<Message>) return message;
    return undefined;
  } catch (error) {
    if (abort.signal.aborted) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
    abort.abort(NOTHING);
  }
}

const NOTHING = new Error('nothing came');

function bearing(token: string): Interceptor {
  return (next) => (request) => {
    request.header.set('Authorization', `Bearer ${token}`);
    return next(request);
  };
}
