/** A tree of hubs in this process, every one over real HTTP: a root, domains that govern themselves below it, and agents behind them. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DomainOptions, type RunningDomainHub, startDomainHub } from '../../src/cli/node/domain.ts';
import { type RunningHub, startHub } from '../../src/cli/node/hub.ts';
import type { ControlPort } from '../../src/contract/index.ts';
import { DEFAULT_TENANT, Fault, WHOLE_TENANT } from '../../src/contract/index.ts';
import { mintKey } from '../../src/identity/index.ts';

export const OPEN = '@id("all") @reason("everybody may call") permit (principal, action, resource);';

export const resource = (kind: string, name: string, spec: object, metadata: object = {}) => ({
  apiVersion: 'airspace.dev/v1',
  kind,
  metadata: { name, ...metadata },
  spec,
});

export const agent = (name: string, url: string | null, spec: object = {}, metadata: object = {}) =>
  resource(
    'Agent',
    name,
    { operations: [{ name: 'ask', effect: 'read' }], ...(url === null ? {} : { endpoints: [{ url }] }), ...spec },
    metadata,
  );

export const bundle = (level: string, text: string) =>
  resource('PolicyBundle', `policy-${level}`, { level, policies: { text } });

export type MintedKey = ReturnType<typeof mintKey>;

/** Keys by agent: made once, so that a caller can be the same at several hubs. */
export const keyOf = (minted: MintedKey, name: string, kind: 'agent' | 'user' = 'agent') =>
  resource('Key', `${name}-1`, { principal: { kind, name }, secretHash: minted.secretHash });

export type AnyHub = Pick<RunningHub, 'url' | 'configure' | 'nodes'>;

export class Scene {
  readonly #held = new AsyncDisposableStack();
  readonly dir = mkdtempSync(join(tmpdir(), 'airspace-tree-'));
  readonly #domains = new Map<string, DomainOptions>();

  readonly #common: typeof COMMON;

  /** `said`: nodes write down what is from `info` on, and nobody prints it. Default: errors, on standard error. */
  constructor({ said = false }: { readonly said?: boolean } = {}) {
    this.#common = said ? { ...COMMON, level: 'info', log: () => {} } : COMMON;
    this.#held.defer(() => rmSync(this.dir, { recursive: true, force: true }));
  }

  async root(name = 'root'): Promise<RunningHub> {
    const hub = await startHub({ ...this.#common, dir: this.#folder(name), oracle: 0 });
    this.#held.defer(() => hub.stop(false));
    return hub;
  }

  async domain(parent: AnyHub, domain: string, name = domain): Promise<RunningDomainHub> {
    const { token } = await parent.nodes.issueJoinToken({ role: 'domain', tenant: DEFAULT_TENANT, domain, agent: '' });
    const options = { ...this.#common, dir: this.#folder(name), hubUrl: parent.url, token };
    const hub = await startDomainHub(options);
    this.#domains.set(name, { ...options, port: Number(new URL(hub.url).port) });
    this.#held.defer(() => hub.stop(false));
    await until(() => hub.live.snapshot !== undefined);
    return hub;
  }

  /** The same node again, after its end. */
  async again(name: string): Promise<RunningDomainHub> {
    const hub = await startDomainHub(this.#domains.get(name)!);
    this.#held.defer(() => hub.stop(false));
    return hub;
  }

  /** An agent that answers with its name, and counts. */
  async agent(name: string): Promise<{ readonly url: string; readonly seen: string[] }> {
    const seen: string[] = [];
    const server = createServer((req, res) => {
      seen.push(req.url ?? '');
      req
        .resume()
        .on('end', () => res.setHeader('content-type', 'application/json').end(JSON.stringify({ from: name })));
    }).listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    this.#held.defer(async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
  }

  defer(work: () => Promise<void>): void {
    this.#held.defer(work);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#held.disposeAsync();
  }

  #folder(name: string): string {
    const dir = join(this.dir, name);
    mkdirSync(dir, { recursive: true });
    return dir;
  }
}

const COMMON: Pick<DomainOptions, 'host' | 'port' | 'level' | 'log'> = {
  host: '127.0.0.1',
  port: 0,
  level: 'error',
  log: (line) => void process.stderr.write(line),
};

export const apply = (
  { configure }: { readonly configure: ControlPort },
  resources: readonly unknown[],
  more: { readonly prune?: boolean; readonly tenant?: string } = {},
) =>
  configure.apply({
    ...{ tenant: more.tenant ?? DEFAULT_TENANT, resources, origins: resources.map(() => 'test'), by: 'user/test' },
    ...{ rights: WHOLE_TENANT, reason: '', dryRun: false, prune: more.prune ?? false },
  });

export const refusalOf = async (work: Promise<unknown>): Promise<Fault> => {
  try {
    await work;
  } catch (thrown) {
    return Fault.from(thrown);
  }
  throw new Error('it was taken');
};

export const namesAt = async ({ configure }: { readonly configure: ControlPort }, kind: 'Agent' | 'Domain') =>
  (await configure.list({ tenant: DEFAULT_TENANT, kind })).map(({ resource: { metadata } }) => metadata.name);

export interface Answered {
  readonly status: number;
  readonly text: string;
  readonly callId: string;
}

export const call = async (
  { url }: Pick<AnyHub, 'url'>,
  { secret }: Pick<MintedKey, 'secret'>,
  to: string,
): Promise<Answered> => {
  const reply = await fetch(`${url}/v1/agents/${to}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: '{}',
  });
  return { status: reply.status, text: await reply.text(), callId: reply.headers.get('airspace-call-id') ?? '' };
};

const WITHIN_MS = 15_000;

/** Looks again after every turn of the loop: what is waited for comes by itself, and soon. */
export const until = async (
  isSo: () => boolean | Promise<boolean>,
  what = isSo.toString(),
  withinMs = WITHIN_MS,
): Promise<void> => {
  for (const endMs = performance.now() + withinMs; !(await isSo()); ) {
    if (performance.now() > endMs) throw new Error(`this did not happen in time: ${what}`);
    await new Promise((turn) => setTimeout(turn, 5));
  }
};

export { mintKey };
