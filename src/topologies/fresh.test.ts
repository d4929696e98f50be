import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hold, RoutePlan, ShownGrant, Staleness, StalenessEntry } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import { Admission, compose, loopback, loopbackCall, rootScope, silentSpan, VirtualWorld } from '../kernel/index.ts';
import { boundsOf, consequenceOf, DEFAULT_STALENESS } from './bounds.ts';
import { type Ages, fresh } from './fresh.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const NEVER = Number.POSITIVE_INFINITY;
type Operation = Omit<RoutePlan['operation'], 'name' | 'idempotent'>;

const OPERATIONS = {
  read: { effect: 'read' },
  'sensitive-read': { effect: 'read', sensitive: true },
  write: { effect: 'write' },
  spend: { effect: 'spend' },
  irreversible: { effect: 'irreversible' },
} as const satisfies Record<string, Operation>;
type Kind = keyof typeof OPERATIONS;
const KINDS = Object.keys(OPERATIONS) as readonly Kind[];

const agesOf = (snapshotMs: number, killsMs = snapshotMs, hubMs = snapshotMs): Ages => ({
  snapshotMs: () => snapshotMs,
  killsMs: () => killsMs,
  hubMs: () => hubMs,
  beatMs: () => 2 * SECOND,
});

const partsOf = (operation: Operation, ages: Ages) => ({
  planOf: () => ({ operation: { name: 'x', idempotent: false, ...operation } }) as RoutePlan,
  bounds: boundsOf({ targets: [], domains: [] }),
  ages,
  place: { tenant: 'default', domain: '' },
});

interface More {
  readonly unsent?: number;
  readonly isLeased?: boolean;
  readonly grant?: ShownGrant;
}

/** `sent`, or the bound that refused. */
const outcome = async (kind: Kind, ages: Ages, { unsent = 0, isLeased = true, grant }: More = {}): Promise<string> => {
  const { checked, leased, again } = fresh({ ...partsOf(OPERATIONS[kind], ages), unsent: async () => unsent });
  const handler = compose(checked, leased, again)(loopback().handler);
  const { scope } = rootScope(new VirtualWorld(1), silentSpan('s'));
  const call = { ...loopbackCall({}), ...(grant === undefined ? {} : { grant }) };
  if (isLeased) Admission.of(call).reservation = { id: 'r', tenant: 't', labels: {}, charges: [], expiresAtMs: 1 };
  return handler(call, scope).then(
    () => 'sent',
    (thrown) => {
      const { code, facts } = Fault.from(thrown);
      assert.equal(code, 'stale');
      return String(facts['of'] ?? facts['code']);
    },
  );
};

test('the longer the hub is away the less may happen without it, and each class stops at its own bound', async () => {
  const cases: readonly (readonly [number, readonly string[]])[] = [
    [0, ['sent', 'sent', 'sent', 'sent', 'sent']],
    [6 * SECOND, ['sent', 'sent', 'sent', 'sent', 'sent']],
    [6 * SECOND + 1, ['sent', 'sent', 'sent', 'sent', 'hub']],
    [MINUTE, ['sent', 'sent', 'sent', 'sent', 'hub']],
    [MINUTE + 1, ['sent', 'sent', 'kills', 'kills', 'kills']],
    [HOUR, ['sent', 'sent', 'kills', 'kills', 'kills']],
    [HOUR + 1, ['sent', 'snapshot', 'kills', 'kills', 'kills']],
    [12 * HOUR, ['sent', 'snapshot', 'kills', 'kills', 'kills']],
    [12 * HOUR + 1, ['snapshot', 'snapshot', 'kills', 'kills', 'kills']],
    [NEVER, ['snapshot', 'snapshot', 'kills', 'kills', 'kills']],
  ];
  for (const [ageMs, expected] of cases)
    assert.deepEqual(
      await Promise.all(KINDS.map((kind) => outcome(kind, agesOf(ageMs)))),
      expected,
      `${ageMs / MINUTE} min`,
    );
});

