/** Nodes as real processes that can be killed with SIGKILL and come back on the same port with the same data. */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { StartedSidecar, Starter } from '../../src/cli/deploy.ts';
import { type NodeProcess, spawnNode } from '../../src/cli/up/child.ts';

/** One node over its lives. */
export class CrashNode {
  readonly name: string;
  readonly dir: string;
  readonly url: string;
  readonly #args: readonly string[];
  readonly #token: string | undefined;
  #process: NodeProcess | undefined;

  constructor(name: string, dir: string, port: number, args: readonly string[], token?: string) {
    this.name = name;
    this.dir = join(dir, name);
    this.url = `http://127.0.0.1:${port}`;
    this.#args = [...args, '--port', String(port), '--data', this.dir, '--log-level', 'error'];
    this.#token = token;
  }

  /** Resolves when the process says that it listens. */
  async start(): Promise<void> {
    this.#process = await spawnNode({
      args: this.#args,
      token: this.#token,
      log: (line) => {
        if (process.env['CRASH_LOG'] !== undefined) process.stderr.write(`${this.name}: ${line}\n`);
      },
    });
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  /** Where its agent sends calls, with which key: another one in each life of a sidecar. */
  app(): { readonly url: string; readonly key: string } {
    return JSON.parse(readFileSync(join(this.dir, 'app.json'), 'utf8')) as { url: string; key: string };
  }
}

export interface CrashStarter extends Starter {
  /** By name. */
  readonly nodes: ReadonlyMap<string, CrashNode>;
}

export const crashStarter = (dir: string): CrashStarter => {
  const nodes = new Map<string, CrashNode>();
  const start = async (
    name: string,
    port: number | undefined,
    args: readonly string[],
    token?: string,
  ): Promise<CrashNode> => {
    const node = new CrashNode(name, dir, port ?? (await freePort()), args, token);
    nodes.set(name, node);
    await node.start();
    return node;
  };
  // Nothing that these nodes leave behind is needed, so they end the quick way.
  const started = (node: CrashNode) => ({ url: node.url, stop: () => node.kill() });
  return {
    nodes,
    hub: async ({ name, port }) => {
      const node = await start(name, port, ['serve']);
      return {
        ...started(node),
        bootstrapToken: async () => readFileSync(join(node.dir, 'bootstrap-token'), 'utf8').trim(),
      };
    },
    domain: async ({ name, port, hubUrl, token }) =>
      started(await start(name, port, ['serve', '--role', 'domain', '--parent', hubUrl], token)),
    sidecar: async ({ name, port, hubUrl, token, agentUrl }): Promise<StartedSidecar> => {
      const agent = agentUrl === null ? [] : ['--agent-url', agentUrl];
      const node = await start(name, port, ['sidecar', 'run', '--hub', hubUrl, ...agent], token);
      const app = node.app();
      return { ...started(node), appUrl: app.url, appKey: app.key };
    },
  };
};

/** A port that stays the node's own over its lives. */
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
