/** The tree of `airspace config`. */
import type { Command } from 'commander';
import type { Does } from './action.ts';

export const addConfig = (program: Command, does: Does): void => {
  const config = program.command('config').description('where this command looks, and with which key');
  config
    .command('view')
    .description(
      'address, key (only whether there is one), context and the rest, as this folder and environment have them',
    )
    .option('--origin', 'and what said so: an option, a variable, or a file')
    .action(does(async (context, _, options) => (await import('./commands/config.ts')).view(context, options)));
  config
    .command('contexts')
    .description('named places in ~/.config/airspace/config.yaml')
    .action(does(async (context) => (await import('./commands/config.ts')).contexts(context)));
  config
    .command('use <context>')
    .description('the context that is asked where nothing nearer says otherwise')
    .action(does(async (context, [name = '']) => (await import('./commands/config.ts')).use(context, name)));
};
