/** The part of `airspace request` that looks at calls which were made, and stops them. */
import { type Command, Option } from 'commander';
import type { Does } from './action.ts';

/** Hangs on the word that makes calls. */
export const addRequests = (program: Command, does: Does): void => {
  const request = program.commands.find((command) => command.name() === 'request')!;
  request
    .command('ls')
    .description('calls, newest first; held: people were asked, and nothing was heard of it since')
    .addOption(
      new Option('--status <status>', 'how they went').choices([
        ...['held', 'ok', 'failed', 'denied', 'refused', 'cancelled', 'unknown'],
      ]),
    )
    .option('--agent <name>', 'that it made, or that it was called by')
    .option('--since <time>', 'such as 15m, or 2026-11-27T08:00:00Z')
    .option('--limit <n>', 'most rows', '30')
    .action(does(async (context, _, options) => (await import('./commands/calls.ts')).listCalls(context, options)));
  request
    .command('show <id>')
    .description('who made a call, through whom, and what became of it; as describe call')
    .action(
      does(async (context, [id = '']) => (await import('./commands/describe-call.ts')).describeCall(context, id)),
    );
  request
    .command('cancel <id>')
    .description('ask a call of yours to stop that runs by itself, or waits for people; what ran stays done')
    .option('--as-key <key>', 'as the owner of this key: whoever made it')
    .action(
      does(async (context, [id = ''], options) =>
        (await import('./commands/request-cancel.ts')).cancelRequest(context, id, options),
      ),
    );
};
