import { type Command, InvalidArgumentError } from 'commander';
import { anchorAudit, listAudit, verifyAudit } from '../audit.ts';
import type { RunContext } from '../main.ts';

/** Registers audit list, verify and anchor. */
export function auditCommand(program: Command, run: RunContext): void {
  const audit = program
    .command('audit')
    .summary('who did what to whose data')
    .description(
      'The audit log is append-only; each entry holds the hash of the one before. People stand in it by pseudonyms.',
    );
  audit
    .command('list')
    .summary('show entries, newest first')
    .description('An operator sees all entries, anybody else those about themselves.')
    .option('--limit <count>', 'at most so many', positive, 50)
    .action(({ limit }: { limit: number }) => listAudit(run, limit));
  audit
    .command('verify')
    .summary('walk the chain and name the first entry that was changed, inserted or is missing')
    .description('For operators. Exit code 3 when the log is not whole.')
    .option('--anchor <file>', 'an anchor of earlier: finds an end that was cut off or written anew')
    .action(({ anchor }: { anchor?: string }) => verifyAudit(run, anchor));
  audit
    .command('anchor')
    .summary('the end of the chain, signed: keep it elsewhere')
    .description('For operators.')
    .option('--out <file>', 'write it there')
    .action(({ out }: { out?: string }) => anchorAudit(run, out));
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('a number from 1 to 999999');
  return Number(text);
}
