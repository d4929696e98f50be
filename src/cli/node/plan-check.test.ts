/** A plan is judged before it runs: whom it calls, what policy says of that, what it may cost, and what is not known yet. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import {
  accountId,
  type BudgetEntry,
  type LedgerStore,
  type PlanCheck,
  PlanSpec,
  type Principal,
  type Snapshot,
  WHOLE_TENANT,
} from '../../contract/index.ts';
import { ControlPlane, sourcesOfText } from '../../control/index.ts';
import { systemWorld } from '../../kernel/index.ts';
import { compilePolicy, type PreparedPolicy, preparePolicy } from '../../policy/index.ts';
import { memoryStores } from '../../stores/index.ts';
import { type CheckParts, checkPlan } from './plan-check.ts';

const RESOURCES = `
apiVersion: airspace.dev/v1
kind: Domain
metadata: { name: lodging }
spec: { description: d, delegated: true }
---
apiVersion: airspace.dev/v1
kind: Agent
metadata: { name: desk }
spec: { operations: [{ name: ask, effect: read }] }
---
apiVersion: airspace.dev/v1
kind: Agent
metadata: { name: web, labels: { data-untrusted: '' } }
spec: { operations: [{ name: search, effect: read, price: { perCall: 0.01 USD } }, { name: book, price: { perCall: 0.02 USD } }] }
---
apiVersion: airspace.dev/v1
kind: Agent
metadata: { name: rooms, domain: lodging }
spec: { operations: [{ name: book }, { name: free, idempotent: true }] }
---
apiVersion: airspace.dev/v1
kind: Agent
metadata: { name: bank }
spec:
  operations:
    - name: pay
      effect: irreversible
      input: { type: object, required: [cents], properties: { cents: { type: integer } } }
    - { name: close, effect: irreversible }
    - { name: give, effect: spend }
---
apiVersion: airspace.dev/v1
kind: PolicyBundle
metadata: { name: org }
spec:
  level: org
  policies:
    text: |
      @id("desk") @reason("the desk may") permit (principal == Agent::"desk", action, resource);
      @id("large") @reason("more than 500 is not paid") forbid (principal, action == Action::"agent/bank/pay", resource)
      when { context.args.cents > 500 };
      @id("hearsay") @reason("hearsay is not written down") forbid (principal, action == Action::"agent/rooms/free", resource)
      when { context.taint.contains("data-untrusted") } unless { context has plan && context.plan.step == "sure" };
      @id("close") @reason("nobody closes it") forbid (principal, action == Action::"agent/bank/close", resource);
`;

let snapshot: Snapshot;
let policy: PreparedPolicy;

before(async () => {
  const { resources, nodes } = memoryStores();
  const plane = new ControlPlane({
    ...{ resources, nodes, compilePolicy, clock: systemWorld().clock },
    publish: (each) => {
      snapshot = each;
    },
  });
  await plane.apply({
    ...sourcesOfText(RESOURCES, 'house.yaml'),
    ...{ tenant: 'default', by: 'test' },
    ...{ rights: WHOLE_TENANT, reason: 'test', dryRun: false, prune: false },
  });
  policy = preparePolicy(snapshot);
});

interface Around {
  readonly budgets?: readonly BudgetEntry[];
  readonly ledger?: LedgerStore;
  readonly isAbove?: (tenant: string, budget: string) => boolean;
}

const check = (
  steps: readonly object[],
  input?: unknown,
  more: object = {},
  { budgets = [], ledger = memoryStores().ledger, isAbove = () => false }: Around = {},
): Promise<PlanCheck> => {
  const choose = (): never => {
    throw new Error('no capability here');
  };
  const target = (tenant: string, kind: string, name: string) =>
    snapshot.targets.find((one) => one.tenant === tenant && one.kind === kind && one.name === name);
  const inForce = { snapshot: { ...snapshot, budgets }, policy, planOf: () => ({ attempts: 3 }) };
  const live = { inForce, choose, fleet: { target } } as unknown as CheckParts['live'];
  const learned = { p95: () => undefined } as unknown as CheckParts['learned'];
  const spec = PlanSpec.parse({ steps, ...more });
  return checkPlan({ live, learned, purse: { ledger, isAbove } }, DESK, { plan: 'trip', spec, input }, NOW);
};

const NOW = Date.UTC(2026, 10, 27, 12);
const DESK: Principal = { kind: 'agent', tenant: 'default', id: 'desk', roles: [] };

const verdicts = ({ steps }: PlanCheck) => steps.map(({ step, policy: said }) => `${step} ${said}`);

const PAY = { id: 'pay', call: 'agent/bank/pay', input: { cents: '${input.cents}' } };

test('arguments that depend on the input only are judged exactly when there is one', async () => {
  const open = await check([PAY]);
  assert.deepEqual(verdicts(open), ['pay maybe']);
  assert.match(open.steps[0]?.reason ?? '', /context\.args\.cents > 500/);
  assert.deepEqual(verdicts(await check([PAY], { cents: 500 })), ['pay allow']);
  const { steps } = await check([PAY], { cents: 501 });
  assert.deepEqual(
    [steps[0]?.policy, steps[0]?.reason, steps[0]?.rules],
    ['deny', 'more than 500 is not paid', ['org/large']],
  );
});

test('what takes a step back is a call with a verdict of its own', async () => {
  const back = { call: 'agent/bank/close' };
  assert.deepEqual(verdicts(await check([{ id: 'fly', call: 'agent/web/book', compensate: back }])), [
    'fly allow',
    '~fly deny',
  ]);
});

test('below a hub of its own a yes is a maybe that says so', async () => {
  const { steps } = await check([{ id: 'sleep', call: 'agent/rooms/book' }]);
  assert.deepEqual(
    [steps[0]?.policy, steps[0]?.reason],
    ['maybe', 'the hub of domain `lodging` decides too, and was not asked'],
  );
});

test('a name that nobody has is missing, and the nearest one is said', async () => {
  const { steps, problems } = await check([{ id: 'a', call: 'agent/wep/search' }]);
  assert.equal(steps[0]?.policy, 'missing');
  assert.match(steps[0]?.reason ?? '', /did you mean `agent\/web\/search`\?/);
  assert.match(problems.join(), /steps\[0\]\.call/);
});

test('a price counts attempts of what may run twice, each as often as its route sends it, and items of a list whose length is known', async () => {
  const each = { id: 'find', call: 'agent/web/search', forEach: 'input.cities', attempts: 2 };
  const known = await check([each, { id: 'fly', call: 'agent/web/book', attempts: 5 }], { cities: ['a', 'b', 'c'] });
  assert.deepEqual([known.estimateMicros, known.mostMicros], [50_000, 200_000]);
  const unknown = await check([each]);
  assert.deepEqual([unknown.estimateMicros, unknown.mostMicros], [10_000, null]);
  assert.match(unknown.remarks.join(), /for each item of its list/);
  assert.match(
    (await check([each], { cities: ['a', 'b'] }, { maxCost: '0.01 USD' })).remarks.join(),
    /its `maxCost` is/,
  );
});

test('an effect that cannot be undone is named where labelled data may reach it, over any number of steps', async () => {
  const steps = [
    { id: 'find', call: 'agent/web/search' },
    { id: 'weigh', call: 'agent/desk/ask', input: { about: '${steps.find.result}' } },
    { id: 'pay', call: 'agent/bank/pay', input: { cents: '${steps.weigh.result.cents}' } },
  ];
  assert.match(
    (await check(steps)).remarks.join('\n'),
    /`pay` cannot be undone, and data with `data-untrusted` may go into it/,
  );
  assert.doesNotMatch((await check([PAY])).remarks.join('\n'), /cannot be undone/);
});

test('a plan that calls itself is told so', async () => {
  assert.match((await check([{ id: 'again', call: 'plan/trip' }])).remarks.join(), /`again` calls this plan itself/);
});

test('an input that does not fit the schema of the plan is a problem', async () => {
  const schema = { input: { type: 'object', required: ['cents'], properties: { cents: { type: 'integer' } } } };
  assert.deepEqual((await check([PAY], { cents: 5 }, schema)).problems, []);
  assert.match((await check([PAY], { cents: 'five' }, schema)).problems.join(), /the input does not fit: .*cents/);
});

test('rules about data and steps are judged as if every step before it ran', async () => {
  const find = { id: 'find', call: 'agent/web/search' };
  const write = (id: string) => ({ id, call: 'agent/rooms/free', input: { text: '${steps.find.result}' } });
  const { steps } = await check([find, write('note'), write('sure'), { id: 'own', call: 'agent/rooms/free' }]);
  assert.deepEqual(
    steps.map(({ policy: said, reason }) => `${said} ${reason}`),
    [
      'allow ',
      'deny hearsay is not written down',
      'maybe the hub of domain `lodging` decides too, and was not asked',
      'maybe the hub of domain `lodging` decides too, and was not asked',
    ],
  );
});

const budget = (change: Partial<BudgetEntry>): BudgetEntry => ({
  ...{ tenant: 'default', name: 'cap', scope: { kind: 'organisation' }, per: null, class: null, unit: 'micros' },
  ...{ limit: 1_000_000, window: { every: 'day', timezone: 'UTC' }, soft: null, hard: 'refuse' },
  ...change,
});

const SEARCH = { id: 'find', call: 'agent/web/search' };
const BOOK = { id: 'fly', call: 'agent/web/book' };

test('a budget with less left than one run needs is a warning with both amounts, and checking takes nothing of it', async () => {
  const { ledger } = memoryStores();
  const cap = budget({ limit: 50_000 });
  const windowStartMs = Date.UTC(2026, 10, 27);
  const of = { tenant: 'default', budget: 'cap', holder: '', windowStartMs };
  const account = { ...of, id: accountId(of), unit: 'micros', limit: 50_000, windowEndMs: null } as const;
  const charges = [{ account, amount: 25_000 }];
  await ledger.reserve({ id: 'a', tenant: 'default', labels: {}, charges, expiresAtMs: NOW + 1 }, NOW);
  const before = await ledger.accounts({ tenant: 'default' });
  const short = await check([SEARCH, BOOK], undefined, {}, { budgets: [cap], ledger });
  assert.deepEqual(short.warnings, [
    'budget `cap` has $0.025 left, and one run needs about $0.03: the run would be refused a step; raise it, or wait until 2026-11-28T00:00:00.000Z',
  ]);
  assert.deepEqual([short.problems, short.budgets[0]?.steps], [[], ['find', 'fly']]);
  assert.deepEqual((await check([BOOK], undefined, {}, { budgets: [cap], ledger })).warnings, []);
  assert.deepEqual(await ledger.accounts({ tenant: 'default' }), before);
});

test('what one call costs more than a budget or a whole run ever has is a problem, and what nobody has priced too', async () => {
  const small = await check([BOOK], undefined, {}, { budgets: [budget({ limit: 10_000 })] });
  assert.match(small.problems.join(), /`fly` costs \$0.02 a call, and budget `cap` has \$0.01 in all/);
  assert.match((await check([BOOK], undefined, { maxCost: '0.01 USD' })).problems.join(), /`maxCost` of the plan/);
  const spend = await check([{ id: 'give', call: 'agent/bank/give' }], undefined, {}, { budgets: [budget({})] });
  assert.match(spend.problems.join(), /has no price for `give`, and budget `cap` counts money/);
});

test('a list of unknown length counts as one item, and says so', async () => {
  const each = { ...SEARCH, forEach: 'input.cities' };
  const cap = budget({ unit: 'calls', limit: 2 });
  const open = await check([each, BOOK], undefined, {}, { budgets: [cap] });
  assert.match(open.warnings.join(), /needs at least 3 calls, with one item of each list of unknown length/);
  assert.deepEqual([open.steps[0]?.items, open.budgets[0]?.isOpen], [null, true]);
  const known = await check([each, BOOK], { cities: ['a', 'b', 'c'] }, {}, { budgets: [cap] });
  assert.match(known.warnings.join(), /needs about 5 calls/, 'three searches, a booking, and the start');
});

test('of a budget above that nobody here has drawn on only the limit is known, and of another caller none is charged', async () => {
  const above = budget({ limit: 20_000 });
  const { budgets, warnings } = await check([BOOK, SEARCH], undefined, {}, { budgets: [above], isAbove: () => true });
  assert.equal(budgets[0]?.left, null);
  assert.match(warnings.join(), /has \$0.02 in all, and what is left of it is known at a level above/);
  const own = budget({ limit: 25_000, per: 'tree' });
  const fresh = await check([BOOK], undefined, {}, { budgets: [own], isAbove: () => true });
  assert.equal(fresh.budgets[0]?.left, 25_000, 'each run has its own');
  const other = budget({ scope: { kind: 'agent', name: 'web' } });
  assert.deepEqual((await check([BOOK], undefined, {}, { budgets: [other] })).budgets, []);
});
