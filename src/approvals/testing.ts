/** A node with a desk, in memory and virtual time: real policy, real journal, real store, and a target that remembers what it ran. */
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { AuditTrail } from '../audit/index.ts';
import {
  type ApprovalRecord,
  type Call,
  Fault,
  type Principal,
  type Reply,
  type RoutePlan,
  type Stores,
} from '../contract/index.ts';
import { Journal } from '../journal/index.ts';
import {
  compose,
  type Handler,
  type Layer,
  loopback,
  loopbackCall,
  loopbackReply,
  rootScope,
  silentSpan,
  VirtualWorld,
} from '../kernel/index.ts';
import { consider, decide, type PolicyWorld, preparePolicy } from '../policy/index.ts';
import { compileWorld, type ShortWorld } from '../policy/testing.ts';
import { memoryStores } from '../stores/index.ts';
import { Desk, type Viewer } from './index.ts';
import type { Believed } from './proof.ts';

const INPUT = {
  type: 'object',
  required: ['cents'],
  properties: { cents: { type: 'integer' }, to: { type: 'string' } },
};

const WORLD: ShortWorld = {
  domains: [],
  users: [],
  targets: [
    { kind: 'agent', name: 'clerk', operations: [{ name: 'run', effect: 'read' }] },
    { kind: 'agent', name: 'mallory', operations: [{ name: 'run', effect: 'read' }] },
    {
      kind: 'tool',
      name: 'bank',
      operations: [
        { name: 'pay', effect: 'spend', input: INPUT },
        { name: 'blob', effect: 'write' },
        { name: 'look', effect: 'read' },
      ],
    },
  ],
};

const PERMIT = '@id("all") @reason("everybody may call") permit(principal, action, resource);';

/** Payments want two of finance within an hour, blobs and looks one approver. More than a million cents are never paid. */
export const policyText = (spec = 'quorum=2; roles=finance; ttl=1h', more = ''): string => `${PERMIT}
@id("large") @reason("payments need two of finance") @code("LARGE") @remedy("approval") @approval("${spec}")
forbid(principal, action == Action::"tool/bank/pay", resource);
@id("too-large") @reason("nobody pays that much") @code("TOO_LARGE")
forbid(principal, action == Action::"tool/bank/pay", resource) when { context.args.cents > 1000000 };
@id("blobs") @reason("blobs are looked at first") @remedy("approval")
forbid(principal, action == Action::"tool/bank/blob", resource);
@id("looks") @reason("even looking wants a word") @remedy("approval")
forbid(principal, action == Action::"tool/bank/look", resource);
${more}`;

export const policyOf = (text = policyText()): Promise<PolicyWorld> => compileWorld(WORLD, { org: { policies: text } });

export const user = (id: string, ...roles: string[]): Principal => ({ kind: 'user', tenant: 'default', id, roles });
export const CLERK: Principal = { kind: 'agent', tenant: 'default', id: 'clerk', roles: [] };
export const [ANN, BOB, CAT] = [user('ann', 'finance'), user('bob', 'finance'), user('cat', 'approver')];
export const PAYMENT = '{"cents":90000,"to":"x"}';

export const viewer = (principal: Principal): Viewer => ({ principal, maySee: () => true });

export interface BenchOptions {
  readonly stores?: Stores;
  readonly world?: VirtualWorld;
  readonly node?: string;
  /** Whose word about approvals counts here. */
  readonly believed?: Believed;
  /** Where the calls go that are let go: another bench, or nobody. Default: the target. */
  readonly next?: Handler;
}

let count = 0;
/** Unlike any other, in every world. */
const freshId = (): string => (++count).toString(16).padStart(32, 'c');

