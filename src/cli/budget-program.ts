/** The tree of `airspace budget`: what may be spent, what is, and by whom. */
import { type Command, Option } from 'commander';
import type { Does } from './action.ts';

export const addBudget = (program: Command, does: Does): void => {
  const budget = program.command('budget').description('what may be spent, what is, and by whom');
  budget
    .command('ls')
    .description('all budgets, each with its fullest account')
    .action(does(async (context) => (await import('./commands/budget.ts')).list(context)));
  budget
    .command('show [name]')
    .description('the tree of budgets with every account')
    .action(does(async (context, [name]) => (await import('./commands/budget.ts')).show(context, name)));
  budget
    .command('set <name> <limit>')
    .description('another limit from now on: "20 USD", or a number of tokens or calls')
    .option('--reason <text>', 'kept in history')
    .action(
      does(async (context, [name = '', limit = ''], options) =>
        (await import('./commands/budget.ts')).set(context, name, limit, options),
      ),
    );
  budget
    .command('topup <name> <amount>')
    .description('more for the present window, once')
    .option('--holder <who>', 'of one account, as `show` names it: session/s1')
    .option('--reason <text>', 'kept in the log')
    .action(
      does(async (context, [name = '', amount = ''], options) =>
        (await import('./commands/budget.ts')).topUp(context, name, amount, options),
      ),
    );
  budget
    .command('forecast [name]')
    .description('when accounts run out at the pace of the last hour; exit 1 when one does before its window ends')
    .action(does(async (context, [name]) => (await import('./commands/budget.ts')).forecast(context, name)));
  budget
    .command('who-pays <name>')
    .description('who draws on a budget in its present window')
    .addOption(
      new Option('--by <what>', 'added up by')
        .choices(['principal', 'user', 'target', 'tree', 'session'])
        .default('principal'),
    )
    .action(
      does(async (context, [name = ''], options) =>
        (await import('./commands/budget.ts')).whoPays(context, name, options),
      ),
    );
};
