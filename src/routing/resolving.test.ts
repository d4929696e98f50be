import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Attributes,
  type Call,
  type ChosenProvider,
  FAULT_CODES,
  Fault,
  type FaultCode,
  type Reply,
  type Span,
  unresolvedTarget,
} from '../contract/index.ts';
import { loopbackCall, loopbackReply, rootScope, silentSpan, VirtualWorld } from '../kernel/index.ts';
import { resolving } from './resolving.ts';
import { Resting } from './resting.ts';

const ASKED = { name: 'query', range: '^2' };

const provider = (name: string): ChosenProvider => ({
  target: { kind: 'tool', name, operation: 'run' },
  version: '2.3.0',
  because: name === 'a' ? 'highest version that fits' : 'same version',
});

const call = (more: Partial<Call> = {}): Call => ({
  ...loopbackCall({ target: unresolvedTarget(ASKED), body: { kind: 'bytes', bytes: Buffer.from('{"sql":""}') } }),
  capability: { asked: ASKED },
  ...more,
});

type Said = FaultCode | Fault | Reply | ((call: Call) => Promise<Reply>);

interface Heard {
  /** Names of those that were asked, in order. */
  readonly names: readonly string[];
  readonly asked: readonly Call[];
  readonly outcome: Reply | Fault;
  readonly steps: readonly (readonly [string, Attributes])[];
  readonly attributes: Attributes;
  readonly away: readonly string[];
}

/** Sends a call to `a`; behind it stand `b`, `c` and `d`, and each answers as it is told. */
const into = async (
  said: Readonly<Record<string, Said>>,
  sent = call(),
  { world = new VirtualWorld(1), limitMs = 1_000, resting = new Resting() } = {},
): Promise<Heard> => {
  const asked: Call[] = [];
  const steps: (readonly [string, Attributes])[] = [];
  const attributes: Record<string, Attributes[string]> = {};
  const layer = resolving({
    choose: () => provider('a'),
    kept: async (_call, _asked, choose) => choose(),
    instead: (_principal, _asked, tried) => {
      const name = ['b', 'c', 'd'].find((one) => tried.every(({ target }) => target.name !== one));
      return name === undefined ? undefined : provider(name);
    },
    limitMs: () => limitMs,
    resting,
  });
  const span: Span = {
    ...silentSpan('00'),
    set: (more) => void Object.assign(attributes, more),
    step: (name, _startMs, more = {}) => void steps.push([name, more]),
  };
  const work = layer(async (one) => {
    asked.push(one);
    const answer = said[one.target.name] ?? loopbackReply();
    if (typeof answer === 'function') return answer(one);
    if (answer instanceof Fault) throw answer;
    if (typeof answer !== 'string') return answer;
    throw new Fault(answer, `${one.target.name} says no`, { executed: 'no' });
  })(sent, rootScope(world, span).scope);
  const outcome = await work.catch((fault: Fault) => fault);
  const away = ['a', 'b', 'c', 'd'].filter((name) => resting.has('acme', provider(name).target, world.clock.nowMs()));
  return { names: asked.map(({ target }) => target.name), asked, outcome, steps, attributes, away };
};

const faultIn = ({ outcome }: Heard): Fault => (outcome instanceof Fault ? outcome : assert.fail('it was answered'));

const headersIn = ({ outcome }: Heard): unknown =>
  outcome instanceof Fault ? outcome.message : Object.fromEntries(outcome.headers)['airspace-capability'];

test('only where the place is away, and nothing ran, the next one of the same version is asked', async () => {
  for (const code of Object.keys(FAULT_CODES) as FaultCode[]) {
    const moves = code === 'unavailable' || code === 'unreachable';
    assert.deepEqual((await into({ a: code })).names, moves ? ['a', 'b'] : ['a'], code);
    const ran = new Fault(code, 'it may have run', { executed: 'unknown' });
    assert.deepEqual((await into({ a: ran })).names, ['a'], `${code}, and it may have run`);
  }
});

test('the reply and the trace say who answered, instead of whom, and why', async () => {
  const first = await into({});
  assert.equal(headersIn(first), 'query@2.3.0; provider=tool/a/run');
  const moved = await into({ a: 'unreachable', b: 'unavailable' });
  assert.equal(headersIn(moved), 'query@2.3.0; provider=tool/c/run; instead-of=tool/a/run; because=unreachable');
  assert.equal(moved.attributes['target.name'], 'c');
  assert.deepEqual(moved.steps.slice(1), [
    ['failover', { from: 'tool/a/run', to: 'tool/b/run', because: 'unreachable', chosen: 'same version' }],
    ['failover', { from: 'tool/b/run', to: 'tool/c/run', because: 'unavailable', chosen: 'same version' }],
  ]);
});

test('each is asked with a body of its own and the same bytes, and knows how many were asked before and whether one is left', async () => {
  const { asked } = await into({ a: 'unavailable', b: 'unavailable' });
  assert.equal(new Set(asked.map(({ body }) => body)).size, 3);
  assert.deepEqual(
    asked.map(({ body, detour }) => [body.kind === 'bytes' && Buffer.from(body.bytes).toString(), detour]),
    [
      ['{"sql":""}', { asked: 0, more: true }],
      ['{"sql":""}', { asked: 1, more: true }],
      ['{"sql":""}', { asked: 2, more: false }],
    ],
  );
  const bound = await into({ a: 'unavailable' }, call({ idempotencyKey: 'k' }));
  assert.equal(bound.asked[0]?.detour, undefined, 'of a call that stays nobody is left');
});

