/** The tree of commands about incidents: what alerts have fired, and what people did about it. */
import type { Command } from 'commander';
import type { Does } from './action.ts';

export const addIncidents = (program: Command, does: Does): void => {
  const incident = program.command('incident').description('what alerts have fired, and who looks after it');
  incident
    .command('ls')
    .description('incidents, newest first; the rules are in `airspace get alerts`')
    .option('--open', 'only those that are not over')
    .option('--limit <n>', 'most incidents', '30')
    .action(
      does(async (context, _, options) => (await import('./commands/alerts.ts')).listIncidents(context, options)),
    );
  incident
    .command('show <id>')
    .description('one of them, with who looks after it and how it ended')
    .action(does(async (context, [id = '']) => (await import('./commands/incident.ts')).show(context, id)));
  incident
    .command('ack <id>')
    .description('say that you look after it; it stays open, and its webhook hears of it')
    .option('--note <text>', 'what you know so far')
    .action(
      does(async (context, [id = ''], options) =>
        (await import('./commands/incident.ts')).acknowledge(context, id, options),
      ),
    );
  incident
    .command('close <id>')
    .description('end it by hand; if it is still so a minute later, another opens')
    .option('--reason <text>', 'why it is over')
    .action(
      does(async (context, [id = ''], options) => (await import('./commands/incident.ts')).close(context, id, options)),
    );
};
