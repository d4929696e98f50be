/** The words of `airspace approval`. */
import type { Command } from 'commander';
import { collect, type Does } from './action.ts';

export const addApproval = (program: Command, does: Does): void => {
  const approval = program.command('approval').description('calls that wait for people');
  approval
    .command('ls')
    .description('those that wait for you, newest first')
    .option('--state <state>', 'pending, approved, denied, expired, consumed, cancelled or all', 'pending')
    .option('--limit <n>', 'most rows')
    .action(does(async (context, _, options) => (await import('./commands/approval.ts')).list(context, options)));
  approval
    .command('show <id>')
    .description('one of them, with exactly what would be sent')
    .action(does(async (context, [id = '']) => (await import('./commands/approval.ts')).show(context, id)));
  for (const verdict of ['approve', 'deny'] as const)
    approval
      .command(`${verdict} <ids...>`)
      .description(verdict === 'approve' ? 'let it run, once' : 'one no is enough')
      .option('--comment <text>', 'for the audit; a no is told to the caller')
      .option('-y, --yes', 'do not ask')
      .action(
        does(async (context, ids, options) =>
          (await import('./commands/approval.ts')).vote(context, verdict, ids, options),
        ),
      );
  approval
    .command('edit <id>')
    .description('propose other arguments; others must approve them')
    .option('--set <field=value>', 'a field of the payload, repeatable', collect)
    .option('--comment <text>', 'for the audit')
    .option('-y, --yes', 'do not ask')
    .action(
      does(async (context, [id = ''], options) => (await import('./commands/approval.ts')).edit(context, id, options)),
    );
  approval
    .command('watch')
    .description('a line whenever a call begins to wait, or is decided')
    .option('--once', 'what there is now, and end')
    .action(does(async (context, _, options) => (await import('./commands/approval.ts')).watch(context, options)));
};
