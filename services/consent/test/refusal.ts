import { Code, ConnectError } from '@connectrpc/connect';
import { ErrorReason, errorDetail } from '@irisvue/runtime';

/** What a call was refused with: code, reason and facts by name. Throws when it was not refused. */
export async function refusal(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ConnectError)) throw new Error('the call was not refused', { cause: error });
  const detail = errorDetail(error);
  const reason = Object.entries(ErrorReason).find(([, number]) => number === detail?.reason)?.[0];
  return { code: Code[error.code], reason, metadata: detail?.metadata };
}