/** Everything may change between two calls: that is what the attacks are about. */
export const bench = async (options: BenchOptions = {}) => {
  const { stores = memoryStores(), world = new VirtualWorld(1), node = 'hub', believed = () => undefined } = options;
  const keys = generateKeyPairSync('ed25519');
  const publicKey = keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  const bodies: string[] = [];
  const target = loopback((call, _scope, execute) => {
    execute();
    if (call.body.kind === 'bytes') bodies.push(Buffer.from(call.body.bytes).toString());
    return loopbackReply({ status: 201, body: { kind: 'bytes', bytes: Buffer.from('paid') } });
  });
  const now = {
    policy: preparePolicy(await policyOf()),
    weight: 100,
    roles: new Map([ANN, BOB, CAT].map(({ id, roles }) => [id, roles])),
    holders: [] as string[],
    behind: [] as string[],
    /** Between the decision and the record: where a careless layer could change what was approved. */
    meddle: (call: Call): Call => call,
  };
  const failures: unknown[] = [];
  const planOf = (call: Call): RoutePlan => planFor(call, now.weight);
  const trail = new AuditTrail({ store: stores.audit, clock: world.clock, failed: (cause) => failures.push(cause) });
  const journal = new Journal({ store: stores.calls, world, handler: () => handler });
  const parts = () => ({ policy: now.policy, planOf });
  const desk: Desk = new Desk({
    store: stores.approvals,
    calls: journal,
    trail,
    world,
    people: { rolesOf: (_, name) => now.roles.get(name), holdersOf: async () => now.holders },
    behind: () => now.behind,
    signing: { node, sign: (text) => sign(null, Buffer.from(text), keys.privateKey) },
    verify: verified,
    elsewhere: (call) => (call.via.length > 0 ? 'at the hub' : undefined),
    reconsider: (call) => consider(parts())(call, rootScope(world, silentSpan('s')).scope),
    failed: (cause) => failures.push(cause),
  });
  const handler: Handler = (call, scope) =>
    compose(
      identified,
      decide({ ...parts(), hold: desk.hold(believed) }),
      (next) => (decided, inner) => next(now.meddle(decided), inner),
      journal.layer(planOf),
    )(options.next ?? target.handler)(call, scope);

  const send = (body: string | Uint8Array = PAYMENT, more: Partial<Call> = {}): Promise<Reply> =>
    handler(
      loopbackCall({
        id: freshId(),
        credential: { kind: 'known', principal: CLERK },
        principal: null,
        target: { kind: 'tool', name: 'bank', operation: 'pay' },
        body: { kind: 'bytes', bytes: Buffer.from(body) },
        ...more,
      }),
      rootScope(world, silentSpan('s')).scope,
    );
  /** Sends a call that must be held, and answers its approval. */
  const held = async (body?: string, more?: Partial<Call>): Promise<ApprovalRecord> => {
    const reply = await send(body, more);
    const { id, state } = jsonOf(reply);
    if (reply.status !== 202 || state !== 'held') throw new Error(`not held: ${reply.status}`);
    return (await stores.approvals.get('default', String(id)))!;
  };
  const vote = async (who: Principal, { id, digest }: ApprovalRecord, verdict: 'approve' | 'deny' = 'approve') => {
    const record = await desk.vote(viewer(who), id, { verdict, digest, comment: '' });
    await world.run(world.clock.nowMs());
    return record;
  };
  const approved = async (record: ApprovalRecord): Promise<ApprovalRecord> => {
    await vote(ANN, record);
    return vote(BOB, record);
  };
  const stateOf = async ({ id }: ApprovalRecord) => (await stores.approvals.get('default', id))?.state;
  const outcomeOf = async ({ id }: ApprovalRecord) => (await stores.calls.get('default', id))?.reply;
  const pass = (ms: number): Promise<void> => world.run(world.clock.nowMs() + ms);
  const audit = async (): Promise<readonly string[]> =>
    (await stores.audit.search({ tenant: 'default', limit: 999 })).map(({ kind }) => kind).reverse();
  return {
    ...{ stores, world, desk, journal, handler, now, ran: target.ledger, bodies, publicKey, failures },
    ...{ send, held, vote, approved, stateOf, outcomeOf, pass, audit },
  };
};

export type Bench = Awaited<ReturnType<typeof bench>>;

const identified: Layer = (next) => (call, scope) => {
  if (call.credential.kind !== 'known') throw new Fault('unauthenticated', 'no');
  return next({ ...call, principal: call.credential.principal }, scope);
};

const verified = (publicKey: string, text: string, signature: Uint8Array): boolean =>
  verify(null, Buffer.from(text), { key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' }, signature);

const planFor = ({ target }: Call, weight: number): RoutePlan => ({
  target: {
    tenant: 'default',
    kind: target.kind,
    name: target.name,
    domain: '',
    labels: {},
    endpoints: [{ url: 'http://127.0.0.1:9', version: '1', weight, labels: {} }],
    operations: [],
    health: null,
    concurrency: 10,
    timeoutMs: null,
  },
  operation: {
    name: target.operation,
    effect: target.operation === 'look' ? 'read' : 'spend',
    idempotent: target.operation === 'look',
  },
  route: 'default',
  via: 'hub',
  timeoutMs: null,
  attempts: 1,
  priority: 2,
});

export const jsonOf = ({ body }: Reply): Record<string, unknown> =>
  body.kind === 'bytes' ? JSON.parse(Buffer.from(body.bytes).toString()) : {};

/** `denied APPROVAL_VOID`: what the call was refused with. */
export const refusal = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no fault',
    (thrown: unknown) => {
      const { code, facts } = Fault.from(thrown);
      return [code, facts['code']].filter((part) => part !== undefined).join(' ');
    },
  );
