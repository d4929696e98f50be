/** A node for tests: its trees in front of agents that are functions, and time that stands still. */
import type { Call, Endpoint, NodeEntry, Principal, Reply, Scope } from '../contract/index.ts';
import { Fault, HEADERS } from '../contract/index.ts';
import { mayHandTo, type NodeKey, newNodeKey, Seal } from '../identity/index.ts';
import { compose, loopbackCall, loopbackReply, Recent, rootScope, silentSpan, VirtualWorld } from '../kernel/index.ts';
import { type Ground, type TreeRules, Trees, treeRules } from './index.ts';

export const TENANT = 'acme';

export const agent = (id: string): Principal => ({ kind: 'agent', tenant: TENANT, id, roles: [] });
export const ann: Principal = { kind: 'user', tenant: TENANT, id: 'ann', roles: ['clerk'] };

/** What an agent got with a call: enough to call on in every manner. */
export interface Got {
  readonly call: Call;
  /** Empty for what is no agent. */
  readonly run: string;
  readonly traceparent: Call['trace'];
}

export type Script = (got: Got, node: TestNode) => Promise<unknown>;

export interface TestNode {
  readonly id: string;
  readonly key: NodeKey;
  readonly world: VirtualWorld;
  readonly trees: Trees;
  readonly ground: Ground;
  /** Calls that came through, in order. */
  readonly sent: Call[];
  /** Who answers to `agent/a`; nobody: it answers at once. */
  readonly scripts: Map<string, Script>;
  ask(from: Principal, target: string, more?: Partial<Call>): Promise<Reply>;
  /** What became of it in a word: `sent`, or the code that the refusal has in its facts. */
  outcome(from: Principal, target: string, more?: Partial<Call>): Promise<string>;
}

export interface NodeOptions {
  readonly id?: string;
  readonly key?: NodeKey;
  readonly rules?: TreeRules;
  readonly nodes?: readonly NodeEntry[];
  /** Default: nobody speaks to another node. */
  readonly speaksElsewhere?: boolean;
  readonly provenOrigin?: Ground['provenOrigin'];
  /** What routes grant each call, as the deadline layer would say below. Default: nothing bounds it. */
  readonly grantedMs?: number;
}

const ENDPOINT: Endpoint = {
  id: 'e',
  url: 'http://127.0.0.1:9',
  protocol: 'direct',
  node: '',
  final: false,
  version: '1',
};

export const testNode = ({
  id = 'hub-1',
  key = newNodeKey(),
  rules = treeRules({ targets: [], domains: [] }),
  nodes = [],
  speaksElsewhere = false,
  provenOrigin = () => undefined,
  grantedMs = Number.POSITIVE_INFINITY,
}: NodeOptions = {}): TestNode => {
  const world = new VirtualWorld(1);
  const seal = new Seal(id, key);
  const trees = new Trees(id);
  const ground: Ground = {
    rules,
    seal: (text, others) => seal.put(text, others),
    openRun: (token) => {
      const opened = seal.open(token, (name) => nodes.find((node) => node.id === name));
      if ('broken' in opened) return opened.broken === 'elsewhere' ? { elsewhere: opened.node } : undefined;
      const { text, issuer } = opened;
      const may = (tenant: string, name: string): boolean => issuer === null || mayHandTo(issuer, tenant, name);
      return { text, own: issuer === null, mayHandTo: may };
    },
    speaksElsewhere: () => speaksElsewhere,
    prove: ({ id: began }) => `proof-of-${began}`,
    provenOrigin,
    opened: new Recent(100),
  };
  trees.use(ground);
  const sent: Call[] = [];
  const scripts = new Map<string, Script>();
  const reach = async (call: Call, scope: Scope): Promise<Reply> => {
    sent.push(call);
    const span = scope.ids.spanId();
    const [, run = ''] = trees.handOver(call, ENDPOINT, span, {
      ...scope,
      deadlineMs: Math.min(scope.clock.nowMs() + grantedMs, call.tree?.endsAtMs ?? Number.POSITIVE_INFINITY),
    });
    const script = scripts.get(`${call.target.kind}/${call.target.name}`);
    await script?.({ call, run, traceparent: { ...call.trace, parentSpan: span } }, node);
    return loopbackReply();
  };
  const handler = compose(trees.turnedBack(ground), trees.layer(ground))(reach);
  const ask = (from: Principal, target: string, more: Partial<Call> = {}): Promise<Reply> => {
    const [kind, name = '', operation = 'ask'] = target.split('/');
    const callId = world.ids.callId();
    const call = loopbackCall({
      id: callId,
      credential: { kind: 'bearer', token: 'key' },
      principal: from,
      target: { kind: kind as Call['target']['kind'], name, operation },
      trace: { trace: world.ids.traceId(), sampled: true },
      lineage: { root: callId, depth: 0 },
      ...more,
    });
    return handler(call, rootScope(world, silentSpan('s')).scope);
  };
  const node: TestNode = {
    id,
    key,
    world,
    trees,
    ground,
    sent,
    scripts,
    ask,
    outcome: (from, target, more) =>
      ask(from, target, more).then(
        () => 'sent',
        (thrown) => {
          const { facts, code } = Fault.from(thrown);
          return String(facts['code'] ?? code);
        },
      ),
  };
  return node;
};

export const bytes = (text: string): Call['body'] => ({ kind: 'bytes', bytes: new TextEncoder().encode(text) });

/** How an agent treats what it got. */
export const MANNERS = {
  token: ({ run }: Got): Partial<Call> => ({ run }),
  trace: ({ traceparent }: Got): Partial<Call> => ({ trace: traceparent }),
  stripped: (): Partial<Call> => ({}),
} as const;

export { HEADERS };
