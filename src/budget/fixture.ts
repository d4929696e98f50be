/** What tests of this room share: a pipeline of the layers that money passes, over a ledger in memory and a target that follows a script. */
import {
  type BudgetEntry,
  type Call,
  type Constraints,
  type Decision,
  Fault,
  type OperationEntry,
  type PriceEntry,
  type Reply,
  type RoutePlan,
  type TargetKind,
} from '../contract/index.ts';
import { Journal } from '../journal/index.ts';
import {
  compose,
  deadline,
  type Handler,
  type Layer,
  loopback,
  loopbackCall,
  loopbackReply,
  Permit,
  RetryBudgets,
  retry,
  rootScope,
  type Script,
  VirtualWorld,
} from '../kernel/index.ts';
import { memoryStores } from '../stores/index.ts';
import { Budgets, downgrade, price, Treasury, tightenBy } from './index.ts';

export const PRICE: PriceEntry = {
  ...{ inputPerMTok: 1_000_000, outputPerMTok: 10_000_000, cacheReadPerMTok: 100_000, cacheWritePerMTok: 1_000_000 },
  ...{ perCall: 0, bytesPerToken: 3 },
};

export const budget = (change: Partial<BudgetEntry> = {}): BudgetEntry => ({
  ...{ tenant: 'acme', name: 'cap', scope: { kind: 'organisation' }, per: null, class: null, unit: 'calls', limit: 1 },
  ...{ window: { every: 'none', timezone: 'UTC' }, soft: null, hard: 'refuse' },
  ...change,
});

export interface Setting {
  readonly budgets: readonly BudgetEntry[];
  readonly price?: PriceEntry;
  readonly kind?: TargetKind;
  readonly operation?: Partial<OperationEntry>;
  readonly script?: Script;
  readonly constraints?: Constraints;
  /** A node without a ledger. */
  readonly poor?: true;
}

/** One node with one target of every name. */
export const setUp = (setting: Setting) => {
  const world = new VirtualWorld(7);
  const stores = memoryStores();
  const { ledger } = stores;
  const notices: string[] = [];
  const spans: Record<string, unknown>[] = [];
  const target = loopback(setting.script);
  const treasury = new Treasury({
    ledger: setting.poor === true ? null : ledger,
    clock: world.clock,
    notice: ({ kind, budget: name }) => notices.push(`${kind} ${name}`),
  });
  const planOf = (call: Call): RoutePlan => planFor(setting, call.target.kind, call.target.name);
  const journal = new Journal({ store: stores.calls, world, handler: () => handler });
  const domains = [{ tenant: 'acme', name: 'shop', parent: 'sales', delegated: false }];
  const composeFor = (budgets: readonly BudgetEntry[]): Handler => {
    const known = new Budgets({ budgets, domains });
    treasury.adopt(known);
    return compose(
      identified,
      deadline({ limitMs: () => 30_000 }),
      downgrade({ planOf, treasury, budgets: known }),
      decided(setting.constraints ?? {}, planOf, treasury, known),
      price({ planOf, treasury, budgets: known, node: 'hub-1' }),
      journal.layer(planOf),
      retry({
        attemptsOf: () => 3,
        idempotentOf: (call) => planOf(call).operation.idempotent,
        budgets: new RetryBudgets(),
      }),
    )(target.handler);
  };
  let handler = composeFor(setting.budgets);
  let count = 0;
  const send = async (parts: Partial<Call> = {}): Promise<Reply> => {
    const id = (++count).toString(16).padStart(32, '0');
    const span: Record<string, unknown> = {};
    spans.push(span);
    const { scope } = rootScope(world, { spanId: id, set: (more) => void Object.assign(span, more), step: () => {} });
    const kind = setting.kind ?? 'agent';
    const call = { id, target: { kind, name: 'big', operation: 'ask' }, lineage: { root: id, depth: 0 }, ...parts };
    return handler(loopbackCall(call), scope);
  };
  return {
    ...{ world, stores, ledger, treasury, notices, spans, send, journal },
    ran: () => target.ledger.length,
    apply: (budgets: readonly BudgetEntry[]) => {
      handler = composeFor(budgets);
    },
    /** Spent and reserved of every account, by budget and holder. */
    books: async (): Promise<Record<string, readonly [number, number]>> =>
      Object.fromEntries(
        (await ledger.accounts({ tenant: 'acme' })).map((one) => [
          `${one.budget}${one.holder === '' ? '' : ` ${one.holder}`}`,
          [one.spent, one.reserved],
        ]),
      ),
  };
};

