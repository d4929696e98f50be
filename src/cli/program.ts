/** The tree of commands: names, options and help. What a command does is loaded when it is asked for. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { type Action, collect, type Does } from './action.ts';
import { addApproval } from './approval-program.ts';
import { addAudit } from './audit-program.ts';
import { addBreaker } from './breaker-program.ts';
import { addBudget } from './budget-program.ts';
import { addCapability } from './capability-program.ts';
import type { RequestReplayOptions } from './commands/request-replay.ts';
import { addCompletion } from './completion-program.ts';
import { addConfig } from './config-program.ts';
import { type Context, contextOf, type GlobalOptions, type Io } from './context.ts';
import { EXIT, usage } from './failure.ts';
import { addIdentity } from './identity-program.ts';
import { addIncidents } from './incident-program.ts';
import { DATA_DIR } from './lifecycle.ts';
import { addLooking } from './looking-program.ts';
import { FORMATS, type Format, Output } from './output.ts';
import { OWN_FORMATS, OWNERS } from './own-formats.ts';
import { addPlan } from './plan-program.ts';
import { addPolicy } from './policy-program.ts';
import { addRegister } from './register-program.ts';
import { addRequests } from './request-program.ts';
import { addTool } from './tool-program.ts';
import { addTopology } from './topology-program.ts';
import { VERSION } from './version.ts';

/** Runs a command line. Answers its exit code; throws what the command throws. */
export const runProgram = async (argv: readonly string[], io: Io): Promise<number> => {
  let exit: number = EXIT.ok;
  const does =
    (action: Action) =>
    async (...given: unknown[]): Promise<void> => {
      const command = given.at(-1) as Command;
      refuseForeignFormat(command);
      exit = await action(contextFor(io, command), command.args, optionsOf(command) as never);
    };
  const asData = isData(formatIn(argv));
  try {
    await build(io, does, asData).parseAsync(argv as string[], { from: 'user' });
    return exit;
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode === 0) return EXIT.ok;
    if (asData) throw usage(mistakeIn(thrown), 'the same with --help');
    return EXIT.usage;
  }
};

/** Programs get the mistake in one line, and the help never. */
const mistakeIn = ({ code, message }: CommanderError): string =>
  code === 'commander.help' ? 'a command is missing' : message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');

/** Nothing but a trace is one in OTLP. */
const refuseForeignFormat = (command: Command): void => {
  const { output } = command.optsWithGlobals<GlobalOptions>();
  const own = OWN_FORMATS.find((format) => format === output);
  if (own === undefined || pathOf(command) === OWNERS[own].path) return;
  throw usage(`\`-o ${own}\` is for ${OWNERS[own].is}`, `${OWNERS[own].try}, or -o json`);
};

const formatOf = (word: string): Format => {
  const format = formatNamed(word);
  if (format === undefined) throw new InvalidArgumentError(`Allowed choices are ${FORMATS.join(', ')}.`);
  return format;
};

const formatNamed = (word: string | undefined): Format | undefined =>
  [...FORMATS, ...OWN_FORMATS].find((format) => format === word);

export const isData = (format: Format): boolean => !['table', 'wide', 'name', 'dot', 'mermaid'].includes(format);

const contextFor = (io: Io, command: Command): Context => {
  const globals = command.optsWithGlobals<GlobalOptions>();
  return contextOf(io, outputFor(io, globals), { ...globals, data: placeIn(command) });
};

/** Of a word below another one, that one may have taken what was said; what only the upper one understands is a mistake, and no wish. */
const optionsOf = (command: Command): Readonly<Record<string, unknown>> => {
  const options = { ...command.opts() };
  for (let above = command.parent; above !== null && above.parent !== null; above = above.parent)
    for (const option of above.options) {
      const name = option.attributeName();
      if (above.getOptionValueSource(name) !== 'cli') continue;
      if (!command.options.some((own) => own.attributeName() === name))
        throw usage(`\`${pathOf(command)}\` has no option ${option.long}`, `airspace ${pathOf(command)} --help`);
      if (command.getOptionValueSource(name) !== 'cli') options[name] = above.getOptionValue(name);
    }
  return options;
};

