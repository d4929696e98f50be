/** The branch of the command line that is about breakers. */
import type { Command } from 'commander';
import type { Does } from './action.ts';

export const addBreaker = (program: Command, does: Does): void => {
  const breaker = program
    .command('breaker')
    .description('what keeps calls away from endpoints that fail, on this node and on all below');
  breaker
    .command('ls')
    .description('breakers that are not closed, are held, or were not always closed')
    .action(does(async (context) => (await import('./commands/breaker.ts')).listBreakers(context)));
  of(breaker.command('history <endpoint>'))
    .description('its last changes, newest first')
    .action(
      does(async (context, [endpoint = ''], options) =>
        (await import('./commands/breaker.ts')).history(context, endpoint, options),
      ),
    );
  for (const [word, mode, says] of [
    ['open', 'open', 'let no call through, whatever is known of the endpoint'],
    ['close', 'closed', 'let every call through, whatever is known of the endpoint'],
  ] as const)
    of(breaker.command(`${word} <endpoint>`))
      .description(says)
      .option('--reason <text>', 'everybody who looks at the breaker reads it')
      .option('--for <time>', 'such as 1h, 24h at most', '10m')
      .action(
        does(async (context, [endpoint = ''], options) =>
          (await import('./commands/breaker.ts')).hold(context, mode, endpoint, options),
        ),
      );
  of(breaker.command('reset <endpoint>'))
    .description('let it follow its calls again, with a clean sheet')
    .option('--reason <text>', 'kept in the audit')
    .action(
      does(async (context, [endpoint = ''], options) =>
        (await import('./commands/breaker.ts')).hold(context, 'reset', endpoint, options),
      ),
    );
};

const of = (command: Command): Command =>
  command.option('--node <id>', 'as `breaker ls` shows it; needed where several nodes have one');
