/** A step that asks for a capability: which attempt goes to whom. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../contract/index.ts';
import { type Agent, house } from './fixture.ts';

const PLAN = { steps: [{ id: 's', call: 'capability/look@^1', attempts: 3, backoffMs: 1 }] };

/** Agent `a` provides it until it has failed once; from then on it is `b`. Names of those that were called, and what it came to. */
const called = async (fault: Fault) => {
  const agents: Record<string, Agent> = {};
  let calls = 0;
  agents['agent/a/look'] = (_input, call) => {
    if (++calls > 1) return `a again, under ${call.idempotencyKey?.split('/').at(-1)}`;
    const { 'agent/a/look': a, ...others } = agents;
    for (const name of Object.keys(agents)) delete agents[name];
    Object.assign(agents, others, { 'agent/a/look': a! });
    throw fault;
  };
  agents['agent/b/look'] = () => 'b';
  const idempotent = { idempotent: true } as const;
  const one = house(PLAN, agents, { operations: { 'agent/a/look': idempotent, 'agent/b/look': idempotent } });
  const { state, output, message } = await one.run();
  await one.runner.stop();
  return { names: one.sent.map(({ target }) => target.name), state, output, message };
};

test('an attempt after one that did not run goes to whoever provides it by then', async () => {
  const { names, state, output, message } = await called(new Fault('unavailable', 'domain `north` is away'));
  assert.deepEqual([names, state, output], [['a', 'b'], 'done', { s: 'b' }], message);
});

test('an attempt after one that may have run goes to the same one, which knows its key', async () => {
  const { names, state, output, message } = await called(new Fault('upstream_broken', 'the connection broke'));
  assert.deepEqual([names, state, output], [['a', 'a'], 'done', { s: 'a again, under s' }], message);
});
