/** The tree of `airspace policy`: the way of a policy from its tests to every node, and back. */
import { type Command, Option } from 'commander';
import { collect, type Does } from './action.ts';

/** Another part of the program may have begun the group already. */
const groupIn = (program: Command): Command =>
  program.commands.find((command) => command.name() === 'policy') ??
  program.command('policy').description('policy as releases: test, replay, shadow, activate, roll back');

export const addPolicy = (program: Command, does: Does): void => {
  const policy = groupIn(program);
  addChecks(policy, does);
  addReleases(policy, does);
  addSteps(policy, does);
};

const addChecks = (policy: Command, does: Does): void => {
  const withWorld = (command: Command): Command =>
    command.option('--live', 'agents, tools and domains of the hub, under what the folder brings');
  withWorld(policy.command('test [folder]'))
    .description('run the cases beside the policies (`*.cases.yaml`), in both engines; exit 1 when one fails')
    .action(
      does(async (context, [folder], options) =>
        (await import('./commands/policy/test.ts')).test(context, folder ?? '.', options),
      ),
    );
  withWorld(policy.command('coverage [folder]'))
    .description('rules that no case reaches; exit 1 when there are any')
    .action(
      does(async (context, [folder], options) =>
        (await import('./commands/policy/test.ts')).coverage(context, folder ?? '.', options),
      ),
    );
  policy
    .command('lsp [folder]')
    .description('a language server for editors, on standard input and output; no node needed')
    .option('--against', 'over what the hub runs, while it can be reached')
    .action(
      does(async (context, [folder], options) =>
        (await import('./commands/policy/lsp.ts')).lsp(context, folder ?? '.', options),
      ),
    );
  policy
    .command('replay [release]')
    .description('recorded decisions, decided again by a release or by files; deny -> allow first')
    .option('-f, --file <path>', 'bundles and facts that were not staged, repeatable', collect)
    .option('--since <time>', 'how far back', '24h')
    .option('--limit <n>', 'most decisions', '100000')
    .option('--max-flips <n>', 'exit 1 when more come out otherwise')
    .action(
      does(async (context, [release], options) =>
        (await import('./commands/policy/replay.ts')).replay(context, release, options),
      ),
    );
};

const addReleases = (policy: Command, does: Does): void => {
  policy
    .command('stage')
    .description(
      'lint PolicyBundles and Facts, hold them against their cases, keep them as a release; not in force yet',
    )
    .requiredOption('-f, --file <path>', 'file or folder, repeatable; - for standard input', collect)
    .requiredOption('--reason <text>', 'why, for those who read it later')
    .option('--prune', 'bundles and facts that are not in the files go away')
    .action(
      does(async (context, _, options) => (await import('./commands/policy/releases.ts')).stage(context, options)),
    );
  policy
    .command('history [release]')
    .description('releases, those last changed first; one release with everything that happened to it')
    .option('--limit <n>', 'most releases')
    .action(
      does(async (context, [release], options) =>
        (await import('./commands/policy/releases.ts')).history(context, release, options),
      ),
    );
  policy
    .command('diff <release> [to]')
    .description(
      'rules and facts that a release adds, takes away and rewrites; with a second release, rules that this one has otherwise; exit 1 when there are any',
    )
    .action(
      does(async (context, [release = '', to]) =>
        to === undefined
          ? (await import('./commands/policy/releases.ts')).diff(context, release)
          : (await import('./commands/policy/between.ts')).between(context, release, to),
      ),
    );
};

const addSteps = (policy: Command, does: Does): void => {
  const step = (command: Command): Command => command.option('--reason <text>', 'kept in its history');
  step(policy.command('approve <release>'))
    .description('as the second person: let a release of somebody else go on')
    .action(
      does(async (context, [release = ''], options) =>
        (await import('./commands/policy/steps.ts')).approve(context, release, options),
      ),
    );
  step(policy.command('shadow <release>'))
    .description('ask the release after every decision and note where it differs; it decides nothing')
    .action(
      does(async (context, [release = ''], options) =>
        (await import('./commands/policy/steps.ts')).shadow(context, release, options),
      ),
    );
  step(policy.command('activate <release>'))
    .description('let a release decide a part of the call trees, or all of them')
    .option('--percent <n>', 'of the call trees', '100')
    .option('--deny-band <points>', 'by so many points the deny rate may move before it halts (10)')
    .addOption(new Option('--wait [time]', 'until every node has it; and then watch a part for so long').preset('60s'))
    .action(
      does(async (context, [release = ''], options) =>
        (await import('./commands/policy/steps.ts')).activate(context, release, options),
      ),
    );
  step(policy.command('rollback'))
    .description('take back the release on trial, or else the last change of policy, on every node')
    .option('-y, --yes', 'do not ask')
    .action(
      does(async (context, _, options) => (await import('./commands/policy/steps.ts')).rollback(context, options)),
    );
};
