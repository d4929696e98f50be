/** A hub, a caller behind a sidecar, two instances of an agent behind theirs, and load: all of them processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Access, type Deployed, deploy } from '../../src/cli/deploy.ts';
import { type ProcessNode, processes } from '../../src/cli/up/starter.ts';
import { API_VERSION } from '../../src/contract/index.ts';
import { ask, eventually } from '../crash/wire.ts';
import type { Answered } from './generator.ts';

export interface Scene {
  readonly deployed: Deployed<ProcessNode>;
  readonly caller: Access;
  /** What both instances ran. */
  ledger(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

const resource = (kind: string, name: string, spec: unknown, domain?: string): unknown => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, ...(domain === undefined ? {} : { domain }) },
  spec,
});

/** An operation that writes: nothing may run it twice, and every node keeps an intent of it on disk. */
const resourcesFor = (effect: 'read' | 'write'): readonly unknown[] => [
  resource('Domain', 'shop', {}),
  resource('Agent', 'concierge', { operations: [{ name: 'noop', effect: 'read' }] }, 'shop'),
  resource('Agent', 'orders', { operations: [{ name: 'place', effect }] }, 'shop'),
  resource('Route', 'orders', { to: { kind: 'agent', name: 'orders' }, via: 'hub' }),
  resource('PolicyBundle', 'org', {
    level: 'org',
    policies: {
      text: '@id("shop") @reason("the shop works together") permit (principal in Domain::"shop", action, resource);',
    },
  }),
];

export const startScene = async (dir: string, effect: 'read' | 'write' = 'write'): Promise<Scene> => {
  const starter = processes(dir);
  const agents = await Promise.all([startChild('agent.ts', []), startChild('agent.ts', [])]);
  const stop = async (): Promise<void> => {
    await starter.killAll();
    for (const { child } of agents) end(child);
  };
  try {
    const deployed = await deploy(starter, {
      topology: 'mesh',
      resources: resourcesFor(effect),
      target: {
        name: 'orders',
        domain: 'shop',
        instances: agents.map(({ line }, at) => ({ name: `i${at}`, url: line })),
      },
      callers: [{ name: 'concierge', domain: 'shop' }],
    });
    const caller = deployed.access.get('concierge')!;
    await flowing(caller);
    const ledger = async (): Promise<readonly string[]> =>
      (await Promise.all(agents.map(({ line }) => ask(`${line}/ledger`)))).flatMap(
        ({ body }) => JSON.parse(body) as string[],
      );
    return { deployed, caller, ledger, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
};

const flowing = async ({ url, key }: Access): Promise<void> => {
  const found = await eventually(async () => {
    const headers = { 'content-type': 'application/json' };
    const { status } = await ask(`${url}/v1/agents/orders/place`, {
      method: 'POST',
      key,
      headers,
      body: '{"id":"first"}',
    });
    return status === 200 ? true : undefined;
  }, 30_000);
  if (found === undefined) throw new Error('no call gets through');
};

export interface Load {
  readonly pid: number;
  /** Resolves when the last call was answered. */
  stop(): Promise<readonly Answered[]>;
  kill(): void;
}

export const startLoad = ({ url, key }: Access, perSecond: number): Load => {
  const child = spawn(process.execPath, [fileOf('generator.ts'), url, key, String(perSecond)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const reap = (): void => end(child);
  process.once('exit', reap);
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      const said: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
      const gone = once(child, 'close');
      child.stdin.write('stop\n');
      await gone;
      process.off('exit', reap);
      return JSON.parse(Buffer.concat(said).toString('utf8')) as Answered[];
    },
    kill: reap,
  };
};

/** As somebody would at a terminal. Answers the exit code and what was printed. */
export const airspace = async (
  { deployed }: Scene,
  words: readonly string[],
): Promise<{ readonly exit: number; readonly stdout: string; readonly stderr: string }> => {
  const child = spawn(process.execPath, [join(fileOf('.'), '../../src/cli/main.ts'), ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, AIRSPACE_URL: deployed.root.url, AIRSPACE_KEY: deployed.adminKey },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => {
    stdout += text;
  });
  child.stderr.on('data', (text: Buffer) => {
    stderr += text;
  });
  const [exit] = (await once(child, 'close')) as [number];
  return { exit, stdout, stderr };
};

const startChild = async (file: string, words: readonly string[]) => {
  const child = spawn(process.execPath, [fileOf(file), ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => end(child));
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, line };
};

const end = (child: ChildProcess): void => void child.kill('SIGKILL');

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
