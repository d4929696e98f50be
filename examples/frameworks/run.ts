/**
 * `node examples/frameworks/run.ts [name ...]`: starts a hub, what is behind it and every framework, lets each do what it may and what it may
 * not, and shows that all of it was governed. Offline with a scripted model; with OPENAI_API_KEY or ANTHROPIC_API_KEY set, with that of
 * the provider.
 */
import { join } from 'node:path';
import { freePort } from '../fleet/free-port.ts';
import { Children } from './children.ts';
import { type Hub, startHub } from './hub.ts';
import { HOME, install } from './install.ts';
import { CALLERS, type Ports, type RealModel, resources } from './resources.ts';

export interface Scene {
  readonly scene: string;
  readonly answer?: string;
  /** Class of the framework's own error. */
  readonly error?: string;
  readonly message?: string;
}

export interface Run {
  readonly name: string;
  readonly scenes: readonly Scene[];
  /** What Airspace saw of it. */
  readonly calls: readonly {
    readonly target: string;
    readonly status: string;
    readonly code: string;
    readonly micros: number;
  }[];
  readonly traces: number;
  readonly seconds: number;
}

interface Wanted {
  readonly name: string;
  readonly program: string;
  /** Whose key it has. */
  readonly as: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Name, words, to whom. */
  readonly scenes: readonly (readonly [string, string, string])[];
}

const ADD = 'Please add 2 and 3';
const TOOLS = [
  ['allowed', ADD, 'small'],
  ['denied tool', 'Please add 200 and 300', 'small'],
  ['denied model', 'Hello', 'dear'],
] as const;
const AGENTS = [
  ['allowed', 'Hello', 'newcomer'],
  ['denied agent', 'Hello', 'vault'],
] as const;

export const WANTED: readonly Wanted[] = [
  { name: 'langgraph', program: 'langgraph', as: 'langgraph', scenes: TOOLS },
  { name: 'openai-agents', program: 'openai-agents', as: 'openai-agents', scenes: TOOLS },
  { name: 'vercel-ai', program: 'vercel-ai', as: 'vercel-ai', scenes: TOOLS },
  { name: 'vercel-ai-anthropic', program: 'vercel-ai', as: 'vercel-ai', env: { WORDS: 'anthropic' }, scenes: TOOLS },
  { name: 'mastra', program: 'mastra', as: 'mastra', scenes: TOOLS },
  { name: 'adk', program: 'adk', as: 'adk', scenes: AGENTS },
  { name: 'strands', program: 'strands', as: 'strands', scenes: AGENTS },
  {
    name: 'a2a-client',
    program: 'a2a-client',
    as: 'client',
    scenes: [['adk', ADD, 'adk'], ['strands', ADD, 'strands'], ...AGENTS],
  },
];

export interface Report {
  readonly runs: readonly Run[];
  /** Booked on the budget of the organisation. */
  readonly spentMicros: number;
  readonly model: string;
}

