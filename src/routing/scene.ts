/** What the tests of this room share: short ways to say who exists, who calls, and what came back. */
import type {
  Call,
  InstanceEntry,
  NodeEntry,
  Principal,
  Reply,
  RouteEntry,
  Snapshot,
  Span,
  TargetEntry,
} from '../contract/index.ts';
import { rootScope, silentSpan, type World } from '../kernel/index.ts';
import type { Candidate } from './candidates.ts';

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
  policy: { version: '', cedar: '', actionParents: {}, arguments: [], levels: [] },
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
  final: false,
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

/** A scope whose steps can be read afterwards. */
export const scopeIn = (world: World) => {
  const steps: Step[] = [];
  const span: Span = {
    ...silentSpan('1'.repeat(16)),
    step: (name, _, attributes = {}) => void steps.push({ name, attributes }),
  };
  return { ...rootScope(world, span), steps };
};