test('a hub that is heard but does not confirm the configuration: writes stop after 15 minutes, irreversible ones at once', async () => {
  const outcomes = (ms: number) => Promise.all(KINDS.map((kind) => outcome(kind, agesOf(ms, 0, 0))));
  assert.deepEqual(await outcomes(15 * MINUTE), ['sent', 'sent', 'sent', 'sent', 'hub']);
  assert.deepEqual(await outcomes(15 * MINUTE + 1), ['sent', 'sent', 'snapshot', 'sent', 'hub']);
});

test('a hub that is heard but speaks of orders that have not come stops everything that is no read', async () => {
  const outcomes = await Promise.all(KINDS.map((kind) => outcome(kind, agesOf(0, MINUTE + 1, 0))));
  assert.deepEqual(outcomes, ['sent', 'sent', 'kills', 'kills', 'kills']);
});

test('without the hub money is spent from a lease, or not at all', async () => {
  assert.equal(await outcome('spend', agesOf(0), { isLeased: false }), 'sent');
  assert.equal(await outcome('spend', agesOf(7 * SECOND), { isLeased: true }), 'sent');
  assert.equal(await outcome('spend', agesOf(7 * SECOND), { isLeased: false }), 'hub');
});

test('a node whose audit is full writes nothing more, and reads go on', async () => {
  const full = await Promise.all(KINDS.map((kind) => outcome(kind, agesOf(0), { unsent: 10_000 })));
  assert.deepEqual(full, ['sent', 'sent', 'AUDIT_FULL', 'AUDIT_FULL', 'AUDIT_FULL']);
  assert.equal(await outcome('write', agesOf(0), { unsent: 9_999 }), 'sent');
});

test('whatever has a price spends, also when it changes nothing', () => {
  const price = {
    inputPerMTok: 0,
    outputPerMTok: 0,
    cacheReadPerMTok: 0,
    cacheWritePerMTok: 0,
    perCall: 0,
    bytesPerToken: 4,
  };
  const of = (operation: Operation) => consequenceOf({ operation: { name: 'x', idempotent: false, ...operation } });
  assert.equal(of({ effect: 'read', price }), 'read');
  assert.equal(of({ effect: 'read', price: { ...price, outputPerMTok: 1 } }), 'spend');
  assert.equal(of({ effect: 'read', sensitive: true }), 'sensitive-read');
  assert.equal(of({ effect: 'irreversible', price: { ...price, perCall: 1 } }), 'irreversible');
});

const told: ShownGrant = { kind: 'told', token: 't' };
const own: ShownGrant = { kind: 'own', approval: 'a' };

/** `asked` when the desk is asked, `granted` when it is and says yes, or why not. */
const held = async (
  ages: Ages,
  asking: {
    readonly effect: Operation['effect'];
    readonly grant?: ShownGrant;
    readonly decision?: 'allow';
    readonly key?: string;
  },
  decidedAtMs: number | null = null,
): Promise<string> => {
  const world = new VirtualWorld(1);
  const hold: Hold = async ({ call }) =>
    call.grant === undefined ? { kind: 'reply', reply: {} as never } : { kind: 'granted', use: null };
  const operation = { effect: asking.effect };
  const parts = { ...partsOf(operation, ages), decidedAtMs: async () => decidedAtMs };
  const { scope } = rootScope(world, silentSpan('s'));
  const call = {
    ...loopbackCall({}),
    ...(asking.grant === undefined ? {} : { grant: asking.grant }),
    ...(asking.key === undefined ? {} : { idempotencyKey: asking.key }),
  };
  const decision = { effect: asking.decision ?? 'require_approval' } as never;
  const answer = fresh(parts).held(hold)!({ call, decision, plan: parts.planOf(), scope });
  return answer.then(
    ({ kind }) => kind,
    (thrown) => {
      assert.equal(Fault.from(thrown).code, 'stale');
      return Fault.from(thrown).message;
    },
  );
};

test('while the hub is heard people are asked as ever', async () => {
  assert.equal(await held(agesOf(0), { effect: 'write' }), 'reply');
  assert.equal(await held(agesOf(0), { effect: 'irreversible', grant: told }), 'granted');
});

