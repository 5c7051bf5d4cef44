import type { RecipientHooks } from './tell-others.ts';

/** Reads `id=https://…; id=…`. Throws a RangeError for an entry that is not of this form or comes twice. */
export function parseRecipientHooks(text: string): RecipientHooks {
  const hooks = new Map<string, string>();
  for (const entry of text.split(';').map((each) => each.trim())) {
    if (entry === '') continue;
    const [, id, url] = /^([a-z0-9_-]{1,40})\s*=\s*(https?:\/\/\S+)$/.exec(entry) ?? [];
    if (id === undefined || url === undefined || !URL.canParse(url)) {
      throw new RangeError(`"${entry}" is not of the form id=https://…`);
    }
    if (hooks.has(id)) throw new RangeError(`${id} comes twice`);
    hooks.set(id, url);
  }
  return hooks;
}
