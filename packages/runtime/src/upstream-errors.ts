// Which peer an error came from. An error object is the key, so an entry lives as long as its error.
const peers = new WeakMap<object, string>();

/** Remembers that `error` is the answer of the peer named `service`. Returns the error. */
export function fromUpstream<E extends object>(error: E, service: string): E {
  peers.set(error, service);
  return error;
}

/** Name of the peer that answered with this error; undefined when it was made in this process. */
export function upstreamOf(error: object): string | undefined {
  return peers.get(error);
}