test('whatever else the next one says is the answer, and nobody is asked after it', async () => {
  for (const code of Object.keys(FAULT_CODES) as FaultCode[]) {
    if (code === 'unavailable' || code === 'unreachable') continue;
    const heard = await into({ a: 'unavailable', b: code });
    assert.deepEqual(heard.names, ['a', 'b'], code);
    const { code: answer, message, executed, facts } = faultIn(heard);
    assert.deepEqual([answer, message, executed], [code, 'b says no', 'no']);
    assert.deepEqual(facts['providers'], ['tool/a/run: unavailable', `tool/b/run: ${code}`]);
    assert.equal(heard.attributes['target.name'], 'b', 'the record is about who said no');
  }
  const held = await into({ a: 'unavailable', b: loopbackReply({ status: 202 }) });
  assert.deepEqual([held.names, (held.outcome as Reply).status], [['a', 'b'], 202]);
  const ran = await into({ a: 'unavailable', b: new Fault('upstream_broken', 'it may have run') });
  assert.deepEqual([ran.names, faultIn(ran).executed], [['a', 'b'], 'unknown']);
});

test('when none of them is there the caller hears the first, with all that were asked: three', async () => {
  const first = new Fault('unavailable', 'domain `north` is away', { retryAfterMs: 700, facts: { endpoints: ['x'] } });
  const heard = await into({ a: first, b: 'unreachable', c: 'unavailable' });
  assert.deepEqual(heard.names, ['a', 'b', 'c']);
  const { code, message, retryAfterMs, facts } = faultIn(heard);
  assert.deepEqual([code, message, retryAfterMs], ['unavailable', 'domain `north` is away', 700]);
  assert.deepEqual(facts, {
    endpoints: ['x'],
    providers: ['tool/a/run: unavailable', 'tool/b/run: unreachable', 'tool/c/run: unavailable'],
  });
  assert.equal(heard.attributes['target.name'], 'a', 'the record is about the one that the caller hears of');
});

test('a call that is about its provider stays with it, and others hear all the same that it is away', async () => {
  const body = { kind: 'stream' as const, chunks: (async function* () {})() };
  for (const bound of [
    { pin: 'a@host' },
    { grant: { kind: 'own' as const, approval: 'x' } },
    { detach: true },
    { idempotencyKey: 'k' },
    { body },
    { capability: { asked: ASKED, chosen: provider('a') } },
  ]) {
    const heard = await into({ a: 'unavailable' }, call(bound));
    assert.deepEqual([heard.names, heard.away], [['a'], ['a']], JSON.stringify(bound));
    assert.deepEqual(faultIn(heard).facts, {}, 'nobody else was asked');
  }
});

test('only an answer of the place itself shows that it is back', async () => {
  const resting = new Resting();
  const { target } = provider('a');
  const isResting = async (said: Readonly<Record<string, Said>>): Promise<boolean> => {
    await into(said, call(), { resting });
    return resting.has('acme', target, 0);
  };
  assert.equal(await isResting({ a: 'unreachable' }), true);
  assert.equal(await isResting({ a: 'denied' }), true, 'nobody asked it');
  assert.equal(await isResting({ a: loopbackReply({ status: 202, attempts: 0 }) }), true, 'nor here');
  assert.equal(await isResting({ a: loopbackReply({ status: 500 }) }), false);
});

test('a call for a target passes by', async () => {
  const { capability: _, ...named } = call({ target: { kind: 'tool', name: 'a', operation: 'run' } });
  const heard = await into({ a: 'unavailable' }, named);
  assert.deepEqual([heard.names, heard.steps, heard.away], [['a'], [], []]);
  const step = await into({ a: 'unavailable' }, { ...named, step: { run: 'r', step: 's' } });
  assert.deepEqual([step.names, step.away], [['a'], ['a']], 'the next attempt of a step is asked for anew');
});

test('all of them together have the time of the call', async () => {
  const world = new VirtualWorld(1);
  const slow = (tookMs: number) => async (): Promise<Reply> => {
    await new Promise<void>((over) => world.clock.after(tookMs, over));
    throw new Fault('unavailable', 'nobody there', { executed: 'no' });
  };
  const heard = async (sent: Call, limitMs: number): Promise<Heard> => {
    const work = into({ a: slow(300), b: slow(300) }, sent, { world, limitMs });
    await world.run();
    return work;
  };
  const granted = await heard(call(), 1_000);
  assert.deepEqual(
    granted.asked.map(({ timeoutMs }) => timeoutMs),
    [undefined, 700, 400],
  );
  const wished = await heard(call({ timeoutMs: 500 }), 1_000);
  assert.deepEqual(wished.names, ['a', 'b'], 'after the second nothing is left');
  assert.deepEqual((await heard(call(), 300)).names, ['a']);
});
