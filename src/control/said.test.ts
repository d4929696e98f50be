import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AgentSpan, Fault, type NodeEntry, type TargetEntry } from '../contract/index.ts';
import { MAX_SAID, saidBy } from './said.ts';
import { Saying } from './saying.ts';

const span = (change: Partial<AgentSpan> = {}): AgentSpan => ({
  ...{ trace: 'a'.repeat(32), span: 'b'.repeat(16), name: 'think', kind: 'internal', tenant: 'default', left: 0 },
  ...{ principal: { kind: 'agent', id: 'shop' }, startedAtMs: 5, durationMs: 1, receivedAtMs: 9, status: 'ok' },
  ...{ message: '', service: '', attributes: { step: 1 } },
  ...change,
});

const outcome = (change: Partial<AgentSpan> = {}): AgentSpan =>
  span({ span: `outcome/${'c'.repeat(32)}`, outcome: { task: 'refund', result: 'failed', score: 0.5 }, ...change });

const node = (change: Partial<NodeEntry>): NodeEntry =>
  ({ id: 'n-1', role: 'sidecar', tenant: 'default', domain: 'sales', agent: 'shop', ...change }) as NodeEntry;

/** `shop` and `till` belong to domain sales, `ledger` to domain books. */
const registry = {
  target: (_: string, __: string, name: string) =>
    ({ shop: { domain: 'sales' }, till: { domain: 'sales' }, ledger: { domain: 'books' } })[name] as
      | TargetEntry
      | undefined,
  isWithin: (_: string, domain: string, of: string) => domain === of,
};

const by = (id: string, kind = 'agent') => span({ principal: { kind, id } });

test('a sidecar speaks for its agent, a domain hub for agents of its domain and for those that nobody here knows', () => {
  const domain = node({ role: 'domain', agent: '' });
  const cases: readonly (readonly [NodeEntry, AgentSpan, boolean])[] = [
    [node({}), by('shop'), true],
    [node({}), by('till'), false],
    [node({}), by('shop', 'plan'), false],
    [node({ tool: 'shop', agent: '' }), by('shop'), false],
    [node({}), span({ tenant: 'acme' }), false],
    [domain, by('till'), true],
    [domain, by('trip', 'plan'), true],
    [domain, by('ledger'), false],
    [domain, by('ada', 'user'), false],
    [domain, outcome({ principal: { kind: 'agent', id: 'ledger' } }), false],
  ];
  for (const [who, said, isTaken] of cases) {
    const take = () => saidBy(who, registry, { spans: [said] });
    if (isTaken) assert.deepEqual(take(), [said]);
    else
      assert.throws(take, (thrown) => thrown instanceof Fault && thrown.code === 'bad_request', JSON.stringify(said));
  }
});

test('what no honest node sends is refused whole, with what is wrong', () => {
  const long = { attributes: Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`k${at}`, 'x'.repeat(4_096)])) };
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [{ spans: [] }, /spans/],
    [{ spans: Array.from({ length: MAX_SAID + 1 }, () => span()) }, /spans/],
    [{ spans: [{ ...span(), more: 1 }] }, /more/],
    [{ spans: [span({ trace: 'x' })] }, /trace/],
    [{ spans: [span({ span: outcome().span })] }, /that of an outcome, or of a span/],
    [{ spans: [outcome({ span: 'b'.repeat(16) })] }, /that of an outcome, or of a span/],
    [{ spans: [outcome({ trace: 'session/other' })] }, /that of the session/],
    [{ spans: [outcome({ outcome: { task: 'a', result: 'failed', session: 's' } })] }, /that of the session/],
    [{ spans: [outcome({ outcome: { task: 'a', result: 'failed', score: 2 } })] }, /score/],
    [{ spans: [span({ durationMs: -1 })] }, /durationMs/],
    [{ spans: [span({ links: [{ trace: 'x', span: 'y' }] })] }, /links/],
    [{ spans: [span({ events: Array(17).fill({ name: 'a', atMs: 1, attributes: {} }) })] }, /events/],
    [{ spans: [span(long)] }, /less than/],
  ];
  for (const [batch, why] of cases)
    assert.throws(
      () => saidBy(node({}), registry, batch),
      (thrown) => thrown instanceof Fault && thrown.code === 'bad_request' && why.test(thrown.message),
      String(why),
    );
  const ofSession = outcome({ trace: 'session/s', outcome: { task: 'a', result: 'failed', session: 's' } });
  const told = span({
    events: [{ name: 'exception', atMs: 5, attributes: { a: 1 } }],
    links: [{ trace: 'f'.repeat(32), span: 'e'.repeat(16) }],
  });
  assert.deepEqual(saidBy(node({}), registry, { spans: [ofSession, outcome(), told] }), [ofSession, outcome(), told]);
});

const numbered = (count: number): readonly AgentSpan[] =>
  Array.from({ length: count }, (_, at) => span({ span: at.toString(16).padStart(16, '1') }));

/** Sends until nothing waits. */
const drain = async (saying: Saying): Promise<void> => {
  for (let next = await saying.next(); next !== undefined; next = await saying.next()) await next.send();
};

test('what waits goes in batches, in order, and stays until it has arrived', async () => {
  const saying = new Saying();
  const sent: number[] = [];
  let isAway = true;
  assert.equal(saying.add(numbered(MAX_SAID + 7)), MAX_SAID + 7);
  saying.use(
    async (spans) => {
      if (isAway) throw new Fault('unreachable', 'the hub cannot be reached');
      sent.push(spans.length);
    },
    () => {},
  );
  await assert.rejects((await saying.next())!.send());
  assert.equal(saying.counts.waiting, MAX_SAID + 7);
  isAway = false;
  await drain(saying);
  assert.deepEqual([sent, saying.counts], [[MAX_SAID, 7], { waiting: 0, full: 0, refused: 0 }]);
});

test('what has no room is counted, and of what a hub refuses only the wrong one is lost', async () => {
  const saying = new Saying(10);
  assert.deepEqual([saying.add(numbered(8)), saying.add(numbered(8))], [8, 2]);
  const arrived: string[] = [];
  const wrong = numbered(8)[5]!.span;
  saying.use(
    async (spans) => {
      if (spans.some((one) => one.span === wrong)) throw new Fault('bad_request', 'this is no batch');
      arrived.push(...spans.map((one) => one.span));
    },
    () => {},
  );
  await drain(saying);
  assert.deepEqual([arrived.length, saying.counts], [9, { waiting: 0, full: 6, refused: 1 }]);
});
