/** The words of `airspace plan`. */
import type { Command } from 'commander';
import type { Does } from './action.ts';

export const addPlan = (program: Command, does: Does): void => {
  const plan = program.command('plan').description('work in several steps: check it, run it, look after its runs');
  plan
    .command('check [name]')
    .description('what a plan would do, cost and be allowed, before it does anything; from a file with -f')
    .option('-f, --file <path>', 'a Plan that is not applied yet; - reads standard input')
    .option('--input <json>', 'what it would be started with; @file reads a file')
    .option('--as <agent>', 'who would start it; default: you')
    .action(
      does(async (context, [name], options) =>
        (await import('./commands/plan/check.ts')).check(context, name, options),
      ),
    );
  plan
    .command('run <name>')
    .description('start a plan, and answer the id of the run')
    .option('--input <json>', 'what it is started with; @file reads a file')
    .option('--as-key <key>', 'the key of whoever starts it; default: yours')
    .option('--session <id>', 'session that it belongs to')
    .option('--idempotency-key <key>', 'start it once, however often this is said')
    .option('-w, --watch', 'follow it to its end')
    .action(
      does(async (context, [name = ''], options) =>
        (await import('./commands/plan/run.ts')).run(context, name, options),
      ),
    );
  plan
    .command('ls')
    .description('runs, newest first')
    .option('--plan <name>', 'of this plan')
    .option(
      '--state <state>',
      'running, paused, held, compensating, cancelling, done, failed, compensated, cancelled or stuck',
    )
    .option('--limit <n>', 'most rows')
    .action(does(async (context, _, options) => (await import('./commands/plan/runs.ts')).list(context, options)));
  plan
    .command('show <id>')
    .description('one run and its steps')
    .option('-w, --watch', 'follow it to its end')
    .option('--history', 'every event, instead of how the steps stand')
    .action(
      does(async (context, [id = ''], options) => (await import('./commands/plan/runs.ts')).show(context, id, options)),
    );
  for (const [wish, text] of [
    ['cancel', 'stop a run, and take back what ran'],
    ['pause', 'begin no further step'],
    ['resume', 'go on with a run that was paused'],
  ] as const)
    plan
      .command(`${wish} <ids...>`)
      .description(text)
      .action(does(async (context, ids) => (await import('./commands/plan/wish.ts')).wish(context, wish, ids)));
  plan
    .command('retry <id>')
    .description('run a step that failed again, and everything behind it')
    .requiredOption('--from <step>', 'such as book, book[3], or ~book for what takes it back')
    .action(
      does(async (context, [id = ''], options) =>
        (await import('./commands/plan/wish.ts')).retry(context, id, options),
      ),
    );
  plan
    .command('signal <id> <name>')
    .description('what a step waits for with `wait: {signal: name}`')
    .option('--data <json>', 'its result; @file reads a file')
    .action(
      does(async (context, [id = '', name = ''], options) =>
        (await import('./commands/plan/wish.ts')).signal(context, id, name, options),
      ),
    );
};
