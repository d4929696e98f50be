/** A hub, an agent behind its sidecar, and callers beside theirs, each a process; and what is asked of them. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Admin } from '../../src/cli/admin.ts';
import { API_VERSION } from '../../src/contract/index.ts';
import { eventually, pause } from '../crash/wire.ts';
import type { Ground } from './ground.ts';

export const CALLERS = ['ann', 'cid', 'dan'] as const;
export type Caller = (typeof CALLERS)[number];
/** Places of the ground: the ledger agent is at `led`. */
export const PLACES = ['hub', 'led', ...CALLERS] as const;

export const CLASSES = {
  look: 'read',
  record: 'sensitive-read',
  note: 'write',
  buy: 'spend',
  pay: 'irreversible',
  gift: 'approval-gated',
} as const;
export type Operation = keyof typeof CLASSES;
export const OPERATIONS = Object.keys(CLASSES) as readonly Operation[];

export interface BoundsMs {
  readonly readMs: number;
  readonly sensitiveReadMs: number;
  readonly writeMs: number;
  readonly killsMs: number;
  readonly missedBeats: number;
  /** Of `cid`, whose domain is stricter. */
  readonly annexSensitiveMs: number;
}

export const MOST_BOUGHT = 400;

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const MAIN = file('../../src/cli/main.ts');

/** One process that can be killed and started again with the same words. */
export class Unit {
  readonly #command: readonly string[];
  readonly #log: string;
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;
  ready = '';

  constructor(command: readonly string[], log: string, env: Readonly<Record<string, string>> = {}) {
    this.#command = command;
    this.#log = log;
    this.#env = env;
  }

  async start(): Promise<string> {
    const [program = '', ...words] = this.#command;
    const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...this.#env } });
    this.#child = child;
    child.stderr.on('data', (text) => appendFileSync(this.#log, text));
    const line = new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', resolve);
      child.once('exit', () => reject(new Error(`${this.#log}: it ended before it was ready`)));
    });
    this.ready = await line;
    return this.ready;
  }

  get child(): ChildProcess {
    return this.#child!;
  }

  async end(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}

/** A sidecar; its application side is new in each process. */
export class Sidecar extends Unit {
  readonly dir: string;
  app = { url: '', key: '' };

  constructor(command: readonly string[], dir: string, env: Readonly<Record<string, string>>) {
    super(command, `${dir}.log`, env);
    this.dir = dir;
  }