test('without the hub nobody is asked, and an approval that was given before counts where this node sees that it is used once', async () => {
  const away = agesOf(10 * SECOND);
  assert.match(await held(away, { effect: 'write' }), /class `approval-gated`.*nobody can be asked now/);
  assert.equal(await held(away, { effect: 'write', grant: told }), 'granted');
  assert.equal(await held(away, { effect: 'irreversible', grant: told }), 'granted');
  assert.match(await held(away, { effect: 'read', grant: told }), /no record of a read/);
  assert.equal(await held(away, { effect: 'read', grant: told, key: 'k' }), 'granted');
});

test('an approval that policy does not ask for opens nothing that is irreversible', async () => {
  assert.match(
    await held(agesOf(10 * SECOND), { effect: 'irreversible', grant: told, decision: 'allow' }),
    /policy wants no approval/,
  );
});

test('an approval that was given while the hub was away is not used before it is back', async () => {
  const wallMs = new VirtualWorld(1).clock.wallMs();
  const away = agesOf(10 * SECOND);
  assert.equal(await held(away, { effect: 'write', grant: own }, wallMs - 11 * SECOND), 'granted');
  assert.match(await held(away, { effect: 'write', grant: own }, wallMs - 9 * SECOND), /given while the hub was away/);
  assert.match(await held(away, { effect: 'write', grant: own }, null), /given while the hub was away/);
  assert.equal(await held(agesOf(0), { effect: 'write', grant: own }, wallMs), 'granted');
});

test('no approval helps against orders to stop that nobody confirms', async () => {
  assert.match(await held(agesOf(2 * MINUTE), { effect: 'irreversible', grant: told }), /orders to stop/);
  assert.equal(await outcome('irreversible', agesOf(2 * MINUTE), { grant: told }), 'kills');
});

test('a refusal names the class, the bound, and since when', async () => {
  const { checked } = fresh(partsOf(OPERATIONS.write, agesOf(61 * SECOND)));
  const { scope } = rootScope(new VirtualWorld(1), silentSpan('s'));
  const fault = Fault.from(
    await compose(checked)(loopback().handler)(loopbackCall({}), scope).catch((thrown) => thrown),
  );
  assert.match(fault.message, /orders to stop here for 61 s, and a call of class `write` goes on without it for 60 s/);
  assert.deepEqual(fault.facts, {
    ...{ code: 'STALE', class: 'write', of: 'kills', ageMs: 61_000, boundMs: 60_000 },
    ...{ snapshotAgeMs: 61_000, killsAgeMs: 61_000 },
  });
});

const entry = (level: string, bounds: Partial<Staleness>): StalenessEntry => ({ tenant: 'default', level, bounds });

test('the organisation replaces the table, and a domain of the caller or the target only tightens', () => {
  const domain = (name: string, parent = '') => ({ tenant: 'default', name, parent, delegated: false });
  const target = (name: string, home: string) => ({ tenant: 'default', kind: 'agent', name, domain: home }) as never;
  const bounds = boundsOf({
    staleness: [
      entry('org', { readMs: 24 * HOUR, writeMs: 10 * MINUTE }),
      entry('shop', { readMs: HOUR, writeMs: 20 * MINUTE }),
      entry('till', { killsMs: 10 * SECOND }),
    ],
    domains: [domain('till', 'shop'), domain('shop'), domain('lab')],
    targets: [target('a', 'till'), target('b', 'lab')],
  });
  const of = (caller: string, name: string) =>
    bounds.of({ kind: 'agent', tenant: 'default', id: 'x', domain: caller, roles: [] }, { kind: 'agent', name });
  assert.deepEqual(of('lab', 'b'), { ...DEFAULT_STALENESS, readMs: 24 * HOUR, writeMs: 10 * MINUTE });
  assert.deepEqual(of('lab', 'a'), {
    ...{ ...DEFAULT_STALENESS, readMs: HOUR, writeMs: 10 * MINUTE, killsMs: 10 * SECOND },
  });
  assert.deepEqual(of('shop', 'b'), { ...DEFAULT_STALENESS, readMs: HOUR, writeMs: 10 * MINUTE });
  assert.deepEqual(
    bounds.of({ kind: 'agent', tenant: 'other', id: 'x', roles: [] }, { kind: 'agent', name: 'a' }),
    DEFAULT_STALENESS,
  );
});