const pathOf = (command: Command): string =>
  command.parent?.parent == null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;

/** What other words take under the same name, such as a payload, is no place. */
const placeIn = (command: Command): string | undefined =>
  command.options.some(({ flags }) => flags === DATA) ? (optionsOf(command)['data'] as string | undefined) : undefined;

const outputFor = (
  io: Io,
  { json, output = json === true ? 'json' : 'table', color = 'auto', headers = true }: GlobalOptions,
): Output => new Output({ stdout: io.stdout, stderr: io.stderr, env: io.env, format: output, color, headers });

/** Errors happen before there is a context: then only the words on the line say how they are to look. */
export const formatIn = (argv: readonly string[]): Format => {
  const at = argv.findIndex((word) => word === '-o' || word === '--output');
  const word =
    at >= 0 ? argv[at + 1] : argv.find((one) => /^(-o|--output=)\w/.test(one))?.replace(/^(-o|--output=)/, '');
  return formatNamed(word) ?? 'table';
};

/** Not an option of the program: it would take the payload away from `request`. */
const DATA = '--data <dir>';

const build = (io: Io, does: Does, asData: boolean): Command => {
  const program = new Command('airspace')
    .description('air-traffic control for AI agents')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void (asData || io.stderr.write(text)),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError('(airspace <command> --help says what there is)')
    .version(VERSION, '--version', 'the version of this command, as a number')
    .option('--url <url>', 'address of a node (AIRSPACE_URL)')
    .option('--key <key>', 'API key (AIRSPACE_KEY)')
    .addOption(new Option('-o, --output <format>', 'format of the answer').choices(FORMATS).argParser(formatOf))
    .addOption(new Option('--color <when>', 'colours').choices(['auto', 'always', 'never']))
    .option('--no-headers', 'tables without titles');
  addLooking(program, does);
  addChanging(program, does);
  addAccess(program, does);
  addRequests(program, does);
  addIdentity(program, does);
  addKill(program, does);
  addIncidents(program, does);
  addBreaker(program, does);
  addApproval(program, does);
  addPlan(program, does);
  addBudget(program, does);
  addTool(program, does);
  addTopology(program, does);
  addCapability(program, does);
  addAudit(program, does);
  addPolicy(program, does);
  addNodes(program, does, io.env['AIRSPACE_DATA'] || undefined);
  addConfig(program, does);
  addCompletion(program, does);
  // Last: it hangs on words that others have brought.
  addRegister(program, does);
  for (const command of answeringIn(program))
    if (!command.options.some(({ long }) => long === '--data'))
      command.option(DATA, 'find the node by its state, wherever that is (AIRSPACE_DATA)');
  return program;
};

/** All that do something by themselves: those without others below, and those that take an argument. */
const answeringIn = ({ commands }: Command): readonly Command[] =>
  commands.flatMap((command) => {
    const isOne = command.commands.length === 0 || command.registeredArguments.length > 0;
    return [...(isOne ? [command] : []), ...answeringIn(command)];
  });

const addChanging = (program: Command, does: Does): void => {
  const reading = (command: Command): Command =>
    command.requiredOption('-f, --file <path>', 'file or folder, repeatable; - for standard input', collect);
  const withFiles = (command: Command): Command =>
    reading(command).option('--prune', 'what is not in the files goes away');
  withFiles(program.command('apply'))
    .description('make the configuration what the files say, whole or not at all')
    .option('--dry-run', 'only say what would change')
    .option('--reason <text>', 'kept in history')
    .option('--if-revision <n>', 'only on top of this revision; exit 6 otherwise')
    .option('-y, --yes', 'do not ask before a prune')
    .action(does(async (context, _, options) => (await import('./commands/apply.ts')).apply(context, options)));
  withFiles(program.command('diff'))
    .description('what apply would change; exit 1 when something differs')
    .action(does(async (context, _, options) => (await import('./commands/apply.ts')).diff(context, options)));
  reading(program.command('policy').description('policy as code').command('lint'))
    .description('rules that do nothing, or too much, in files; no node needed; exit 1 on errors')
    .option('--against', 'and what the files make wider or narrower against the running configuration')
    .action(does(async (context, _, options) => (await import('./commands/policy/lint.ts')).lint(context, options)));
  const asChange = (command: Command): Command =>
    command
      .option('--dry-run', 'only say what would change')
      .option('--reason <text>', 'kept in history')
      .option('-y, --yes', 'do not ask');
  asChange(program.command('delete <kind> <names...>'))
    .description('take resources away')
    .action(
      does(async (context, [kind = '', ...names], options) =>
        (await import('./commands/change.ts')).remove(context, kind, names, options),
      ),
    );
  asChange(program.command('rollback <revision>'))
    .description('bring back the configuration of a revision, as a new one')
    .action(
      does(async (context, [to = ''], options) =>
        (await import('./commands/change.ts')).rollback(context, to, options),
      ),
    );
  program
    .command('history [resource]')
    .description('who changed what, newest first; of one resource: agent/orders')
    .option('--limit <n>', 'most revisions')
    .action(
      does(async (context, [what], options) => (await import('./commands/change.ts')).history(context, what, options)),
    );
};