  override async start(): Promise<string> {
    rmSync(join(this.dir, 'app.json'), { force: true });
    await super.start();
    this.app = JSON.parse(readFileSync(join(this.dir, 'app.json'), 'utf8')) as { url: string; key: string };
    return this.ready;
  }
}

export interface Ran {
  readonly id: string;
  readonly operation: Operation;
  readonly callId: string;
  readonly atMs: number;
}

export interface Told {
  readonly id: string;
  readonly status: number;
  readonly atMs: number;
  readonly endMs: number;
  readonly problem: {
    readonly code?: string;
    readonly executed?: string;
    readonly detail?: string;
    readonly facts?: Readonly<Record<string, unknown>>;
  } | null;
}

export interface Scene {
  readonly admin: () => Admin;
  readonly hub: Unit;
  readonly hubUrl: string;
  readonly hubDir: string;
  readonly adminKey: string;
  readonly sidecars: ReadonlyMap<string, Sidecar>;
  /** Sends one call and does not wait. */
  call(caller: Caller, operation: Operation, id: string, headers?: Readonly<Record<string, string>>): void;
  told(): readonly Told[];
  ran(): readonly Ran[];
  cut(): Promise<void>;
  mend(): Promise<void>;
  stop(): Promise<void>;
}

export interface SceneOptions {
  readonly dir: string;
  readonly ground: Ground;
  readonly bounds: BoundsMs;
  readonly plant: string | undefined;
}

export const startScene = async ({ dir, ground, bounds, plant }: SceneOptions): Promise<Scene> => {
  const units: Unit[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(units.map((unit) => unit.end()));
  };
  const reap = (): void => {
    for (const unit of units) void unit.end();
  };
  process.once('exit', reap);
  const keep = <U extends Unit>(unit: U): U => {
    units.push(unit);
    return unit;
  };
  // What was compiled for one process is there for the next; a process with a defect shares nothing.
  const env: Readonly<Record<string, string>> =
    plant === undefined
      ? { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? join(tmpdir(), 'airspace-centre-compiled') }
      : { AIRSPACE_LAB_PLANT: plant, NODE_OPTIONS: `--import=${file('./plants.ts')}` };
  const node = (place: string, ...words: readonly string[]): readonly string[] => [
    ...ground.at(place),
    process.execPath,
    ...words,
  ];
  const open = (place: string): readonly string[] =>
    ground.way === null ? [] : ['--host', ground.addressOf(place), '--public', '--insecure-public'];
  try {
    const hubDir = join(dir, 'hub');
    mkdirSync(hubDir, { recursive: true });
    const port = 20_000 + (process.pid % 20_000);
    const hubUrl = `http://${ground.addressOf('hub')}:${port}`;
    const hubWords = ['serve', '--data', hubDir, '--port', String(port), '--log-level', 'warn', ...open('hub')];
    const hub = keep(new Unit(node('hub', MAIN, ...hubWords), join(dir, 'hub.log'), env));
    await hub.start();
    const token = readFileSync(join(hubDir, 'bootstrap-token'), 'utf8').trim();
    const origin = 'the lab';
    const { secret: adminKey } = await bootstrap(node('hub'), hubUrl, token);
    const admin = (): Admin => new Admin({ url: hubUrl, key: adminKey, origin });
    const all = resources(bounds);
    await admin().post('/v1/resources:apply', { resources: all, origins: all.map(() => 'lab'), reason: 'it begins' });

    const ledgerFile = join(dir, 'ledger.jsonl');
    const ledger = keep(new Unit(node('led', file('./ledger.ts'), ledgerFile), join(dir, 'ledger.log')));
    const agentUrl = await ledger.start();
    const sidecars = new Map<string, Sidecar>();
    const joining = (
      [
        ['led', 'ledger', 'workshop'],
        ['ann', 'ann', 'office'],
        ['cid', 'cid', 'annex'],
        ['dan', 'dan', 'office'],
      ] as const
    ).map(async ([place, agent, domain], at) => {
      const role = { role: 'sidecar', agent, domain };
      const { token: admits } = await admin().post<{ token: string }>('/v1/tokens', role);
      const own = join(dir, place);
      mkdirSync(own, { recursive: true });
      const where = ['--data', own, '--port', String(port + 1 + at), ...open(place)];
      const words = ['sidecar', 'run', '--hub', hubUrl, '--log-level', 'warn', ...where];
      const behind = place === 'led' ? ['--agent-url', agentUrl] : [];
      const command = node(place, MAIN, ...words, ...behind);
      const sidecar = keep(new Sidecar(command, own, { ...env, AIRSPACE_TOKEN: admits }));
      await sidecar.start();
      sidecars.set(place, sidecar);
    });
    await Promise.all(joining);
    const told: Told[] = [];
    const voices = new Map<string, Unit>();
    for (const caller of CALLERS) {
      const voice = new Voice(
        node(caller, file('./caller.ts')),
        join(dir, `${caller}-voice.log`),
        (line) => void told.push(line),
      );
      voices.set(caller, keep(voice));
      voice.begin();
    }
    const scene: Scene = {
      ...{ admin, hub, hubUrl, hubDir, adminKey, sidecars },
      call: (caller, operation, id, headers = {}) => {
        const { url, key } = sidecars.get(caller)!.app;
        const order = { id, url: `${url}/v1/agents/ledger/${operation}`, key, headers };
        voices.get(caller)!.child.stdin!.write(`${JSON.stringify(order)}\n`);
      },
      told: () => told,
      ran: () => readLines<Ran>(ledgerFile),
      cut: async () => (ground.way === null ? hub.end() : ground.way.cut(PLACES.slice(1))),
      mend: async () => {
        if (ground.way === null) await hub.start();
        else ground.way.mend(PLACES.slice(1));
      },
      stop: async () => {
        process.off('exit', reap);
        await stop();
      },
    };
    await flowing(scene);
    return scene;
  } catch (thrown) {
    process.off('exit', reap);
    await stop();
    throw thrown;
  }
};

/** A caller as a process: it says nothing before it is asked. */
class Voice extends Unit {
  readonly #command: readonly string[];
  readonly #heard: (told: Told) => void;
  #voice: ChildProcess | undefined;

