/** The tree of commands that only look: what there is, what goes on, and why a call went as it did. */
import { Argument, type Command, Option } from 'commander';
import { collect, type Does } from './action.ts';

export const addLooking = (program: Command, does: Does): void => {
  program
    .command('status')
    .description('the node, its configuration and its targets')
    .action(does(async (context) => (await import('./commands/status.ts')).status(context)));
  program
    .command('check')
    .description('is everything well? exit 1 when not')
    .option('--wait <time>', 'wait this long until it is, such as 30s')
    .action(does(async (context, _, options) => (await import('./commands/status.ts')).check(context, options)));
  program
    .command('get <kind> [names...]')
    .description(
      'list agents, tools, models, routes, policies, budgets, domains, users, keys; instances, nodes, sidecars, targets, calls (requests), breakers, incidents, approvals',
    )
    .option('-l, --selector <labels>', 'such as tier=gold,zone!=b')
    .option('-d, --domain <name>', 'of one domain')
    .option('--limit <n>', 'most rows, for calls, incidents and approvals')
    .option('-w, --watch', 'draw it again until ctrl-c; in a pipe, only what changes')
    .option('--interval <time>', 'between two looks of a watch', '1s')
    .action(
      does(async (context, [kind = '', ...names], options) =>
        (await import('./commands/get.ts')).get(context, kind, names, options),
      ),
    );
  program
    .command('describe <kind> <name>')
    .description(
      'one resource with its endpoints and last calls, a node with its certificate, or a call with who made it',
    )
    .action(
      does(async (context, [kind = '', name = '']) =>
        (await import('./commands/describe.ts')).describe(context, kind, name),
      ),
    );
  program
    .command('wait <what>')
    .description('until agent/orders is ready, node/<id> alive, call/<id> done; exit 7 when the time is over')
    .option('--for <condition>', 'ready, exists, gone; alive, silent; done, ok; decided, approved')
    .option('--timeout <time>', 'longest wait', '60s')
    .action(
      does(async (context, [what = ''], options) => (await import('./commands/wait.ts')).wait(context, what, options)),
    );
  program
    .command('top')
    .addArgument(
      new Argument('[what]', 'over a while').choices(['agents', 'callers', 'models', 'tools', 'targets', 'operations']),
    )
    .description('rates, latencies and endpoints now; of agents, models, tools or operations, what calls came to')
    .addOption(
      new Option('--sort <measure>', 'the largest first').choices([
        ...['calls', 'errors', 'denied', 'held', 'cost', 'tokens', 'time', 'waiting', 'mean', 'p99', 'queue'],
      ]),
    )
    .option('--since <time>', 'how far back, such as 15m or 7d; 1h unless said')
    .option('--limit <n>', 'most rows; 20 unless said')
    .option('--interval <time>', 'between two reads', '1s')
    .option('--count <n>', 'end after so many')
    .action(does(async (context, [what], options) => (await import('./commands/top.ts')).top(context, what, options)));
  program
    .command('tap')
    .description('calls as they finish, one line each')
    .option('--status <status>', 'ok, failed, denied, refused, cancelled or unknown')
    .option('--target <name>', 'of one target')
    .action(does(async (context, _, options) => (await import('./commands/observe.ts')).tap(context, options)));
  program
    .command('logs [agent]')
    .description('what nodes wrote down: of all, of one agent, or of those with labels')
    .option('-f, --follow', 'go on as it is written')
    .option('-l, --selector <labels>', 'of agents with these, such as tier=gold')
    .addOption(new Option('--level <level>', 'least level').choices(['debug', 'info', 'warn', 'error']))
    .option('--request <id>', 'about one call')
    .addOption(new Option('--call <id>', 'as --request').hideHelp())
    .option('--trace <id>', 'about one trace')
    .option('--node <id>', 'that one node wrote')
    .option('--since <time>', 'such as 15m, or 2026-11-27T08:00:00Z')
    .option('--until <time>', 'the same')
    .option('--grep <field=value>', 'that have this in a field, or this text in their message')
    .option('--limit <n>', 'most records, the newest', '100')
    .action(
      does(async (context, [agent], options) => (await import('./commands/logs.ts')).logs(context, agent, options)),
    );
  const trace = program
    .command('trace')
    .argument('<id>')
    .description('a call or trace as a tree over all nodes; -o otlp: as a file for other viewers of traces')
    .addOption(
      new Option('--critical-path', 'what its end waited for, piece by piece: who worked, and what was waited for')
        // It covers all of the time once, or it is none.
        .conflicts(['min', 'kind', 'fold']),
    )
    .option('--min <time>', 'without shorter spans, such as 50ms; what led to longer ones stays. Not for -o json')
    .addOption(
      new Option(
        '--kind <kind>',
        'only calls of models, tools or agents, and what led to them. Not for -o json',
      ).choices(['model', 'tool', 'agent']),
    )
    .option('--no-fold', 'long waits for people as long as they were; folded unless said')
    .action(
      does(async (context, [id = ''], options) => (await import('./commands/trace.ts')).trace(context, id, options)),
    );
  trace
    .command('diff <a> <b>')
    .description('two trees of calls beside each other; exit 1 when more than times and costs differs')
    .action(
      does(async (context, [a = '', b = '']) => (await import('./commands/trace-diff.ts')).traceDiff(context, a, b)),
    );
  program
    .command('why <id>')
    .description('why a call went as it did, decision by decision')
    .action(does(async (context, [id = '']) => (await import('./commands/trace.ts')).why(context, id)));
  program
    .command('can <principal> <action> <resource>')
    .description('may agent/x call agent/y/operation? exit 0 yes, 1 no or maybe')
    .option('--context <name=value>', 'assume this about the call, repeatable: depth=3', collect)
    .action(does(async (context, words, options) => (await import('./commands/can.ts')).can(context, words, options)));
  program
    .command('explain [field]')
    .description('what a field means, such as agent.endpoints.weight')
    .action(does(async (context, [path]) => (await import('./commands/explain.ts')).explain(context, path)));
  program
    .command('version')
    .description('the version of this command')
    .action(does(async (context) => (await import('./commands/version.ts')).version(context)));
};
