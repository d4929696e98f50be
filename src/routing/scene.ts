/** A small world for the tests of this room: time that stands still until told, seeded chance, and short ways to say who exists. */
import type {
  Call,
  Clock,
  InstanceEntry,
  NodeEntry,
  Principal,
  Reply,
  RouteEntry,
  Scope,
  Snapshot,
  TargetEntry,
  Timer,
} from '../contract/index.ts';
import { Canceller, silentSpan } from '../kernel/index.ts';
import type { Candidate } from './candidates.ts';

interface Due {
  readonly atMs: number;
  readonly run: () => void;
}

export class StillClock implements Clock {
  #nowMs = 0;
  #due: Due[] = [];

  nowMs = (): number => this.#nowMs;
  wallMs = (): number => this.#nowMs;

  after = (delayMs: number, run: () => void): Timer => {
    const due: Due = { atMs: this.#nowMs + delayMs, run };
    const later = this.#due.findIndex((other) => other.atMs > due.atMs);
    this.#due.splice(later < 0 ? this.#due.length : later, 0, due);
    const cancel = (): void => {
      this.#due = this.#due.filter((other) => other !== due);
    };
    return { cancel };
  };

  /** Runs everything due until then, in order, letting promises settle after each. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      const next = this.#due[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#due.shift();
      this.#nowMs = next.atMs;
      next.run();
      await settled();
    }
    this.#nowMs = untilMs;
    await settled();
  }

  /** The same without promises: for simulations that have none. */
  run(untilMs: number): void {
    for (let next = this.#due.shift(); next !== undefined && next.atMs <= untilMs; next = this.#due.shift()) {
      this.#nowMs = next.atMs;
      next.run();
    }
  }
}

/** All microtasks that are waiting, and those that they start. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Mulberry32: a small generator, the same numbers for the same seed. */
export const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

export const target = (given: Partial<TargetEntry> = {}): TargetEntry => ({
  tenant: 'acme',
  kind: 'agent',
  name: 'booking',
  domain: '',
  labels: {},
  endpoints: [],
  operations: [{ name: 'book', effect: 'write', idempotent: false }],
  health: null,
  concurrency: 1000,
  timeoutMs: 2000,
  ...given,
});

export const routeEntry = (given: Partial<RouteEntry> = {}): RouteEntry => ({
  tenant: 'acme',
  name: 'route',
  fromAgents: [],
  fromDomains: [],
  toKind: 'agent',
  toName: '*',
  toDomain: '',
  via: 'hub',
  timeoutMs: null,
  attempts: 3,
  priority: 2,
  ...given,
});

export const snapshot = (given: Partial<Snapshot> = {}): Snapshot => ({
  seq: 1,
  revision: 1,
  createdAtMs: 0,
  targets: [target()],
  routes: [],
  domains: [],
  keys: [],
  policy: { version: '', cedar: '', actionParents: {}, levels: [] },
  ...given,
});

export const node = (given: Partial<NodeEntry>): NodeEntry => ({
  id: 'node',
  role: 'sidecar',
  tenant: 'acme',
  domain: '',
  agent: '',
  publicKey: '',
  url: 'http://127.0.0.1:1',
  ...given,
});

export const instance = (given: Partial<InstanceEntry>): InstanceEntry => ({
  id: 'instance',
  tenant: 'acme',
  kind: 'agent',
  name: 'booking',
  url: 'http://127.0.0.1:9000',
  protocol: 'direct',
  node: '',
  version: '1',
  labels: {},
  state: 'ready',
  ...given,
});

export const candidate = (id: string, given: Partial<Candidate> = {}): Candidate => ({
  id,
  url: `http://${id}.test`,
  protocol: 'direct',
  node: '',
  version: '1',
  weight: 100,
  labels: {},
  state: 'ready',
  ...given,
});

export const candidates = (count: number): Candidate[] => Array.from({ length: count }, (_, at) => candidate(`e${at}`));

export const principal = (given: Partial<Principal> = {}): Principal => ({
  kind: 'agent',
  tenant: 'acme',
  id: 'concierge',
  roles: [],
  ...given,
});

export const call = (given: Partial<Call> = {}): Call => ({
  id: '0'.repeat(32),
  credential: { kind: 'none' },
  principal: principal(),
  target: { kind: 'agent', name: 'booking', operation: 'book' },
  contentType: 'application/json',
  accept: '*/*',
  body: { kind: 'bytes', bytes: new Uint8Array() },
  headers: [],
  trace: { trace: '0'.repeat(32), sampled: false },
  lineage: { root: '0'.repeat(32), depth: 0 },
  priority: 2,
  stream: false,
  via: [],
  retriedElsewhere: false,
  ...given,
});

export const reply = (given: Partial<Reply> = {}): Reply => ({
  outcome: 'ok',
  status: 200,
  contentType: 'text/plain',
  headers: [],
  body: { kind: 'bytes', bytes: new Uint8Array() },
  endpoint: '',
  attempts: 1,
  ...given,
});

export interface Step {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export const scopeAt = (clock: Clock, random: () => number = seeded(1)) => {
  const canceller = new Canceller();
  const steps: Step[] = [];
  const scope: Scope = {
    clock,
    random,
    ids: { traceId: () => '1'.repeat(32), spanId: () => '1'.repeat(16), callId: () => '1'.repeat(32) },
    signal: canceller,
    deadlineMs: Number.POSITIVE_INFINITY,
    span: { ...silentSpan('1'.repeat(16)), step: (name, _, attributes = {}) => void steps.push({ name, attributes }) },
  };
  return { scope, canceller, steps };
};
