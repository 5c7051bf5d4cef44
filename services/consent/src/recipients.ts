import { DomainError, ErrorReason } from '@irisvue/runtime';

/** Someone outside the mesh to whom something may be disclosed, if the person names it (CR-15). */
export interface Recipient {
  /** Short name: small letters, digits, `-` and `_`. */
  readonly id: string;
  /** Name and address for people. */
  readonly description: string;
}

/** Reads `id=Name, address; id=…`. Throws a RangeError for an entry that is not of this form or comes twice. */
export function parseRecipients(text: string): Recipient[] {
  const entries = text.split(';').map((entry) => entry.trim());
  const recipients = entries.filter(Boolean).map((entry) => {
    const [, id, description] = /^([a-z0-9_-]{1,40})\s*=\s*(\S.*)$/.exec(entry) ?? [];
    if (id === undefined || description === undefined)
      throw new RangeError(`"${entry}" is not of the form id=Name, address`);
    return { id, description };
  });
  if (new Set(recipients.map(({ id }) => id)).size < recipients.length) throw new RangeError('a recipient comes twice');
  return recipients;
}

/** The offered recipients that were named, in the operator's order. INVALID_FIELD for one that is not offered. */
export function namedRecipients(offered: readonly Recipient[], named: readonly string[]): Recipient[] {
  if (named.some((id) => !offered.some((recipient) => recipient.id === id))) {
    throw new DomainError(ErrorReason.INVALID_FIELD, 'a recipient is not offered here', {
      field: 'recipients',
      limit: offered.map(({ id }) => id).join(','),
    });
  }
  return offered.filter(({ id }) => named.includes(id));
}
