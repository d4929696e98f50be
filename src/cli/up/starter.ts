/** The nodes of a topology as processes of their own, for what must see one die: evaluations and crash tests. */
import { appendFileSync, mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BOOTSTRAP_FILE } from '../../identity/index.ts';
import type { StartedNode, StartedSidecar, Starter } from '../deploy.ts';
import { APP_FILE } from '../starting.ts';
import { type NodeProcess, spawnNode } from './child.ts';

/** A node that can be killed and started again: same address, same data directory, another process. */
export interface ProcessNode extends StartedNode {
  /** Of the process that runs now, or ran last. */
  readonly pid: number;
  /** SIGKILL: no chance to finish or to write anything. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** Call it after `kill` or `stop`. Resolves when the new process listens. */
  startAgain(): Promise<void>;
}

export interface ProcessStarter extends Starter<ProcessNode> {
  /** SIGKILL to every process that still runs: the end of a run, and the way out of one that came up halfway. */
  killAll(): Promise<void>;
}

/**
 * Each node has the directory `dir/<name>`, and what it says goes to `dir/<name>.log`. No node outlives this process, also when
 * it forgets `killAll`. `more`: options of hubs.
 */
export const processes = (dir: string, more: { readonly hub?: readonly string[] } = {}): ProcessStarter => {
  const units: Unit[] = [];
  const reap = (): void => {
    for (const unit of units) void unit.kill();
  };
  process.once('exit', reap);
  const start = async <U extends Unit>(unit: U, port: number): Promise<U> => {
    units.push(unit);
    await unit.start(port);
    return unit;
  };
  return {
    hub: ({ name, port = 0 }) => start(new HubUnit(dir, name, ['serve', ...(more.hub ?? [])]), port),
    domain: ({ name, port = 0, hubUrl, token }) =>
      start(new Unit(dir, name, ['serve', '--role', 'domain', '--parent', hubUrl], token), port),
    sidecar: ({ name, port = 0, hubUrl, token, agentUrl }) => {
      const agent = agentUrl === null ? [] : ['--agent-url', agentUrl];
      return start(new SidecarUnit(dir, name, ['sidecar', 'run', '--hub', hubUrl, ...agent], token), port);
    },
    killAll: async () => {
      process.off('exit', reap);
      await Promise.all(units.map((unit) => unit.kill()));
    },
  };
};

/** One node: the words that start it, and the process that runs them now. */
class Unit implements ProcessNode {
  readonly dir: string;
  readonly #log: string;
  readonly #words: readonly string[];
  /** Only the first start needs it; the root of a topology, never. */
  readonly #token: string | undefined;
  #process: NodeProcess | undefined;

  constructor(parent: string, name: string, words: readonly string[], token?: string) {
    this.dir = join(parent, name);
    this.#log = `${this.dir}.log`;
    this.#words = [...words, '--data', this.dir, '--log-level', 'warn'];
    this.#token = token;
  }

  get url(): string {
    return this.#running.url;
  }

  get pid(): number {
    return this.#running.pid;
  }

  async start(port: number): Promise<void> {
    mkdirSync(this.dir, { recursive: true });
    this.#process = await spawnNode({
      args: [...this.#words, '--port', String(port)],
      token: this.#token,
      log: (line) => appendFileSync(this.#log, `${line}\n`),
    });
  }

  startAgain(): Promise<void> {
    return this.start(Number(new URL(this.url).port));
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  get #running(): NodeProcess {
    if (this.#process === undefined) throw new Error(`the node in ${this.dir} was never started`);
    return this.#process;
  }
}

class HubUnit extends Unit {
  readonly bootstrapToken = async (): Promise<string> =>
    (await readFile(join(this.dir, BOOTSTRAP_FILE), 'utf8')).trim();
}

/** INVARIANT: the application side is new in each process, so its address and key are asked for each time. */
class SidecarUnit extends Unit implements StartedSidecar {
  #app = { url: '', key: '' };

  get appUrl(): string {
    return this.#app.url;
  }

  get appKey(): string {
    return this.#app.key;
  }

  override async start(port: number): Promise<void> {
    await super.start(port);
    this.#app = JSON.parse(await readFile(join(this.dir, APP_FILE), 'utf8')) as { url: string; key: string };
  }
}
