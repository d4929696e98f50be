/** The branch of the command line that is about capabilities: what can be asked for instead of a name. */
import type { Command } from 'commander';
import type { Does } from './action.ts';

export const addCapability = (program: Command, does: Does): void => {
  const capability = program
    .command('capability')
    .description('what can be asked for instead of a name: airspace call --capability query_database@^2');
  capability
    .command('ls')
    .description('every capability, its versions, and who gets a call without a range')
    .action(does(async (context) => (await import('./commands/capability.ts')).listCapabilities(context)));
  capability
    .command('show <name>')
    .description('who provides it in which version, whose they are, and who answers which range now')
    .action(
      does(async (context, [name = '']) => (await import('./commands/capability.ts')).showCapability(context, name)),
    );
};
