/** What tests of this room share: a clock held by hand, stores in memory, and short ways to write resources. */
import type {
  Clock,
  NodeEntry,
  NodeStore,
  ResourceStore,
  Revision,
  Snapshot,
  StoredResource,
  Timer,
} from '../contract/index.ts';
import { Fault, idOf, resourceKey } from '../contract/index.ts';

/** Time moves only when told to; timers that fall due run in order. */
export class HandClock implements Clock {
  #now = 1_000;
  readonly #wallOffset: number;
  #timers: { readonly at: number; readonly run: () => void }[] = [];

  constructor(wallMs = 1_700_000_000_000) {
    this.#wallOffset = wallMs - this.#now;
  }

  nowMs(): number {
    return this.#now;
  }

  wallMs(): number {
    return this.#now + this.#wallOffset;
  }

  after(delayMs: number, run: () => void): Timer {
    const timer = { at: this.#now + delayMs, run };
    this.#timers.push(timer);
    const cancel = (): void => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
    return { cancel };
  }

  /** Runs what falls due, letting promises settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settle();
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.at);
      this.#timers = this.#timers.filter((timer) => timer !== next);
      next.run();
    }
    this.#now = end;
    await settle();
  }

  /** Time passes, but this process does not notice: it was suspended. */
  async stall(ms: number): Promise<void> {
    this.#now += ms;
    await this.advance(0);
  }
}

/** Long enough for any chain of promises that needs no I/O. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((done) => setImmediate(done));
};

export class FakeResources implements ResourceStore {
  readonly #revisions: { readonly revision: Revision; readonly content: ReadonlyMap<string, StoredResource> }[] = [];
  readonly #versions = new Map<string, StoredResource[]>();

  async commit(change: Parameters<ResourceStore['commit']>[0], atMs: number): Promise<Revision> {
    const newest = this.#revisions.length;
    if (change.ifRevision !== undefined && change.ifRevision !== newest) {
      throw new Fault('conflict', 'stale', { facts: { expected: change.ifRevision, actual: newest } });
    }
    const content = new Map(this.#content(newest));
    for (const id of change.deletes) content.delete(resourceKey(id));
    for (const resource of change.puts) {
      const key = resourceKey(idOf(resource));
      const versions = this.#versions.get(key) ?? [];
      const stored = { resource: structuredClone(resource), version: versions.length + 1, revision: newest + 1 };
      this.#versions.set(key, [...versions, stored]);
      content.set(key, stored);
    }
    const revision: Revision = {
      revision: newest + 1,
      atMs,
      by: change.by,
      reason: change.reason,
      rollbackOf: change.rollbackOf ?? null,
      put: change.puts.map((resource) => resourceKey(idOf(resource))),
      deleted: change.deletes.map(resourceKey),
    };
    this.#revisions.push({ revision, content });
    return revision;
  }

  async list(revision = this.#revisions.length): ReturnType<ResourceStore['list']> {
    if (revision > this.#revisions.length) throw new Fault('not_found', `there is no revision ${revision}`);
    const content = [...this.#content(revision)].sort(([a], [b]) => (a < b ? -1 : 1));
    return { revision, resources: content.map(([, stored]) => stored) };
  }

  async history(limit: number): Promise<readonly Revision[]> {
    return this.#revisions
      .map(({ revision }) => revision)
      .reverse()
      .slice(0, limit);
  }

  async version(id: Parameters<ResourceStore['version']>[0], version: number): Promise<StoredResource | undefined> {
    return this.#versions.get(resourceKey(id))?.[version - 1];
  }

  #content(revision: number): ReadonlyMap<string, StoredResource> {
    return this.#revisions[revision - 1]?.content ?? new Map();
  }
}

export class FakeNodes implements NodeStore {
  readonly nodes = new Map<string, NodeEntry>();
  readonly #tokens = new Map<string, { readonly grant: string; readonly expiresAtMs: number }>();
  readonly #sequences = new Map<string, number>();

  async put(node: NodeEntry): Promise<void> {
    this.nodes.set(node.id, node);
  }
  async remove(id: string): Promise<void> {
    this.nodes.delete(id);
  }
  async list(): Promise<readonly NodeEntry[]> {
    return [...this.nodes.values()];
  }
  async putToken(hash: string, grant: string, expiresAtMs: number): Promise<void> {
    this.#tokens.set(hash, { grant, expiresAtMs });
  }
  async takeToken(hash: string, nowMs: number): Promise<string | undefined> {
    const token = this.#tokens.get(hash);
    this.#tokens.delete(hash);
    return token !== undefined && nowMs < token.expiresAtMs ? token.grant : undefined;
  }
  async next(sequence: string): Promise<number> {
    const value = (this.#sequences.get(sequence) ?? 0) + 1;
    this.#sequences.set(sequence, value);
    return value;
  }
}

export const NO_POLICY: Snapshot['policy'] = {
  version: 'sha256:0000000000000000',
  cedar: '4',
  actionParents: {},
  levels: [],
};

const resource = (kind: string, name: string, spec: object, metadata: object = {}): Record<string, unknown> => ({
  apiVersion: 'airspace.dev/v1',
  kind,
  metadata: { name, ...metadata },
  spec,
});

export const agent = (name: string, metadata: object = {}, spec: object = {}): Record<string, unknown> =>
  resource('Agent', name, { operations: [{ name: 'ask' }], ...spec }, metadata);
export const domain = (name: string, parent?: string): Record<string, unknown> =>
  resource('Domain', name, parent === undefined ? {} : { parent });
export const route = (name: string, to: object): Record<string, unknown> => resource('Route', name, { to });
export const bundle = (name: string, level: string): Record<string, unknown> =>
  resource('PolicyBundle', name, { level, policies: { text: '' } });
export const key = (name: string, principal: object, more: object = {}): Record<string, unknown> =>
  resource('Key', name, { principal, secretHash: `sha256:${'a'.repeat(64)}`, ...more });
export const user = (name: string, roles: readonly string[] = []): Record<string, unknown> =>
  resource('User', name, { roles });

/** The fault that work throws. */
export const faultOf = async (work: Promise<unknown>): Promise<Fault> => {
  try {
    await work;
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown;
    throw thrown;
  }
  throw new Error('did not throw');
};
