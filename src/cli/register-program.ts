/** The branch of the command line that brings agents, tools and models in by their address. */
import { type Command, Option } from 'commander';
import { collect, type Does } from './action.ts';

const KINDS = ['agent', 'tool', 'model'] as const;

export const addRegister = (program: Command, does: Does): void => {
  register(program, does, undefined).description('find out what is at an address, and make it callable');
  for (const kind of KINDS)
    register(branch(program, kind), does, kind).description(
      `find out how the ${kind} at an address is spoken to, and make it callable`,
    );
};

/** Other parts of the command line hang on the same word. */
const branch = (program: Command, kind: (typeof KINDS)[number]): Command =>
  program.commands.find((command) => command.name() === kind) ??
  program.command(kind).description(`${kind}s, by their address`);

const register = (program: Command, does: Does, kind: (typeof KINDS)[number] | undefined): Command =>
  program
    .command('register [url]')
    .option('--name <name>', 'what it is called here; made from what it calls itself unless said')
    .option('--domain <name>', 'that owns it')
    .option('--secret <name>', 'what it wants to be shown: airspace secret set')
    .option('--as <how>', '`bearer`, or a header such as header:x-api-key')
    .addOption(
      new Option('--protocol <protocol>', 'look for this one only; without an address: what it speaks').choices([
        'http',
        'a2a',
        'mcp',
        'openai',
        'anthropic',
      ]),
    )
    .option('--operation <name>', 'one that it has, repeatable: where, or where:read', collect)
    .option('--model <name>', 'of the provider, repeatable', collect)
    .option('--alias <name>', 'of a model: another name for it, repeatable', collect)
    .option('--allow-origin <origin>', 'a card may lead there, repeatable', collect)
    .option('--print', 'only print the resources')
    .option('--dry-run', 'only say what would change')
    .option('--reason <text>', 'kept in history')
    .option('-y, --yes', 'do not ask before something that is there is changed')
    .action(
      does(async (context, [url], options) =>
        (await import('./commands/register/register.ts')).register(context, { kind, url }, options),
      ),
    );
