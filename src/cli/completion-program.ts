/** The tree of `airspace completion` and `airspace ui`, and the hidden command that answers shells. */
import { Argument, type Command } from 'commander';
import type { Does } from './action.ts';

/** `__complete` looks at the tree that it hangs in. */
export const addCompletion = (program: Command, does: Does): void => {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'which').choices(['bash', 'zsh', 'fish', 'powershell']))
    .description('a script that completes commands, options and names: source <(airspace completion bash)')
    .action(
      does(async (context, [shell = '']) =>
        (await import('./commands/completion/scripts.ts')).completion(context, shell),
      ),
    );
  program
    .command('__complete [words...]', { hidden: true })
    .option('--next', 'the cursor is behind a space: a new word begins')
    .option('--within <time>', 'longest wait for the node', '300ms')
    .description('what may stand where the cursor is, one a line')
    .action(
      does(async (context, words, options) =>
        (await import('./commands/completion/complete.ts')).complete(context, program, words, options),
      ),
    );
  program
    .command('ui [object]')
    .description('the page of the dashboard, or of agent/orders, budget/daily or a call; opened on a desktop')
    .option('--no-open', 'only print its address')
    .action(
      does(async (context, [object], options) => (await import('./commands/ui.ts')).ui(context, object, options)),
    );
};
