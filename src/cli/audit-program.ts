/** The tree of `airspace audit`. */
import type { Command } from 'commander';
import { collect, type Does } from './action.ts';

export const addAudit = (program: Command, does: Does): void => {
  const audit = program.command('audit').description('what was done, in a chain that shows when it was touched');
  audit
    .command('ls')
    .description('records, newest first')
    .option('--kind <kind>', 'such as call.refused')
    .option('--actor <who>', 'such as agent/orders')
    .option('--object <what>', 'such as agent/orders/where')
    .option('--call <id>', 'about one call')
    .option('--since <time>', 'such as 1h')
    .option('--limit <n>', 'most records')
    .action(does(async (context, _, options) => (await import('./commands/audit.ts')).list(context, options)));
  audit
    .command('show <seq>')
    .description('one record, whole, and whether it is as it was written; exit 1 when not')
    .option('--node <id>', 'of what this node has handed over, instead of what the hub wrote')
    .option('--chain <tenant>', 'of which tenant, where it is not the own')
    .action(
      does(async (context, [seq = ''], options) =>
        (await import('./commands/audit-show.ts')).showRecord(context, seq, options),
      ),
    );
  audit
    .command('export')
    .description(
      'all records in order, one JSON object a line; or all that one agent did, to be checked without the hub',
    )
    .option('--from <seq>', 'the first record; 1 unless said')
    .option('--agent <name>', 'its calls, decisions, approvals and data, with the records that prove them')
    .option('--since <time>', 'with --agent, such as 24h')
    .option('--no-proof', 'with --agent, without the records of others that hold the chain together')
    .option('--checkpoints <path>', 'with --agent, file of checkpoints from elsewhere, repeatable', collect)
    .option('--node <id>', 'what this node has handed over, instead of what the hub wrote')
    .option('--chain <tenant>', 'of which tenant, where it is not the own')
    .action(does(async (context, _, options) => (await import('./commands/audit.ts')).exportAll(context, options)));
  audit
    .command('verify')
    .description('is it what was written? names the first bad record; exit 1 when not')
    .option('--file <path>', 'an export, instead of what the node holds')
    .option('--checkpoints <path>', 'file of checkpoints from elsewhere, repeatable', collect)
    .option('--signer <key>', 'public key that signed them, from `airspace audit key`')
    .option('--tenant <name>', 'whose records these are')
    .option('--node <id>', 'what this node has handed over, instead of what the hub wrote')
    .option('--chain <tenant>', 'of which tenant, where it is not the own')
    .action(does(async (context, _, options) => (await import('./commands/audit.ts')).verify(context, options)));
  audit
    .command('nodes')
    .description('nodes that have handed over what they wrote down')
    .action(does(async (context) => (await import('./commands/audit.ts')).nodes(context)));
  audit
    .command('key')
    .description('the public key that signs checkpoints; keep it elsewhere')
    .action(does(async (context) => (await import('./commands/audit.ts')).key(context)));
};
