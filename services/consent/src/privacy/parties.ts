import { create } from '@bufbuild/protobuf';
import type { Client } from '@connectrpc/connect';
import { SubjectSchema } from '@irisvue/contracts/irisvue/consent/v1/consent_service';
import {
  type EraseSubjectResponse,
  JointWorkOutcome,
  type SubjectDataService,
} from '@irisvue/contracts/irisvue/privacy/v1/subject_data_service';
import { SUBJECT_KINDS } from '../consent-enums.ts';
import type { Subject } from '../subjects.ts';

/** Something that was erased, as it is kept for the certificate. */
export interface ErasedPart {
  readonly objects: ReadonlyArray<{
    readonly id: string;
    readonly kind: string;
    readonly sha256: string;
    readonly sizeBytes: number;
  }>;
  readonly rows: number;
  readonly jointWorks: ReadonlyArray<{
    readonly artworkId: string;
    readonly outcome: 'deleted' | 'remade';
    readonly otherUserIds: readonly string[];
  }>;
}

/** What was found of a subject, and where it was looked for. */
export interface SubjectScan {
  readonly findings: ReadonlyArray<{ readonly place: string; readonly count: number }>;
  readonly lookedAt: readonly string[];
}

/** A file of an export. */
export interface ExportItem {
  /** Where it lies in the archive. */
  readonly path: string;
  /** A text as it is, or the key of an object whose bytes it has. */
  readonly content: { readonly text: string } | { readonly objectKey: string };
  /** What it is, in a few words. */
  readonly caption?: string;
}

/** Whoever holds data of people: this service itself, or another one. All calls are harmless when repeated. */
export interface Party {
  readonly name: string;
  block(subject: Subject, erasureId: string, signal: AbortSignal): Promise<void>;
  erase(subject: Subject, erasureId: string, signal: AbortSignal): AsyncIterable<ErasedPart>;
  scan(subject: Subject, signal?: AbortSignal): Promise<SubjectScan>;
  export(subject: Subject, signal: AbortSignal): AsyncIterable<ExportItem>;
}

// A block waits for whoever is writing about the subject, and a scan reads every table.
const LONG_CALL_MS = 60_000;

/** Another service that holds data of people. */
export function remoteParty(name: string, client: Client<typeof SubjectDataService>): Party {
  return {
    name,
    async block(subject, erasureId, signal) {
      await client.blockSubject({ subject: message(subject), erasureId }, { signal, timeoutMs: LONG_CALL_MS });
    },
    async *erase(subject, erasureId, signal) {
      for await (const part of client.eraseSubject({ subject: message(subject), erasureId }, { signal })) {
        yield erasedPart(part);
      }
    },
    async scan(subject, signal) {
      return client.scanSubject({ subject: message(subject) }, { signal, timeoutMs: LONG_CALL_MS });
    },
    async *export(subject, signal) {
      for await (const { path, content } of client.exportSubject({ subject: message(subject) }, { signal })) {
        yield {
          path,
          content: content.case === 'objectKey' ? { objectKey: content.value } : { text: content.value ?? '' },
        };
      }
    },
  };
}

function message({ id, kind }: Subject) {
  return create(SubjectSchema, { id, kind: SUBJECT_KINDS[kind] });
}

function erasedPart(part: EraseSubjectResponse): ErasedPart {
  return {
    objects: part.objects.map(({ id, kind, sha256, sizeBytes }) => ({
      id,
      kind,
      sha256,
      sizeBytes: Number(sizeBytes),
    })),
    rows: part.rows,
    jointWorks: part.jointWorks.map(({ artworkId, outcome, otherUserIds }) => ({
      artworkId,
      outcome: outcome === JointWorkOutcome.REMADE ? 'remade' : 'deleted',
      otherUserIds,
    })),
  };
}
