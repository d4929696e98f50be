/** People are in the way of a call alike in every dialect: nothing is sent before they said yes, and then exactly that, once. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Asked, CALLERS, type Caller } from './callers.ts';
import { AGENT, ALL, type Called, MODELS, resource, type Scene, startScene, TAKING } from './scene.ts';

const RULES = `${ALL}
@id("ask") @reason("people look at it") @remedy("approval") @approval("ttl=1h")
forbid (principal, action in [Action::"tool/till/guarded", Action::"tool/bank/guarded", Action::"agent/clerk/guarded",
  Action::"agent/payer/message", Action::"model/gpt/chat"], resource);`;

let scene: Scene;
const keys = new Map<string, string>();
before(async () => {
  const people = ['ann', 'ben'];
  const more = people.map((name) => resource('User', name, { roles: ['approver'] }));
  scene = await startScene(RULES, undefined, { more });
  for (const name of people) {
    const made = await scene.deployed.ask('/v1/keys', { body: { principal: { kind: 'user', name } } });
    keys.set(name, made['secret'] as string);
  }
});
after(() => scene[Symbol.asyncDispose]());

interface Pending {
  readonly id: string;
  readonly digest: string;
  readonly state: string;
}

const asAnn = async (path: string, body?: unknown, who = 'ann'): Promise<Record<string, unknown>> => {
  const response = await fetch(`${scene.deployed.root.url}${path}`, {
    headers: { authorization: `Bearer ${keys.get(who)}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  const raw = await response.text();
  assert.ok(response.ok, `${path}: ${raw}`);
  return JSON.parse(raw) as Record<string, unknown>;
};

/** The one that is new. */
const pending = async (): Promise<Pending> => {
  for (const endMs = performance.now() + 10_000; ; ) {
    const { items } = (await asAnn('/v1/approvals')) as { items: readonly Pending[] };
    const [one, ...more] = items.filter(({ state }) => state === 'pending');
    assert.deepEqual(more, []);
    if (one !== undefined) return one;
    if (performance.now() > endMs) throw new Error('nobody is asked');
    await new Promise((next) => setTimeout(next, 10));
  }
};

const stateOf = async (id: string, key: string): Promise<Record<string, unknown>> => {
  const response = await fetch(`${scene.access.url}/v1/calls/${id}`, { headers: { authorization: `Bearer ${key}` } });
  return { status: response.status, ...((await response.json()) as object) };
};

const over = async (id: string): Promise<Record<string, unknown>> => {
  for (const endMs = performance.now() + 10_000; ; ) {
    const state = await stateOf(id, scene.access.key);
    if (['done', 'cancelled', 'unknown'].includes(String(state['state']))) return state;
    if (performance.now() > endMs) throw new Error(`call ${id} is not over: ${JSON.stringify(state)}`);
    await new Promise((next) => setTimeout(next, 10));
  }
};

const CALLED = [...TAKING, AGENT, MODELS[1]!];
const askedOf = (called: Called, amount: number): Asked => ({
  ...{ kind: called.kind, name: called.name },
  operation: called === AGENT ? 'message' : called.kind === 'model' ? 'chat' : 'guarded',
  args: called.kind === 'model' ? `{"text":"pay ${amount}"}` : `{"amount":${amount}}`,
});
let amount = 0;

const held = async (caller: Caller, asked: Asked): Promise<{ one: Pending; answer: Promise<unknown> }> => {
  scene.begin();
  const answer = Promise.resolve(caller.ask(scene.access, asked));
  const one = await pending();
  assert.deepEqual(scene.taken(), [], `${caller.name}: sent before anybody said yes`);
  // A client with a session that can ask nobody waits.
  if (caller.name !== 'MCP 2025-11-25') {
    const heard = (await answer) as { code: string; raw: string };
    const isOfModels = !caller.takesDocuments;
    assert.ok(heard.code === 'held' || (isOfModels && heard.raw.includes('approval_required')), heard.raw);
  }
  return { one, answer };
};

for (const called of CALLED)
  test(`what was approved is sent once, as it was asked: ${called.title}`, async () => {
    for (const caller of CALLERS) {
      const asked = askedOf(called, ++amount);
      const { one, answer } = await held(caller, asked);
      assert.equal((await stateOf(one.id, scene.accessOf('mallory').key))['status'], 404, caller.name);
      await asAnn(`/v1/approvals/${one.id}:approve`, { digest: one.digest });
      await over(one.id);
      await answer;
      const sent = scene.taken();
      assert.equal(sent.length, 1, `${caller.name}: ${JSON.stringify(sent)}`);
      assert.ok(JSON.stringify(sent).includes(`${amount}`), `${caller.name}: ${JSON.stringify(sent)}`);
      if (caller.takesDocuments && called.kind !== 'model') assert.deepEqual(sent, [{ amount }], caller.name);
      assert.equal((await stateOf(one.id, scene.accessOf('mallory').key))['status'], 404, caller.name);
    }
  });

test('what an approver changed is what is sent, and rules see that', async () => {
  for (const caller of CALLERS.filter(({ takesDocuments }) => takesDocuments)) {
    const asked = askedOf(TAKING[0]!, ++amount);
    const { one, answer } = await held(caller, asked);
    const { body } = await asAnn(`/v1/approvals/${one.id}`);
    const changed = String(body).replace(`${amount}`, '7777');
    assert.notEqual(changed, body);
    const { digest } = await asAnn(`/v1/approvals/${one.id}:edit`, { digest: one.digest, body: changed });
    assert.notEqual(digest, one.digest);
    await asAnn(`/v1/approvals/${one.id}:approve`, { digest }, 'ben');
    await over(one.id);
    await answer;
    assert.deepEqual(scene.taken(), [{ amount: 7777 }], caller.name);
  }
});

test('what was denied is never sent, also when it is asked again', async () => {
  for (const caller of CALLERS.filter(({ name }) => name !== 'MCP 2025-11-25')) {
    const asked = askedOf(TAKING[0]!, ++amount);
    const { one } = await held(caller, asked);
    await asAnn(`/v1/approvals/${one.id}:deny`, { digest: one.digest });
    await over(one.id);
    await caller.ask(scene.access, asked);
    assert.deepEqual(scene.taken(), [], caller.name);
    const { items } = (await asAnn('/v1/approvals?state=pending')) as { items: readonly Pending[] };
    for (const { id, digest } of items) await asAnn(`/v1/approvals/${id}:deny`, { digest });
  }
});

test('an approval is good for one call: the same asked again is told its answer, or waits for another one', async () => {
  for (const caller of CALLERS.filter(({ name }) => name !== 'MCP 2025-11-25')) {
    const asked = askedOf(TAKING[1]!, ++amount);
    const { one } = await held(caller, asked);
    await asAnn(`/v1/approvals/${one.id}:approve`, { digest: one.digest });
    await over(one.id);
    assert.equal(scene.taken().length, 1, caller.name);
    for (const _ of [1, 2, 3]) await caller.ask(scene.access, asked);
    assert.deepEqual(scene.taken(), [], caller.name);
    const { items } = (await asAnn('/v1/approvals?state=pending')) as { items: readonly Pending[] };
    for (const { id, digest } of items) await asAnn(`/v1/approvals/${id}:deny`, { digest });
  }
});