  constructor(command: readonly string[], log: string, heard: (told: Told) => void) {
    super(command, log);
    this.#command = command;
    this.#heard = heard;
  }

  begin(): void {
    const [program = '', ...words] = this.#command;
    this.#voice = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.#voice.stdout! }).on('line', (line) => this.#heard(JSON.parse(line) as Told));
  }

  override get child(): ChildProcess {
    return this.#voice!;
  }

  override async end(): Promise<void> {
    this.#voice?.kill('SIGKILL');
  }
}

const WORD = `
const [url, token] = process.argv.slice(1);
const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token }) });
console.log(await answer.text());
`;

/** Answered on the machine of the hub only, so it is asked from there. */
const bootstrap = async (node: readonly string[], url: string, token: string): Promise<{ secret: string }> => {
  const [program = '', ...words] = node;
  const said = execFileSync(program, [...words, '--input-type=module', '-e', WORD, `${url}/v1/bootstrap`, token]);
  return JSON.parse(String(said)) as { secret: string };
};

/** Every caller's calls get through, those that may. */
const flowing = async (scene: Scene): Promise<void> => {
  for (const caller of CALLERS)
    for (const operation of ['look', 'buy', 'pay'] as const) {
      let n = 0;
      const flows = await eventually(async () => {
        const id = `warm-${caller}-${operation}-${n++}`;
        scene.call(caller, operation, id);
        await pause(150);
        return scene.told().some((one) => one.id.startsWith(`warm-${caller}-${operation}-`) && one.status === 200)
          ? true
          : undefined;
      }, 40_000);
      if (flows === undefined)
        throw new Error(`no \`${operation}\` of \`${caller}\` gets through: ${JSON.stringify(scene.told().at(-1))}`);
    }
};

const readLines = <T>(path: string): readonly T[] =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as T)
    : [];

const resource = (kind: string, name: string, spec: unknown, domain?: string): unknown => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, ...(domain === undefined ? {} : { domain }) },
  spec,
});

export const POLICY = `
@id("work") @reason("agents may work with each other") permit (principal, action, resource);
@id("gifts-want-people") @reason("gifts want a person") @remedy("approval")
forbid (principal, action == Action::"agent/ledger/gift", resource);
`;

const resources = ({ annexSensitiveMs, ...bounds }: BoundsMs): readonly unknown[] => [
  ...['office', 'annex', 'workshop'].map((name) => resource('Domain', name, {})),
  resource('Agent', 'ann', { operations: [{ name: 'noop', effect: 'read' }] }, 'office'),
  resource('Agent', 'dan', { operations: [{ name: 'noop', effect: 'read' }] }, 'office'),
  resource('Agent', 'cid', { operations: [{ name: 'noop', effect: 'read' }] }, 'annex'),
  resource(
    'Agent',
    'ledger',
    {
      operations: [
        { name: 'look', effect: 'read' },
        { name: 'record', effect: 'read', sensitive: true },
        { name: 'note', effect: 'write' },
        { name: 'buy', effect: 'spend' },
        { name: 'pay', effect: 'irreversible' },
        { name: 'gift', effect: 'write' },
      ],
    },
    'workshop',
  ),
  resource('Route', 'direct', { to: { kind: 'agent', name: 'ledger' }, via: 'mesh' }),
  resource('PolicyBundle', 'org', {
    level: 'org',
    policies: { text: POLICY },
    limits: {
      text: '@id("counted") @budget_class("counted") permit (principal, action == Action::"agent/ledger/buy", resource);',
    },
  }),
  resource('Budget', 'bought', { scope: 'organisation', class: 'counted', unit: 'calls', limit: MOST_BOUGHT }),
  resource('Staleness', 'org', { level: 'org', ...bounds }),
  resource('Staleness', 'annex', { level: 'annex', sensitiveReadMs: annexSensitiveMs }),
];
