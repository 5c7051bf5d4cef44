import type { HandlerContext } from '@connectrpc/connect';
import { errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { z } from 'zod';
import { TOKEN_ALGORITHM } from './auth.ts';
import type { Clock } from './clock.ts';
import { DomainError, ErrorReason } from './errors.ts';
import { remoteKeys, rethrowIfUnreachable } from './remote-keys.ts';

/** Header that carries a step's capability token. */
export const CAPABILITY_HEADER = 'irisvue-capability';
/** Issuer of capability tokens. */
export const CAPABILITY_ISSUER = 'irisvue-consent';
/** Audience of capability tokens. */
export const CAPABILITY_AUDIENCE = 'irisvue-step';

const claimsSchema = z.object({
  /** Whose eyes the step touches; kind is self, synthetic or evaluation. */
  subjects: z.array(z.object({ id: z.string(), kind: z.string() })).min(1),
  /** What they consented to, for example "data_processing". */
  purpose: z.string(),
  /** The job's id. */
  job: z.string(),
  /** The step, for example "segmenting". */
  step: z.string(),
  /** The attempt, the job's fencing token. */
  attempt: z.int(),
});

/** What consent allows by a capability token. */
export type StepClaims = Readonly<z.infer<typeof claimsSchema>>;

/** The work that a token must be for. */
export interface ExpectedStep {
  readonly jobId: string;
  readonly step: string;
  readonly attempt: number;
}

/**
 * Makes the check that a vision service does before it touches pixels: the call's capability token is signed by
 * consent, not expired, and for exactly this job, step and attempt. CAPABILITY_INVALID {problem} otherwise, problem
 * being missing, expired, invalid, job, step or attempt; DEPENDENCY_DOWN when consent's keys cannot be had.
 */
export function capabilityVerifier(o: {
  readonly clock: Clock;
  readonly consentUrl: string;
  readonly keys?: JWTVerifyGetKey;
}): (context: Pick<HandlerContext, 'requestHeader'>, expect: ExpectedStep) => Promise<StepClaims> {
  const keys = o.keys ?? remoteKeys(o.consentUrl);
  return async (context, expect) => {
    const token = context.requestHeader.get(CAPABILITY_HEADER);
    if (token === null || token === '') {
      throw refusal('missing');
    }
    const claims = await claimsOf(token, keys, o.clock);
    if (claims.job !== expect.jobId) {
      throw refusal('job');
    }
    if (claims.step !== expect.step) {
      throw refusal('step');
    }
    if (claims.attempt !== expect.attempt) {
      throw refusal('attempt');
    }
    return claims;
  };
}

async function claimsOf(token: string, keys: JWTVerifyGetKey, clock: Clock): Promise<StepClaims> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: CAPABILITY_ISSUER,
      audience: CAPABILITY_AUDIENCE,
      algorithms: [TOKEN_ALGORITHM],
      requiredClaims: ['exp'],
      currentDate: clock.now(),
    });
    const parsed = claimsSchema.safeParse(payload);
    if (!parsed.success) {
      throw refusal('invalid', parsed.error);
    }
    return parsed.data;
  } catch (error) {
    if (error instanceof DomainError) {
      throw error;
    }
    rethrowIfUnreachable(error, 'consent');
    throw refusal(error instanceof errors.JWTExpired ? 'expired' : 'invalid', error);
  }
}

function refusal(
  problem: 'missing' | 'expired' | 'invalid' | 'job' | 'step' | 'attempt',
  cause?: unknown,
): DomainError {
  const message = 'the step has no valid capability';
  return new DomainError(ErrorReason.CAPABILITY_INVALID, message, { problem }, { cause });
}