const addAccess = (program: Command, does: Does): void => {
  const request = program
    .command('request')
    .alias('call')
    .argument('[target]')
    .description('make a call: agent/orders/where')
    .option('--capability <what>', 'whoever provides it, instead of a target: query_database@^2')
    .option('-d, --data <text>', 'payload; @file, or @- for standard input')
    .option('--content-type <type>', 'of the payload; application/json unless said')
    .option('--as-key <key>', 'call as the owner of this key')
    .option('--async', 'do not wait: answer with a record to poll')
    .option('--stream', 'print the reply as it comes')
    .option('--timeout <time>', 'such as 5s')
    .option('--session <id>', 'session of the call')
    .option('--idempotency-key <key>', 'the same key runs once')
    .action(
      does(async (context, [target = ''], options) =>
        (await import('./commands/request.ts')).request(context, target, options),
      ),
    );
  request
    .command('reconcile [call]')
    .description('calls that may have run; with one, say what became of it')
    .option('--executed', 'it ran')
    .option('--not-executed', 'it did not, and never will')
    .option('--reason <text>', 'how you know; kept in the audit')
    .action(
      does(async (context, [id], options) => (await import('./commands/reconcile.ts')).reconcile(context, id, options)),
    );
  request
    .command('replay <id>')
    .description(
      'each decision of a recorded request again; with --against, the request itself, its targets answered from the record',
    )
    .option('--policy <release>', 'decisions by a release, such as 5bd1c0de')
    .option('-f, --file <path>', 'decisions by bundles in files, repeatable', collect)
    .addOption(new Option('--against <what>', 'ask the agent again, and nobody that it calls').choices(['scripted']))
    .option('--agent <name@version>', 'the same, of this version of the agent, such as triage@2.1')
    .option('--data <payload>', 'what is asked, where it was not recorded; @file reads a file, @- standard input')
    .option('--script <file>', 'YAML: replies by target, one by one, where they were not recorded')
    .option('--compare', 'exit 1 when something comes out otherwise')
    .action(
      does(async (context, [id = ''], options: RequestReplayOptions) =>
        // An option of both is taken by the command above.
        (await import('./commands/request-replay.ts')).replayRequest(context, id, { ...request.opts(), ...options }),
      ),
    );
  program
    .command('bootstrap')
    .description('the first administrator of a node that has none, on its own machine')
    .option('--data <dir>', 'where the state of the node lives')
    .action(does(async (context, _, options) => (await import('./commands/bootstrap.ts')).bootstrap(context, options)));
  program
    .command('token')
    .description('join tokens')
    .command('create')
    .description('a token that admits one sidecar or domain hub')
    .addOption(new Option('--role <role>', 'what it may become').choices(['sidecar', 'domain']).makeOptionMandatory())
    .option('--agent <name>', 'agent of a sidecar')
    .option('--tool <name>', 'tool of a sidecar: an MCP server that it starts')
    .option('--domain <name>', 'domain of a domain hub')
    .action(does(async (context, _, options) => (await import('./commands/access.ts')).createToken(context, options)));
  program
    .command('drain <instance>')
    .description('no new calls to an instance; ends when it is empty')
    .option('--timeout <time>', 'longest wait', '30s')
    .action(
      does(async (context, [id = ''], options) => (await import('./commands/access.ts')).drain(context, id, options)),
    );
};