/** Detached calls bring whom they belong to as a credential. */
const identified: Layer = (next) => (call, scope) =>
  next(
    call.principal === null && call.credential.kind === 'known'
      ? { ...call, principal: call.credential.principal }
      : call,
    scope,
  );

/** What policy does, as far as money is concerned: a cap is written into the payload. */
const decided =
  (constraints: Constraints, planOf: (call: Call) => RoutePlan, treasury: Treasury, budgets: Budgets): Layer =>
  (next) =>
  async (call, scope) => {
    const more =
      treasury.ledger === null ? undefined : await tightenBy(treasury, budgets)(call, planOf(call), constraints, scope);
    const maxTokens = more?.maxTokens;
    const allowed: Call =
      maxTokens === undefined || call.body.kind === 'stream'
        ? call
        : { ...call, body: json({ ...JSON.parse(Buffer.from(call.body.bytes).toString()), max_tokens: maxTokens }) };
    Permit.grant(allowed, { ...ALLOW, constraints: { ...constraints, ...more } });
    return next(allowed, scope);
  };

const ALLOW: Decision = {
  ...{
    effect: 'allow',
    code: 'OK',
    reason: '',
    determining: [],
    missing: [],
    policyVersion: 'sha256:0123456789abcdef',
  },
  ...{ constraints: {}, errors: [] },
};

const planFor = ({ price: costs, operation }: Setting, kind: TargetKind, name: string): RoutePlan => ({
  target: {
    ...{ tenant: 'acme', kind, name, domain: '', labels: {}, endpoints: [], operations: [], health: null },
    ...{ concurrency: 10, timeoutMs: null },
  },
  operation: {
    name: 'ask',
    effect: 'read',
    idempotent: true,
    ...(costs === undefined ? {} : { price: costs }),
    ...operation,
  },
  ...{ route: 'default', via: 'hub', timeoutMs: null, attempts: 3, priority: 2 },
});

export const json = (value: unknown): Call['body'] => ({ kind: 'bytes', bytes: Buffer.from(JSON.stringify(value)) });

export const answering =
  (value: unknown): Script =>
  (_call, _scope, execute) => {
    execute();
    return loopbackReply({ body: json(value) });
  };

/** Events of a chat model, one piece of text each, and what it says at the end. */
export const streaming =
  (pieces: readonly string[], end?: unknown): Script =>
  (_call, _scope, execute) => {
    execute();
    const events = [
      ...pieces.map((content) => ({ choices: [{ delta: { content } }] })),
      ...(end === undefined ? [] : [end]),
    ];
    const chunks = (async function* () {
      for (const event of events) yield Buffer.from(`data: ${JSON.stringify(event)}\n\n`);
    })();
    return loopbackReply({ contentType: 'text/event-stream', body: { kind: 'stream', chunks } });
  };

export const read = async ({ body }: Reply): Promise<string> => {
  if (body.kind === 'bytes') return Buffer.from(body.bytes).toString();
  let text = '';
  for await (const chunk of body.chunks) text += Buffer.from(chunk).toString();
  return text;
};

/** The fault that work ends with. */
export const faultOf = async (work: Promise<unknown>): Promise<Fault> =>
  work.then(
    () => {
      throw new Error('it did not fail');
    },
    (thrown) => Fault.from(thrown),
  );
