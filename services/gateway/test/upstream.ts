import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { ConnectRouter, HandlerContext } from '@connectrpc/connect';
import { ConsentService } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { IdentityService, ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { DownloadService, JobService } from '@irisvue/contracts/irisvue/jobs/v1/job_service';
import { ExportDownloadService } from '@irisvue/contracts/irisvue/privacy/v1/export';
import {
  authInterceptor,
  createLogger,
  DomainError,
  ErrorReason,
  requireService,
  requireUser,
  sendJson,
  serve,
  systemClock,
} from '@irisvue/runtime';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

export const SERVICE_SECRET = '0123456789abcdef0123456789abcdef';
/** The one token that the links of mails have here. */
export const MAILED_TOKEN = 'mailed-token_0123456789';
/** A new password that is refused for its number of tries. */
export const TRIED_TOO_OFTEN = 'tried too often';
/** Where a link to the archive of an export leads. */
export const PRESIGNED_ARCHIVE_URL = 'http://objects.example/exports/u/e/1.zip?signature=abc';
export const PRESIGNED_URL = 'http://objects.example/processed/u/j/1.jpg?signature=abc';

/** What stands behind the gateway in its tests: a real server that plays all rooms, with real tokens. */
export interface Upstream extends AsyncDisposable {
  readonly url: string;
  /** A user's access token. */
  userToken(userId?: string): Promise<string>;
  sign(payload: JWTPayload): Promise<string>;
  /** From now on links are refused for this reason; undefined: they resolve. */
  refuseLinks(reason: ErrorReason | undefined): void;
  /** Every e-mail that was verified: by which request, from which address. */
  readonly verified: readonly { readonly requestId: string; readonly address: string | null }[];
  /** Whether the server says that it is ready. */
  setReady(ready: boolean): void;
}

export async function startUpstream(): Promise<Upstream> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'EdDSA', use: 'sig' };
  const sign = (payload: JWTPayload): Promise<string> =>
    new SignJWT({ iss: 'irisvue-identity', ...payload })
      .setProtectedHeader({ alg: 'EdDSA', kid: 'k1' })
      .setExpirationTime('30m')
      .sign(privateKey);
  let linkRefusal: ErrorReason | undefined;
  let ready = true;
  const verified: Upstream['verified'][number][] = [];

  const routes = (router: ConnectRouter): void => {
    router.service(IdentityService, {
      createSession: () => ({ user: { id: 'signed-in' } }),
      verifyEmail({ token, requestId }, context) {
        if (token !== MAILED_TOKEN) throw new DomainError(ErrorReason.LINK_INVALID, 'the link does not work');
        verified.push({ requestId, address: context.requestHeader.get('x-forwarded-for') });
        return {};
      },
      resetPassword({ token, password }) {
        if (token !== MAILED_TOKEN) throw new DomainError(ErrorReason.LINK_INVALID, 'the link does not work');
        if (password === TRIED_TOO_OFTEN) {
          throw new DomainError(ErrorReason.RATE_LIMITED, 'too many tries', { retry_after_ms: '1500' });
        }
        throw new Error('a secret of the driver');
      },
      getUser: (_request, context) => ({ user: { id: requireUser(context).userId } }),
    });
    router.service(ServiceIdentityService, {
      async createServiceToken(request) {
        if (request.service !== 'gateway' || request.secret !== SERVICE_SECRET) {
          throw new DomainError(ErrorReason.BAD_CREDENTIALS, 'wrong secret');
        }
        const token = await sign({ sub: 'service:gateway', aud: 'irisvue-internal' });
        return { token, expireTime: timestampFromDate(new Date(Date.now() + 30 * 60_000)) };
      },
    });
    router.service(ConsentService, {
      getNotice: (_request, context) => ({ notice: { id: requireUser(context).userId } }),
    });
    router.service(JobService, {
      listJobs: (_request, context) => ({ jobs: [{ id: requireUser(context).userId }] }),
      async *watchJobs(_request, context: HandlerContext) {
        yield { job: { id: requireUser(context).userId, revision: 1n } };
        yield { job: { id: requireUser(context).userId, revision: 2n } };
      },
    });
    const resolved = (url: string) => (_request: unknown, context: HandlerContext) => {
      requireService(context, 'gateway');
      if (linkRefusal !== undefined) {
        throw new DomainError(linkRefusal, 'the link does not work', { problem: 'expired' });
      }
      return { url };
    };
    router.service(DownloadService, { resolveDownload: resolved(PRESIGNED_URL) });
    router.service(ExportDownloadService, { resolveExport: resolved(PRESIGNED_ARCHIVE_URL) });
  };

  // Its own keys are at its own address, which is known once it listens.
  const keys = async () => publicKey;
  const server = await serve({
    name: 'upstream',
    host: '127.0.0.1',
    port: 0,
    logger: createLogger({ service: 'upstream', level: 'silent' }),
    interceptors: [
      authInterceptor({
        keys,
        clock: systemClock,
        open: [
          IdentityService.method.createSession,
          IdentityService.method.verifyEmail,
          IdentityService.method.resetPassword,
          ServiceIdentityService.method.createServiceToken,
        ],
      }),
    ],
    routes,
    readiness: {
      switch: async () => {
        if (!ready) {
          throw new Error('switched off');
        }
      },
    },
    http(request, response) {
      if (request.url !== '/.well-known/jwks.json') {
        return false;
      }
      sendJson(response, 200, { keys: [jwk] });
      return true;
    },
  });

  return {
    url: server.url,
    verified,
    sign,
    userToken: (userId = 'user-1') => sign({ sub: userId, sid: 'session-1', aud: 'irisvue' }),
    refuseLinks(reason) {
      linkRefusal = reason;
    },
    setReady(value) {
      ready = value;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
