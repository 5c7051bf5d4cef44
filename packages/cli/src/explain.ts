import { ConnectError } from '@connectrpc/connect';
import { ErrorReason } from '@irisvue/contracts/irisvue/errors/v1/errors';
import { errorDetail } from '@irisvue/runtime';

/** One sentence for a person: what went wrong, with the field and the limit where the mesh names them. */
export function explain(error: unknown): string {
  if (!(error instanceof ConnectError)) return error instanceof Error ? error.message : String(error);
  const detail = errorDetail(error);
  if (!detail) return error.rawMessage;
  const facts = Object.entries(detail.metadata).map(([key, value]) => `${key} ${value}`);
  const reason = reasonName(detail.reason);
  return `${error.rawMessage} [${[reason, ...facts].join(', ')}]`;
}

function reasonName(reason: ErrorReason): string {
  const name = Object.entries(ErrorReason).find(([, value]) => value === reason)?.[0] ?? 'unknown';
  return name.toLowerCase().replaceAll('_', ' ');
}