const addKill = (program: Command, does: Does): void => {
  const waiting = (command: Command): Command => command.option('--wait <time>', 'longest wait for the nodes', '5s');
  const kill = waiting(program.command('kill'))
    .description('stop agent/<name>, tool/, model/, user/, tenant/<name> or tree/<id> at once, on every node')
    .argument('[what]', 'such as agent/orders')
    .option('--reason <text>', 'everybody who is stopped reads it')
    .option('--for <time>', 'such as 1h; until it is lifted unless said')
    .action(
      does(async (context, [what = ''], options) => (await import('./commands/kill.ts')).kill(context, what, options)),
    );
  kill
    .command('ls')
    .description('orders in force')
    .action(does(async (context) => (await import('./commands/kill.ts')).list(context)));
  waiting(kill.command('lift <id>'))
    .description('take an order back')
    .option('-y, --yes', 'do not ask')
    .action(
      does(async (context, [id = ''], options) => (await import('./commands/kill.ts')).lift(context, id, options)),
    );
};

const percent = (text: string): string => {
  if (!/^\d{1,3}(\.\d+)?$/.test(text) || Number(text) > 100)
    throw new InvalidArgumentError('must be a number from 0 to 100.');
  return text;
};

const port = (text: string): string => {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError('must be a port from 0 to 65535.');
  return text;
};

const PRIVATE_EGRESS_HELP = 'for development: issuers, webhooks and what is registered may be on private addresses';

/** What every node takes: how it is reached, what admits it, and what it tells. */
const forNodes = (command: Command): Command =>
  command
    .option('--token <token>', 'that admits it to its hub the first time; AIRSPACE_TOKEN keeps it out of `ps`')
    .option('--token-file <file>', 'that holds the token')
    .option('--public', 'other machines may reach it; needs --tls-key and --tls-cert')
    .option('--tls-key <file>', 'PEM')
    .option('--tls-cert <file>', 'PEM')
    .option('--insecure-public', 'other machines may reach it, and the network may read along')
    .option('--allow-private-egress', PRIVATE_EGRESS_HELP)
    .option('--advertise <url>', 'address that other nodes use, when it is not the bound one')
    .option('--grpc <address>', 'speak A2A over gRPC there too, such as 127.0.0.1:7443; default: nowhere')
    .option(
      '--max-payload <size>',
      'longest payload of a call, such as 8MiB for pictures; 1MiB unless said, 32MiB at most',
    )
    .option(
      '--keep <time>',
      'records and approvals of calls with their payloads, charges, tasks, and traces, such as 30d; 7d unless said',
    )
    .option(
      '--otlp <url>',
      'collector that gets every trace, and metrics every minute: http://127.0.0.1:4318; else OTEL_EXPORTER_OTLP_ENDPOINT',
    )
    .option('--otlp-protocol <protocol>', 'http/protobuf unless said, or http/json')
    .addOption(
      new Option('--otlp-names <names>', 'of attributes: those of OpenTelemetry, or our own')
        .choices(['otel', 'airspace'])
        .default('otel'),
    )
    .option('--metric-series <n>', 'most series of one family in /metrics; 1000 unless said, the rest is `other`')
    .addOption(
      new Option('--log-level <level>', 'least level that is written')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    );

