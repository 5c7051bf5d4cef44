import { timestampDate } from '@bufbuild/protobuf/wkt';
import { ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { createServiceClient } from './client.ts';
import type { Clock } from './clock.ts';

interface Held {
  readonly token: string;
  readonly renewAt: number;
  readonly expiresAt: number;
}

// Renewed when this share of its life is left, so that a slow or restarting identity goes unnoticed.
const RENEW_SHARE_LEFT = 1 / 3;

/**
 * Gives a service's token, traded at identity for its secret. It is cached and renewed when a third of its life is
 * left; callers that ask at the same time share one request. While a held token is valid, a failed renewal goes unseen.
 */
export function serviceTokenSource(o: {
  readonly identityUrl: string;
  readonly service: string;
  readonly secret: string;
  readonly clock: Clock;
}): () => Promise<string> {
  const identity = createServiceClient(ServiceIdentityService, { url: o.identityUrl });
  let held: Held | undefined;
  let pending: Promise<Held> | undefined;

  const renew = async (): Promise<Held> => {
    const { token, expireTime } = await identity.createServiceToken({ service: o.service, secret: o.secret });
    const now = o.clock.now().getTime();
    const expiresAt = expireTime === undefined ? now : timestampDate(expireTime).getTime();
    held = { token, expiresAt, renewAt: expiresAt - (expiresAt - now) * RENEW_SHARE_LEFT };
    return held;
  };

  return async () => {
    const now = o.clock.now().getTime();
    if (held !== undefined && now < held.renewAt) {
      return held.token;
    }
    pending ??= renew().finally(() => {
      pending = undefined;
    });
    try {
      return (await pending).token;
    } catch (error) {
      if (held !== undefined && now < held.expiresAt) {
        return held.token;
      }
      throw error;
    }
  };
}
