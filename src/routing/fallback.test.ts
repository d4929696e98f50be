import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Call, FAULT_CODES, Fault, type FaultCode, type Reply, type RoutePlan } from '../contract/index.ts';
import { loopbackCall, rootScope, silentSpan, VirtualWorld } from '../kernel/index.ts';
import { fallback } from './fallback.ts';

const reply: Reply = {
  outcome: 'ok',
  status: 200,
  contentType: '',
  headers: [],
  body: { kind: 'bytes', bytes: Buffer.from('') },
  endpoint: 'e',
  attempts: 1,
};
const call = (more: Partial<Call> = {}): Call => ({
  ...loopbackCall({}),
  target: { kind: 'model', name: 'first', operation: 'chat' },
  contentType: 'application/json;form=openai-chat',
  body: { kind: 'bytes', bytes: Buffer.from('{"model":"first","n":12345678901234567890}') },
  ...more,
});

/** Sends a call into a chain of three whose models answer as they are told, and tells who was asked. */
const into = async (
  said: Readonly<Record<string, FaultCode | Fault>>,
  sent = call(),
  effect: 'read' | 'write' = 'read',
) => {
  const asked: Call[] = [];
  const planOf = () => ({ target: { fallback: ['second', 'third'] }, operation: { effect } }) as unknown as RoutePlan;
  const layer = fallback({ planOf, runsAlone: (id) => id === 'alone' });
  const world = new VirtualWorld(1);
  const work = layer(async (one) => {
    asked.push(one);
    const fault = said[one.target.name];
    if (fault === undefined) return reply;
    throw fault instanceof Fault ? fault : new Fault(fault, `${one.target.name} says no`, { executed: 'no' });
  })(sent, rootScope(world, silentSpan('00')).scope);
  const outcome = await work.catch((fault: Fault) => fault);
  return { names: asked.map(({ target }) => target.name), asked, outcome };
};

test('only a model that cannot take the call, and did not run it, hands it on', async () => {
  for (const code of Object.keys(FAULT_CODES) as FaultCode[]) {
    const moves = ['unavailable', 'unreachable', 'overloaded', 'refused'].includes(code);
    assert.deepEqual((await into({ first: code })).names, moves ? ['first', 'second'] : ['first'], code);
    const ran = new Fault(code, 'it may have run', { executed: 'unknown' });
    assert.deepEqual((await into({ first: ran })).names, ['first'], `${code}, and it may have run`);
  }
});

test('a link that is refused is passed by, and one that may have run is the last', async () => {
  const passed = await into({ first: 'refused', second: 'denied' });
  assert.deepEqual(passed.names, ['first', 'second', 'third']);
  const ran = await into({ first: 'refused', second: new Fault('timeout', 'too late') });
  assert.deepEqual([ran.names, (ran.outcome as Fault).code], [['first', 'second'], 'timeout']);
  const nobody = await into({ first: 'refused', second: 'denied', third: 'budget_exhausted' });
  const { code, facts } = nobody.outcome as Fault;
  assert.deepEqual(
    [code, facts['fallback']],
    ['refused', ['first: refused', 'second: denied', 'third: budget_exhausted']],
  );
});

test('each try has a body of its own, which names its model and is otherwise the same', async () => {
  const { asked } = await into({ first: 'refused', second: 'refused' });
  assert.deepEqual(
    asked.map(({ body, move }) => [body.kind === 'bytes' && Buffer.from(body.bytes).toString(), move]),
    [
      ['{"model":"first","n":12345678901234567890}', undefined],
      ['{"model":"second","n":12345678901234567890}', 1],
      ['{"model":"third","n":12345678901234567890}', 2],
    ],
  );
  assert.equal(new Set(asked.map(({ body }) => body)).size, 3);
});

test('a call that is about this one model stays with it', async () => {
  const stream = { kind: 'stream' as const, chunks: (async function* () {})() };
  for (const bound of [
    { pin: 'first@host' },
    { grant: { kind: 'own' as const, approval: 'a' } },
    { detach: true },
    { idempotencyKey: 'k' },
    { via: ['hub-1'] },
    { id: 'alone' },
    { body: stream },
    { target: { kind: 'agent' as const, name: 'first', operation: 'chat' } },
  ])
    assert.deepEqual((await into({ first: 'refused' }, call(bound))).names, ['first'], JSON.stringify(bound));
  assert.deepEqual((await into({ first: 'refused' }, call(), 'write')).names, ['first']);
});