const addNodes = (program: Command, does: Does, home: string | undefined): void => {
  program
    .command('up')
    .description('a hub with everything, and a sample fleet, on this machine')
    .option('--port <port>', 'of the hub', port, '4600')
    .option('--data <dir>', 'where state lives (AIRSPACE_DATA)', home ?? DATA_DIR)
    .option('--bare', 'only the hub, without the sample fleet')
    .option(
      '--parent <url>',
      'the hub above: this one governs a domain below it, and needs a token of it the first time',
    )
    .option('--token <token>', 'that admits it to its parent; AIRSPACE_TOKEN keeps it out of `ps`')
    .option('--token-file <file>', 'that holds the token')
    .option('--allow-private-egress', PRIVATE_EGRESS_HELP)
    .action(does(async (context, _, options) => (await import('./up/up.ts')).up(context, options)));
  program
    .command('down')
    .description('end what `up` or `serve` started here, in order')
    .option('--data <dir>', 'where state lives (AIRSPACE_DATA)', home)
    .action(does(async (context, _, options) => (await import('./commands/stop.ts')).down(context, options)));
  const serve = program
    .command('serve')
    .description('one node for production: a hub, or the hub of a domain')
    .addOption(new Option('--role <role>', 'what it is').choices(['hub', 'domain']).default('hub'))
    .option('--host <host>', 'address to bind', '127.0.0.1')
    .option('--port <port>', 'port to bind', port, '4600')
    .option('--data <dir>', 'where state lives (AIRSPACE_DATA)', home ?? DATA_DIR)
    .option('--config <path>', 'apply this at start, repeatable', collect)
    .option(
      '--root-key-file <file>',
      'of a hub: 32 random bytes in base64 that secrets are sealed under; for its owner only',
    )
    .option('--parent <url>', 'the hub above: this one governs a domain below it')
    .option('--store <address>', 'of a hub: postgres://user@host/database instead of SQLite in --data (AIRSPACE_STORE)')
    .option(
      '--reservation-grace <time>',
      'of a hub: after the deadline of a call whose node is gone, until it counts as spent',
      '60s',
    )
    .option('--keep-size <size>', 'of traces, such as 50GiB: beyond it the oldest go; 10GiB unless said')
    .option(
      '--sample <percent>',
      'share of ordinary traces that is kept, such as 10%; denied, held, failed, slow and expensive ones always are',
    )
    .option('--two-person', 'policy that may widen needs the approval of a second person')
    .option('--audit-reads', 'of a hub: calls that only read wait until the audit has them, too')
    .option(
      '--audit-checkpoints <place>',
      'of a hub, repeatable: a file, https://... or put+https://... that it cannot rewrite',
      collect,
    )
    .option('--approval-webhook <url>', 'is told, signed, when a call begins to wait for people and what became of it')
    .option('--oracle <percent>', 'of a hub: decisions to take again with cedar-wasm, 0 for none', percent, '1');
  forNodes(serve).action(does(async (context, _, options) => (await import('./serve.ts')).serve(context, options)));
  const sidecar = program
    .command('sidecar')
    .description('a node beside one agent or tool')
    .command('run [command...]')
    .description(
      'start a sidecar, and the agent behind it: sidecar run --hub http://... --token-file t -- node agent.mjs',
    )
    .requiredOption('--hub <url>', 'that it joins')
    .option('--agent, --agent-url <url>', 'where the agent listens: http://127.0.0.1:8080, or unix:/path/to.sock')
    .option('--agent-version <version>', 'that the agent runs', '1')
    .option('--app-port <port>', 'for the agent and for health checks; a free one unless said', port)
    .option(
      '--app-socket <path>',
      'for the agent too, at AIRSPACE_SOCKET of its process: a socket that its owner alone can open',
    )
    .option(
      '--door <address>',
      'for callers with keys, such as 127.0.0.1:7080; default: nowhere, other nodes have theirs',
    )
    .option('--label <name=value>', 'of this instance, such as host=a7 or residency=eu, repeatable', collect)
    .option('--app-grpc', 'speak A2A over gRPC to the agent too, at AIRSPACE_GRPC of its process')
    .option(
      '--keep-output',
      'what the agent writes goes into the logs at the hub too: everybody with role viewer reads it',
    )
    .option('--stdio', 'the command is an MCP server on standard input and output; its token is for a tool')
    .option('--pass-env <name>', 'a variable that an MCP server on stdio may see, repeatable', collect)
    .option('--host <host>', 'address to bind', '127.0.0.1')
    .option('--port <port>', 'of the listener for other nodes: TLS, with certificates of members only', port, '0')
    .option('--data <dir>', 'where its state lives', `${DATA_DIR}-sidecar`);
  forNodes(sidecar).action(
    does(async (context, command, options) => (await import('./serve.ts')).sidecar(context, command, options)),
  );
};
