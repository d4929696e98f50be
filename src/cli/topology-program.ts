/** The tree of `airspace topology`: how calls go, what another way would bring, and moving a route to it. */
import { type Command, Option } from 'commander';
import type { Does } from './action.ts';

const WINDOW = 'recorded calls of so long, such as 1h';

export const addTopology = (program: Command, does: Does): void => {
  const topology = program.command('topology').description('which way calls go, and moving routes from one to another');
  topology
    .command('show')
    .description(
      'routes and pairs with their ways, rates, times, nodes, and what keeps them from going directly; -o dot and -o mermaid: as a picture',
    )
    .option('--window <time>', WINDOW, '15m')
    .option('--watch', 'draw it again until ctrl-c')
    .option('--interval <time>', 'between two reads of a watch', '2s')
    .option('--json', 'as -o json')
    .action(does(async (context, _, options) => (await import('./commands/topology/show.ts')).show(context, options)));
  topology
    .command('path <id>')
    .description('the nodes and ways that a request went over, call by call')
    .action(does(async (context, [id = '']) => (await import('./commands/topology/path.ts')).path(context, id)));
  topology
    .command('plan [route]')
    .description('what recorded calls say about moving: gains, costs, governance and a verdict for each route')
    .addOption(new Option('--to <topology>', 'where to').choices(['mesh', 'hub', 'hierarchy']).default('mesh'))
    .option('--window <time>', WINDOW, '24h')
    .option('--json', 'as -o json')
    .action(
      does(async (context, [route], options) =>
        (await import('./commands/topology/plan.ts')).plan(context, route, options),
      ),
    );
  topology
    .command('move <route>')
    .description(
      'send the call trees of a route another way, at once or in steps; goes back by itself when it gets worse',
    )
    .addOption(new Option('--to <way>', 'where to').choices(['mesh', 'hub']).makeOptionMandatory())
    .addOption(new Option('--percent <n>', 'so many percent of the call trees, and stay there').conflicts('steps'))
    .option('--steps <list>', 'percent of the call trees, one step after the other: 1,10,50,100')
    .option('--every <time>', 'how long each step is watched', '30s')
    .option('--no-watch', 'change it, and look at nothing')
    .option('--dry-run', 'only say what would change')
    .option('--reason <text>', 'kept in history')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'as -o json')
    .action(
      does(async (context, [route = ''], options) =>
        (await import('./commands/topology/move.ts')).move(context, route, options),
      ),
    );
};
