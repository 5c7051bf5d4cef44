import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectRouter } from '@connectrpc/connect';
import { SubjectKind } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import { type MailTemplate, ServiceIdentityService } from '@irisvue/contracts/irisvue/identity/v1/identity_service';
import { JointWorkOutcome, SubjectDataService } from '@irisvue/contracts/irisvue/privacy/v1/subject_data_service';
import { newId } from '@irisvue/database';
import { createLogger, DomainError, ErrorReason, serve } from '@irisvue/runtime';

/** What a holder keeps of one person. */
export interface Held {
  readonly objects: readonly string[];
  readonly jointWith: readonly string[];
}

/** A file of an export: a document, or an object of the store. */
export interface ExportedFile {
  readonly path: string;
  readonly text?: string;
  readonly objectKey?: string;
}

const objectAt = (value: string) => ({ case: 'objectKey' as const, value });

/**
 * A service that holds data of people in memory, as jobs and identity do in their databases: it refuses to erase what is
 * not blocked, tells of each object and each joint work again each time, and takes its time, so that a caller can die meanwhile.
 */
export function createDataHolder(o: { readonly stepMs?: number } = {}) {
  const held = new Map<string, Held>();
  const blocked = new Set<string>();
  const erased = new Map<string, Array<{ id: string; sha256: string; kind: string; sizeBytes: bigint }>>();
  const artworks = new Map<string, { artworkId: string; otherUserIds: string[] }>();
  const exported = new Map<string, readonly ExportedFile[]>();
  const mails = new Map<string, { userId: string; template: MailTemplate }>();
  let down = false;
  const answer = () => {
    if (down) throw new DomainError(ErrorReason.DEPENDENCY_DOWN, 'down', { dependency: 'holder' });
  };
  const routes = (router: ConnectRouter): void => {
    router.service(SubjectDataService, {
      async blockSubject({ subject }) {
        answer();
        await delay(o.stepMs ?? 0);
        blocked.add(subject!.id);
        return {};
      },
      async *eraseSubject({ subject }) {
        const { id } = subject!;
        if (!blocked.has(id)) throw new DomainError(ErrorReason.SUBJECT_NOT_BLOCKED, 'not blocked');
        const log = erased.get(id) ?? [];
        erased.set(id, log);
        if (log.length > 0) yield { objects: log };
        for (const object of held.get(id)?.objects ?? []) {
          await delay(o.stepMs ?? 0);
          const gone = { id: newId(), sha256: sha256(object), kind: 'photo', sizeBytes: BigInt(object.length) };
          log.push(gone);
          const left = held.get(id)!;
          held.set(id, { ...left, objects: left.objects.filter((each) => each !== object) });
          yield { objects: [gone], rows: 1 };
        }
        const others = held.get(id)?.jointWith ?? [];
        if (others.length > 0 && !artworks.has(id)) {
          artworks.set(id, { artworkId: newId(), otherUserIds: [...others] });
        }
        const artwork = artworks.get(id);
        if (artwork !== undefined) yield { jointWorks: [{ ...artwork, outcome: JointWorkOutcome.DELETED }] };
        held.delete(id);
        yield { progress: 100 };
      },
      async *exportSubject({ subject }) {
        answer();
        const isPerson = subject!.kind === SubjectKind.SELF || subject!.kind === SubjectKind.MINOR;
        for (const { path, text, objectKey } of (isPerson && exported.get(subject!.id)) || []) {
          await delay(o.stepMs ?? 0);
          const content = objectKey === undefined ? { case: 'json' as const, value: text ?? '' } : objectAt(objectKey);
          yield { path, content };
        }
      },
      async scanSubject({ subject }) {
        const count = held.get(subject!.id)?.objects.length ?? 0;
        return { findings: count > 0 ? [{ place: 'holder.objects', count }] : [], lookedAt: ['holder.objects'] };
      },
    });
  };
  return {
    held,
    /** What it exports, by the id of the subject. */
    exported,
    mails,
    routes,
    isDown(now: boolean) {
      down = now;
    },
  };
}

/** The same as a server, which also sends mails as identity does. */
export async function startDataHolder(o: { readonly stepMs?: number } = {}) {
  const holder = createDataHolder(o);
  const server = await serve({
    name: 'holder',
    host: '127.0.0.1',
    port: 0,
    logger: createLogger({ service: 'holder', level: 'silent' }),
    readiness: {},
    routes: (router) => {
      holder.routes(router);
      router.service(ServiceIdentityService, {
        async sendMail({ requestId, userId, template }) {
          await delay(o.stepMs ?? 0);
          holder.mails.set(requestId, { userId, template });
          return { mailId: requestId };
        },
      });
    },
  });
  return { ...holder, url: server.url, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
