/** What nodes say about calls, in short: for the tests of this folder. */
import type { CallEvent, InstanceEntry, NodeEntry, Snapshot, StepEvent, TargetEntry } from '../../contract/index.ts';
import { type PassedCalls, passedIn } from './passed.ts';
import type { Seen } from './view.ts';

export const send = (durationMs: number): StepEvent => ({
  span: 's',
  name: 'send',
  offsetMs: 0,
  durationMs,
  attributes: {},
});

export const event = (given: Partial<CallEvent>): CallEvent => ({
  callId: 'c',
  trace: 't',
  span: 's',
  tenant: 'acme',
  principal: { kind: 'agent', id: 'concierge', domain: 'shop' },
  target: { kind: 'agent', name: 'orders', operation: 'place' },
  lineage: { root: 'c', depth: 0 },
  node: 'n',
  role: 'hub',
  startedAtMs: 0,
  durationMs: 10,
  status: 'ok',
  code: '',
  httpStatus: 200,
  requestBytes: 0,
  replyBytes: 0,
  snapshotSeq: 1,
  attributes: { route: 'orders', via: 'hub' },
  steps: [send(8)],
  ...given,
});

export interface CallGiven extends Partial<Pick<CallEvent, 'principal' | 'target' | 'status'>> {
  readonly at?: number;
  readonly ms?: number;
  readonly instead?: boolean;
}

const told = { 'tree.found': 'told', route: 'orders' };

/** Through the hub, from a caller with a sidecar: the hub itself takes 2 ms. */
export const through = (
  id: string,
  { at = 0, ms = 10, instead = false, ...rest }: CallGiven = {},
): readonly CallEvent[] => {
  const same = { callId: id, trace: id, startedAtMs: at, ...rest };
  const why = instead ? { 'via.instead': 'nobody there' } : {};
  return [
    event({
      ...same,
      role: 'sidecar-out',
      node: 'out',
      durationMs: ms,
      steps: [send(ms - 1)],
      attributes: { route: 'orders', via: 'hub', ...why },
    }),
    event({
      ...same,
      role: 'hub',
      node: 'hub-1',
      durationMs: ms - 2,
      steps: [send(ms - 4)],
      attributes: { ...told, via: 'hub' },
    }),
    event({ ...same, role: 'sidecar-in', node: 'in', durationMs: ms - 5, steps: [send(ms - 6)], attributes: told }),
  ];
};

export const directly = (id: string, { at = 0, ms = 7, instead: _, ...rest }: CallGiven = {}): readonly CallEvent[] => {
  const same = { callId: id, trace: id, startedAtMs: at, ...rest };
  return [
    event({
      ...same,
      role: 'sidecar-out',
      node: 'out',
      durationMs: ms,
      steps: [send(ms - 1)],
      attributes: { route: 'orders', via: 'mesh' },
    }),
    event({ ...same, role: 'sidecar-in', node: 'in', durationMs: ms - 2, steps: [send(ms - 3)], attributes: told }),
  ];
};

/** From a caller with a key, at the hub. */
export const keyed = (id: string, { at = 0, ms = 10, instead: _, ...rest }: CallGiven = {}): readonly CallEvent[] => [
  event({ callId: id, trace: id, startedAtMs: at, durationMs: ms, steps: [send(ms - 2)], node: 'hub-1', ...rest }),
];

export const many = (count: number, make: (id: string, at: number) => readonly CallEvent[]): readonly CallEvent[] =>
  Array.from({ length: count }, (_, n) => make(`c${n}`, n)).flat();

export const target = (given: Partial<TargetEntry> = {}): TargetEntry => ({
  tenant: 'acme',
  kind: 'agent',
  name: 'orders',
  domain: 'shop',
  labels: {},
  endpoints: [],
  operations: [{ name: 'place', effect: 'write', idempotent: false }],
  health: null,
  concurrency: 1000,
  timeoutMs: null,
  ...given,
});

export const snapshot = (given: Partial<Snapshot> = {}): Snapshot => ({
  seq: 1,
  revision: 1,
  createdAtMs: 0,
  targets: [target()],
  routes: [
    {
      tenant: 'acme',
      name: 'orders',
      fromAgents: [],
      fromDomains: [],
      toKind: 'agent',
      toName: 'orders',
      toDomain: '',
      via: 'hub',
      timeoutMs: null,
      attempts: 3,
      priority: 2,
    },
  ],
  domains: [{ tenant: 'acme', name: 'shop', parent: '', delegated: false }],
  keys: [],
  policy: { version: '', cedar: '', actionParents: {}, arguments: [], levels: [] },
  ...given,
});

export const sidecar = (id: string, given: Partial<NodeEntry> = {}): NodeEntry => ({
  id,
  role: 'sidecar',
  tenant: 'acme',
  domain: 'shop',
  agent: '',
  publicKey: '',
  url: `http://${id}.test`,
  ...given,
});

export const SIDECARS = [sidecar('out', { agent: 'concierge' }), sidecar('in', { agent: 'orders' })];

/** Over a window of 100 seconds. */
export const seen = (
  events: readonly CallEvent[],
  {
    nodes = SIDECARS,
    instances = [],
    hubCost = { cpuUsPerCall: 400, cores: 0.1, calls: 1_000, overMs: 100_000 },
    ...given
  }: Partial<Snapshot> & {
    readonly nodes?: readonly NodeEntry[];
    readonly instances?: readonly InstanceEntry[];
    readonly hubCost?: Seen['hubCost'];
  } = {},
): Seen => {
  const passed: PassedCalls = passedIn(events);
  return {
    tenant: 'acme',
    window: {
      fromMs: 0,
      toMs: 100_000,
      isWhole: true,
      calls: passed.calls.length,
      incomplete: passed.incomplete,
      wayless: passed.wayless,
    },
    passed,
    hubCost,
    ground: { snapshot: snapshot(given), nodes, instances },
  };
};
