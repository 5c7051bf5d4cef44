import { readFile, writeFile } from 'node:fs/promises';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { AuditAction, AuditOutcome } from '@irisvue/contracts/irisvue/privacy/v1/audit';
import { type AuditEntry, AuditProblem, AuditService } from '@irisvue/contracts/irisvue/privacy/v1/audit_service';
import type { RunContext } from './main.ts';
import { signedIn } from './signed-in.ts';

/** Exit code of `audit verify` for a log that is not whole. */
const BROKEN = 3;
const PAGE = 250;

const PROBLEMS: Readonly<Record<AuditProblem, string>> = {
  [AuditProblem.UNSPECIFIED]: '',
  [AuditProblem.CHANGED]: 'was changed',
  [AuditProblem.MISSING]: 'is missing',
  [AuditProblem.INSERTED]: 'was inserted',
  [AuditProblem.CUT_OFF]: 'and what followed were cut off',
  [AuditProblem.WRITTEN_ANEW]: 'is not what the anchor says: the log was written anew',
  [AuditProblem.ANCHOR_FORGED]: '',
};

/** Prints entries, newest first; an operator sees all, others those about themselves. */
export async function listAudit(run: RunContext, limit: number): Promise<void> {
  await signedIn(run, async ({ transport }) => {
    const audit = createClient(AuditService, transport);
    let left = limit;
    let pageToken = '';
    do {
      const page = await audit.listAuditEntries({ pageSize: Math.min(left, PAGE), pageToken }, { signal: run.signal });
      for (const entry of page.entries) console.log(entryLine(entry));
      left -= page.entries.length;
      pageToken = page.nextPageToken;
    } while (pageToken !== '' && left > 0);
  });
}

/** Walks the chain; with an anchor file, also back to it. Sets the exit code to 3 when the log is not whole. */
export async function verifyAudit(run: RunContext, anchorFile?: string): Promise<void> {
  const anchor = anchorFile === undefined ? '' : (await readFile(anchorFile, 'utf8')).trim();
  await signedIn(run, async ({ transport }) => {
    const { entries, problem, seq } = await createClient(AuditService, transport).verifyAuditLog(
      { anchor },
      { signal: run.signal, timeoutMs: 0 },
    );
    if (problem === AuditProblem.UNSPECIFIED) {
      console.log(`The audit log is whole: ${entries} entries${anchor ? ', the anchor among them' : ''}.`);
      return;
    }
    process.exitCode = BROKEN;
    const what =
      problem === AuditProblem.ANCHOR_FORGED
        ? 'The anchor is not signed by this mesh.'
        : `Entry ${seq} ${PROBLEMS[problem]}.`;
    console.log(`The audit log is broken. ${what}`);
  });
}

/** Prints or writes the signed end of the chain. */
export async function anchorAudit(run: RunContext, out?: string): Promise<void> {
  await signedIn(run, async ({ transport }) => {
    const { anchor } = await createClient(AuditService, transport).getAuditAnchor({}, { signal: run.signal });
    if (out === undefined) console.log(anchor);
    else await writeFile(out, `${anchor}\n`);
  });
}

function entryLine(entry: AuditEntry): string {
  const time = entry.time === undefined ? '' : timestampDate(entry.time).toISOString();
  const actor = `${entry.actor}${entry.asOperator ? ' (operator)' : ''}`;
  const subjects = entry.subjects.length > 0 ? `of ${entry.subjects.join(', ')}` : '';
  const resources = entry.resources.map(({ type, id }) => `${type} ${id}`).join(', ');
  const outcome = nameOf(AuditOutcome, entry.outcome);
  return [entry.seq, time, entry.service, nameOf(AuditAction, entry.action), outcome, actor, subjects, resources]
    .filter((part) => part !== '')
    .join('  ');
}

function nameOf(all: Readonly<Record<string, number>>, value: number): string {
  return (Object.entries(all).find(([, number]) => number === value)?.[0] ?? 'unknown').toLowerCase();
}