/** Throws when something cannot be started; what a framework says of a refusal is a result. */
export const runAll = async (names: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Report> => {
  install();
  const children = new Children();
  let hub: Hub | undefined;
  try {
    const real = realModel(env);
    const ports = await somePorts();
    await startTargets(children, ports);
    hub = await startHub(children);
    if (real !== undefined) await hub.secret('provider', real.key, new URL(real.url).origin);
    await hub.apply(resources(ports, real, await toolsOf(children, ports)));
    const keys = new Map<string, string>();
    for (const name of [...CALLERS, 'adk', 'strands']) keys.set(name, await hub.keyFor(name));
    await startAgents(children, hub, ports, keys);
    const runs: Run[] = [];
    for (const wanted of WANTED)
      if (names.length === 0 || names.includes(wanted.name)) runs.push(await runOne(children, hub, wanted, keys));
    return { runs, spentMicros: await spentOn(hub), model: real?.model ?? 'scripted' };
  } finally {
    await children.stop();
    hub?.forget();
  }
};

/** Tests never have a key, and so never pay. */
const realModel = (env: NodeJS.ProcessEnv): RealModel | undefined => {
  const { OPENAI_API_KEY: openai, ANTHROPIC_API_KEY: anthropic, OPENAI_MODEL, ANTHROPIC_MODEL } = env;
  if (openai) {
    const model = OPENAI_MODEL ?? 'gpt-4o-mini';
    return { protocol: 'openai', url: 'https://api.openai.com/v1', model, key: openai, catalogue: `openai/${model}` };
  }
  if (!anthropic) return undefined;
  const model = ANTHROPIC_MODEL ?? 'claude-haiku-4-5';
  return {
    protocol: 'anthropic',
    url: 'https://api.anthropic.com',
    model,
    key: anthropic,
    catalogue: `anthropic/${model}`,
  };
};

const somePorts = async (): Promise<Ports> => ({
  model: await freePort(),
  everything: await freePort(),
  newcomer: await freePort(),
  adk: await freePort(),
  strands: await freePort(),
});

const LISTENING = /listening on (?:port )?(\d+)/;
const at = (file: string): string => join(HOME, file);
const TRACED = ['--import', at('trace.mjs')];
const EVERYTHING = at('node_modules/@modelcontextprotocol/server-everything/dist/index.js');

const startTargets = async (children: Children, ports: Ports): Promise<void> => {
  await Promise.all([
    children.start([at('scripted/model.mjs')], { PORT: String(ports.model) }, LISTENING),
    children.start([at('programs/newcomer.mjs')], { PORT: String(ports.newcomer) }, LISTENING),
    children.start([EVERYTHING, 'streamableHttp'], { PORT: String(ports.everything) }, LISTENING),
  ]);
};

const startAgents = async (
  children: Children,
  { url }: Hub,
  ports: Ports,
  keys: ReadonlyMap<string, string>,
): Promise<void> => {
  const start = (name: 'adk' | 'strands'): Promise<string> => {
    const env = { AIRSPACE_URL: url, AIRSPACE_KEY: keys.get(name)!, PORT: String(ports[name]) };
    return children.start([...TRACED, at(`programs/${name}-agent.mjs`)], env, LISTENING);
  };
  await Promise.all([start('adk'), start('strands')]);
};

interface McpTool {
  readonly name: string;
  readonly description?: string;
  readonly inputSchema: object;
}

/** As `airspace register` would write them down; `effect` is our own word, because what a server says of itself is no decision. */
const toolsOf = async (children: Children, { everything }: Ports): Promise<readonly object[]> => {
  const said = await children.run([at('programs/tools.mjs'), `http://127.0.0.1:${everything}/mcp`], {}, 20_000);
  const tools = JSON.parse(/^TOOLS (.*)$/m.exec(said)?.[1] ?? '[]') as McpTool[];
  return tools.map((tool) => ({
    name: tool.name,
    effect: tool.name === 'get-sum' || tool.name === 'echo' ? 'read' : 'write',
    input: tool.inputSchema,
    definition: tool,
  }));
};

const RUN_MS = 60_000;

const runOne = async (
  children: Children,
  hub: Hub,
  wanted: Wanted,
  keys: ReadonlyMap<string, string>,
): Promise<Run> => {
  const since = Date.now();
  const env = { AIRSPACE_URL: hub.url, AIRSPACE_KEY: keys.get(wanted.as)!, ...wanted.env };
  const said = await children.run(
    [...TRACED, at('programs/scenes.mjs'), wanted.program, ...wanted.scenes.flat()],
    env,
    RUN_MS,
  );
  const scenes = [...said.matchAll(/^SCENE (.*)$/gm)].map(([, line]) => JSON.parse(line!) as Scene);
  const events = await finished(hub, since, wanted.scenes.filter(([name]) => name.startsWith('denied')).length);
  return {
    name: wanted.name,
    scenes,
    calls: events.map(({ target, status, code, attributes }) => ({
      target: `${target.kind}/${target.name}/${target.operation}`,
      status,
      code: code ?? '',
      micros: Number(attributes['cost.micros'] ?? 0),
    })),
    traces: new Set(events.map(({ trace }) => trace)).size,
    seconds: (Date.now() - since) / 1_000,
  };
};

interface Seen {
  readonly target: { readonly kind: string; readonly name: string; readonly operation: string };
  readonly status: string;
  readonly code?: string;
  readonly trace: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

const SEEN_MS = 5_000;

/** Events are written a moment after their calls: those of the refusals come last of what we wait for. */
const finished = async (hub: Hub, since: number, refusals: number): Promise<readonly Seen[]> => {
  for (const endMs = performance.now() + SEEN_MS; ; ) {
    const { events } = await hub.get<{ events: Seen[] }>(`/v1/calls?since=${since}&limit=200`);
    const denied = events.filter(({ status }) => status === 'denied');
    if (denied.length >= refusals || performance.now() > endMs) return events;
    await new Promise((next) => setTimeout(next, 50));
  }
};

const spentOn = async (hub: Hub): Promise<number> => {
  const { items } = await hub.get<{ items: { accounts?: { spent: number }[]; spent?: number }[] }>('/v1/budgets');
  return items.reduce(
    (sum, { accounts = [], spent = 0 }) => sum + spent + accounts.reduce((all, one) => all + one.spent, 0),
    0,
  );
};

const usd = (micros: number): string => `${(micros / 1e6).toFixed(6)} USD`;

const printed = ({ name, scenes, calls, traces, seconds }: Run): string =>
  [
    `${name} (${seconds.toFixed(1)} s)`,
    ...scenes.map(({ scene, answer, error, message }) =>
      `  ${scene.padEnd(13)} ${answer ?? `${error}: ${message}`}`.replaceAll('\n', ' ').slice(0, 220),
    ),
    ...calls.map(
      ({ target, status, code, micros }) =>
        `    ${status.padEnd(8)} ${target}${code === '' ? '' : `  ${code}`}${micros === 0 ? '' : `  ${usd(micros)}`}`,
    ),
    `    ${calls.length} calls in ${traces} trace${traces === 1 ? '' : 's'}`,
  ].join('\n');

if (import.meta.main) {
  const { runs, spentMicros, model } = await runAll(process.argv.slice(2));
  console.log([`model: ${model}`, ...runs.map(printed), `booked: ${usd(spentMicros)}`].join('\n\n'));
}
