/** The branch of the command line that is about tools of MCP servers. */
import type { Command } from 'commander';
import type { Does } from './action.ts';

export const addTool = (program: Command, does: Does): void => {
  const tool = program.command('tool').description('what MCP servers say of their tools, beside what was accepted');
  tool
    .command('ls')
    .description('every operation of every MCP server, and whether it is what was accepted')
    .action(does(async (context) => (await import('./commands/tool.ts')).listTools(context)));
  tool
    .command('diff <name>')
    .description('what differs now, with everything hidden made visible; exit 1 when something does')
    .action(does(async (context, [name = '']) => (await import('./commands/tool.ts')).diffTool(context, name)));
  tool
    .command('accept <name> [operation]')
    .description('take what the server says now as accepted: one operation, or all that changed, are new or not pinned')
    .option('--reason <text>', 'kept in history')
    .option('-y, --yes', 'do not ask')
    .action(
      does(async (context, [name = '', operation], options) =>
        (await import('./commands/tool.ts')).acceptTool(context, name, operation, options),
      ),
    );
};
