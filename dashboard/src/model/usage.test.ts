/** Usage as people ask for it: the order of rows, what they are called, where they lead, and the command that says the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UsageItem, UsageView } from '../../../src/contract/index.ts';
import {
  askedIn,
  barsOf,
  causesOf,
  KINDS,
  MEASURES,
  pageOf,
  QUESTIONS,
  requestsOf,
  rowsOf,
  topCommand,
  waitedShare,
} from './usage.ts';

const NONE: UsageItem = {
  ...{ calls: 0, errors: 0, errorRatio: null, denied: 0, held: 0, attempts: 0, costMicros: 0 },
  errorsBy: { target: 0, timeout: 0, unreachable: 0, overloaded: 0, own: 0 },
  ...{ inputTokens: 0, outputTokens: 0, tookMs: 0, waitedMs: 0, meanMs: null, p50Ms: null, p90Ms: null, p99Ms: null },
};

const view = (items: readonly Partial<UsageItem>[], more: Partial<UsageView> = {}): UsageView => ({
  ...{ fromMs: 60_000, toMs: 210_000, step: 'minute', stepMs: 60_000, by: ['caller'], sort: 'calls', total: NONE },
  ...{ items: items.map((item) => ({ ...NONE, ...item })), isCut: false, without: [] },
  ...more,
});

const ALL = { by: 'caller', sort: 'tokens', kind: '' } as const;
const names = (of: UsageView, asked: Parameters<typeof rowsOf>[1]) => rowsOf(of, asked).map(({ name }) => name);

test('rows come with most of the measure first, and a kind leaves the others out', () => {
  const seen = view([
    { caller: 'user', inputTokens: 900, p99Ms: 5 },
    { caller: 'agent/a', inputTokens: 10, outputTokens: 300, p99Ms: 7 },
    { caller: 'agent/b', inputTokens: 200, p99Ms: 70 },
  ]);
  assert.deepEqual(names(seen, ALL), ['user', 'agent/a', 'agent/b']);
  assert.deepEqual(names(seen, { ...ALL, kind: 'agent' }), ['agent/a', 'agent/b'], 'what goes in and what comes out');
  assert.deepEqual(names(seen, { ...ALL, sort: 'p99' }), ['agent/b', 'agent/a', 'user']);
  assert.equal(MEASURES.p99.asked, 'took', 'the node has no order by p99');
});

test('names that are nobody are said to be, and an agent that is called so is not', () => {
  const [other, agent, people] = rowsOf(
    view([{ caller: 'other' }, { caller: 'agent/other' }, { caller: 'user' }]),
    ALL,
  );
  assert.match(other!.note, /1,000 rows/);
  assert.deepEqual([agent!.note, agent!.kind, agent!.who], ['', 'agent', 'other']);
  assert.match(people!.note, /Budgets/);
  const [unknown] = rowsOf(view([{ target: 'unknown', operation: '' }]), { ...ALL, by: 'operation' });
  assert.deepEqual([unknown!.name, unknown!.operation], ['unknown/-', '']);
  assert.match(unknown!.note, /no target that this hub knows/);
});

test('a row leads to its page and to its calls, and only where there are such', () => {
  const leads = (item: Partial<UsageItem>) => {
    const row = rowsOf(view([item]), ALL)[0]!;
    return [pageOf(row), requestsOf(row)];
  };
  assert.deepEqual(leads({ caller: 'agent/a' }), ['/agents?sel=agent%2Fa', '/requests?filter=agent%3Aa']);
  assert.deepEqual(leads({ target: 'model/m', operation: 'chat' }), [
    '/agents?sel=model%2Fm',
    '/requests?filter=target%3Am',
  ]);
  assert.deepEqual(leads({ caller: 'user' }), [undefined, '/requests?filter=caller%3Auser%2F']);
  for (const nobody of [{ caller: 'other' }, { target: 'unknown' }, { caller: 'constructor' }])
    assert.deepEqual(leads(nobody), [undefined, undefined], JSON.stringify(nobody));
  const hostile = 'x&to=//evil.example"><i>';
  assert.deepEqual(leads({ target: `tool/${hostile}` }), [
    `/agents?sel=${encodeURIComponent(`tool/${hostile}`)}`,
    `/requests?filter=${encodeURIComponent(`target:${hostile}`)}`,
  ]);
  assert.equal(leads({ target: 'tool/\ud800' })[0], '/agents?sel=tool%2F%EF%BF%BD', 'half a character');
  assert.equal(leads({ target: 'tool/a b' })[1], undefined, 'what has a space in it is no condition');
});

test('an address may say anything', () => {
  assert.deepEqual(askedIn({ by: 'constructor', sort: '__proto__', kind: 'x' }), {
    ...{ by: 'caller', sort: 'cost', kind: '' },
  });
  assert.equal(askedIn({ by: 'caller', sort: 'waited', kind: 'tool' }).kind, '', 'tools call nobody');
  for (const { name: _, ...asked } of QUESTIONS) assert.deepEqual(askedIn(asked), asked);
});

test('the command has the same rows in the same order', () => {
  assert.deepEqual(
    QUESTIONS.map((asked) => topCommand(asked, '1h')),
    [
      'airspace top agents --sort tokens --since 1h',
      'airspace top agents --sort waiting --since 1h',
      'airspace top operations --sort cost --since 1h',
    ],
  );
  const of = (by: 'caller' | 'target', sort: keyof typeof MEASURES, kind: string) =>
    topCommand({ by, sort, kind }, '5m').split(' ')[2];
  assert.equal(
    of('caller', 'errors', 'agent'),
    'callers',
    '`top agents --sort errors` is of agents as they are called',
  );
  assert.equal(of('target', 'tokens', 'agent'), 'targets');
  assert.deepEqual(
    KINDS.target.map(({ id }) => of('target', 'p99', id)),
    ['targets', 'agents', 'models', 'tools'],
  );
});

test('each step of the while has its bar, also the one in which nothing was', () => {
  const seen = view([
    { startMs: 180_000, costMicros: 5 },
    { startMs: 60_000, costMicros: 3 },
  ]);
  assert.deepEqual(barsOf(seen, 'cost'), [
    { startMs: 60_000, amount: 3 },
    { startMs: 120_000, amount: 0 },
    { startMs: 180_000, amount: 5 },
  ]);
  assert.equal(barsOf({ ...seen, fromMs: 0, toMs: 1e15 }, 'cost').length, 1_000, 'whatever a node says');
});

test('waiting is a share of the time, and errors have their causes', () => {
  assert.deepEqual(
    [
      waitedShare(NONE),
      waitedShare({ ...NONE, tookMs: 4, waitedMs: 1 }),
      waitedShare({ ...NONE, tookMs: 1, waitedMs: 9 }),
    ],
    [0, 0.25, 1],
  );
  assert.equal(causesOf({ ...NONE, errorsBy: { ...NONE.errorsBy, target: 3, timeout: 1 } }), '3 target, 1 timeout');
});
