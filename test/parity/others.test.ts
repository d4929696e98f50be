/** Orders to stop, call trees and ownership are the same in every dialect. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Access } from '../../src/cli/deploy.ts';
import { CALLERS, type Caller } from './callers.ts';
import { AGENT, ALL, inEveryDialect, MODELS, policy, type Scene, startScene, TAKING } from './scene.ts';

let scene: Scene;
before(async () => {
  scene = await startScene(ALL);
});
after(() => scene[Symbol.asyncDispose]());

const CALLED = [...TAKING, AGENT, MODELS[1]!].map((called) => ({
  ...called,
  operation: called === AGENT ? 'message' : called.kind === 'model' ? 'chat' : 'pay',
  args: called.kind === 'model' ? '{"text":"hello"}' : '{"amount":5}',
}));

const order = async (kind: string, name: string): Promise<() => Promise<void>> => {
  const { order: made } = await scene.deployed.ask('/v1/kills', { body: { kind, name, reason: 'stop' } });
  return async () => void (await scene.deployed.ask(`/v1/kills/${(made as { id: string }).id}`, { method: 'DELETE' }));
};

describe('orders to stop', () => {
  for (const called of CALLED)
    test(`a stopped target gets nothing: ${called.title}`, async () => {
      const lift = await order(called.kind, called.name);
      await inEveryDialect(scene, called, (dialect, heard, taken) => {
        assert.notEqual(heard.code, 'ok', `${dialect}: ${heard.raw}`);
        assert.deepEqual(taken, [], dialect);
      });
      await lift();
      await inEveryDialect(scene, called, (dialect, heard) =>
        assert.equal(heard.code, 'ok', `${dialect}: ${heard.raw}`),
      );
    });

  test('a stopped caller gets nothing through, also in a session that it had', async () => {
    const lift = await order('agent', 'alice');
    for (const called of CALLED)
      await inEveryDialect(scene, called, (dialect, heard, taken) => {
        assert.notEqual(heard.code, 'ok', `${dialect}: ${heard.raw}`);
        assert.deepEqual(taken, [], dialect);
      });
    await lift();
  });

  test('of a stopped agent nobody asks how a task stands, and a stopped caller hears nothing of its own', async () => {
    const a2a = CALLERS.find(({ name }) => name === 'A2A 1.0 rpc')!;
    scene.targets.state = 'TASK_STATE_WORKING';
    const heard = await a2a.ask(scene.access, { ...CALLED[3]!, returnImmediately: true });
    scene.targets.state = 'TASK_STATE_COMPLETED';
    const id = /"task":\{"id":"([0-9a-f]{32})"/.exec(heard?.raw ?? '')?.[1];
    assert.ok(id !== undefined, `${heard?.raw}`);
    for (const [kind, name] of [
      ['agent', 'payer'],
      ['agent', 'alice'],
    ] as const) {
      const lift = await order(kind, name);
      const before = scene.targets.seen.length;
      const answer = await get(scene.access, `/a2a/payer/tasks/${id}`);
      assert.ok(answer.status >= 400, answer.raw);
      assert.deepEqual(
        scene.targets.seen.slice(before).map(({ raw }) => raw),
        [],
      );
      await lift();
    }
  });

  test('what runs is cut', async () => {
    for (const caller of CALLERS) {
      const gate = Promise.withResolvers<void>();
      scene.begin();
      scene.targets.gate = gate.promise;
      const called = { ...CALLED[1]!, stream: true };
      const before = scene.targets.seen.length;
      const asked = caller.ask(scene.access, called);
      for (const endMs = performance.now() + 5_000; scene.targets.seen.length === before; ) {
        assert.ok(performance.now() < endMs, `${caller.name}: it is not sent`);
        await new Promise((next) => setTimeout(next, 2));
      }
      const lift = await order('agent', 'alice');
      // Held back still: only the order can have ended it.
      const heard = await asked;
      assert.notEqual(heard?.code, 'ok', `${caller.name}: ${heard?.raw}`);
      gate.resolve();
      scene.targets.gate = undefined;
      await lift();
    }
  });
});

describe('call trees', () => {
  const AGENTS = [CALLED[1]!, CALLED[3]!];
  const keys = new Map<string, string>();
  before(async () => {
    for (const { name } of AGENTS) {
      const made = await scene.deployed.ask('/v1/keys', { body: { principal: { kind: 'agent', name } } });
      keys.set(name, made['secret'] as string);
    }
  });

  /** Calls an agent, and while that works gives its run token away. */
  const within = async (
    caller: Caller,
    called: (typeof CALLED)[number],
    work: (run: string, access: Access) => Promise<void>,
  ): Promise<void> => {
    const gate = Promise.withResolvers<void>();
    scene.begin();
    const before = scene.targets.seen.length;
    scene.targets.gate = gate.promise;
    const answer = caller.ask(scene.access, called);
    for (const endMs = performance.now() + 5_000; scene.targets.seen.length === before; ) {
      assert.ok(performance.now() < endMs, `${caller.name}: it is not sent`);
      await new Promise((next) => setTimeout(next, 2));
    }
    scene.targets.gate = undefined;
    try {
      const run = scene.targets.seen.at(-1)?.headers['airspace-run'];
      assert.equal(typeof run, 'string', `${caller.name}: the agent gets its run token`);
      await work(String(run), { url: scene.access.url, key: keys.get(called.name)! });
    } finally {
      gate.resolve();
      await answer;
    }
  };

  for (const called of AGENTS)
    test(`an agent that calls on through any protocol stays in its tree: ${called.title}`, async () => {
      for (const caller of CALLERS.filter((_, at) => at % 3 === 1 || at === 0))
        await within(caller, called, async (run, access) => {
          for (const on of CALLERS) {
            const heard = await on.ask(access, { ...CALLED[0]!, headers: { 'airspace-run': run } });
            assert.equal(heard?.code, 'ok', `${caller.name}, then ${on.name}: ${heard?.raw}`);
          }
          const records = await scene.records('till', CALLERS.length);
          const roots = new Set(records.map(({ lineage }) => lineage.root));
          assert.deepEqual([roots.size, records.every(({ lineage }) => lineage.depth === 1)], [1, true], caller.name);
          assert.ok(!records.some(({ callId }) => roots.has(callId)), caller.name);
        });
    });

  test('a run token that is no good is refused in every dialect', async () => {
    const asked = { ...CALLED[0]!, headers: { 'airspace-run': 'no-such-run' } };
    await inEveryDialect(scene, asked, (dialect, heard, taken) => {
      assert.notEqual(heard.code, 'ok', dialect);
      assert.deepEqual(taken, [], dialect);
    });
  });

  test('an agent that calls itself through whatever protocol comes to an end', async () => {
    const clerk = AGENTS[0]!;
    const lengths = new Set<number>();
    for (const caller of CALLERS) {
      const codes: string[] = [];
      const down = async (depth: number): Promise<void> =>
        within(caller, clerk, async (run, access) => {
          for (let at = depth; at < 40; at++) {
            const message = `m-${codes.length}`;
            const heard = await caller.ask(access, { ...clerk, message, headers: { 'airspace-run': run } });
            codes.push(heard?.code ?? '');
            run = String(scene.targets.seen.at(-1)?.headers['airspace-run'] ?? run);
            if (heard?.code !== 'ok') return;
          }
        });
      await down(0);
      assert.equal(codes.at(-1), 'loop_detected', `${caller.name}: ${codes.join()}`);
      lengths.add(codes.length);
    }
    assert.equal(lengths.size, 1, `in each as soon as in the others: ${[...lengths].join()}`);
  });
});

const get = async (access: Access, path: string): Promise<{ status: number; raw: string }> => {
  const response = await fetch(`${access.url}${path}`, {
    headers: { authorization: `Bearer ${access.key}`, 'a2a-version': '1.0' },
  });
  return { status: response.status, raw: await response.text() };
};

describe('ownership', () => {
  test('tasks of others do not exist', async () => {
    const a2a = CALLERS.find(({ name }) => name === 'A2A 1.0 rpc')!;
    for (const called of [CALLED[3]!]) {
      const heard = await a2a.ask(scene.access, called);
      const id = /"task":\{"id":"([0-9a-f]{32})"/.exec(heard?.raw ?? '')?.[1];
      assert.ok(id !== undefined, `${heard?.raw}`);
      assert.equal((await get(scene.access, `/a2a/payer/tasks/${id}`)).status, 200);
      const other = await get(scene.accessOf('mallory'), `/a2a/payer/tasks/${id}`);
      const none = await get(scene.accessOf('mallory'), `/a2a/payer/tasks/${'0'.repeat(32)}`);
      assert.equal(other.status, 404);
      assert.equal(other.raw.replaceAll(id, ''), none.raw.replaceAll('0'.repeat(32), ''));
      const list = await get(scene.accessOf('mallory'), '/a2a/payer/tasks');
      assert.ok(!list.raw.includes(id), list.raw);
    }
  });

  test('tasks that policy never lets their owner list are in no list', async () => {
    const a2a = CALLERS.find(({ name }) => name === 'A2A 1.0 rpc')!;
    const heard = await a2a.ask(scene.access, CALLED[3]!);
    const id = /"task":\{"id":"([0-9a-f]{32})"/.exec(heard?.raw ?? '')?.[1] ?? '';
    const listed = '/a2a/tasks?includeArtifacts=true';
    assert.ok((await get(scene.access, listed)).raw.includes(id));
    const rule =
      '@id("no-tasks") @reason("no") forbid (principal, action in [Action::"agent/payer/task.list", Action::"agent/payer/task.get"], resource);';
    await scene.deployed.apply(policy(`${ALL}\n${rule}`));
    for (const path of [listed, '/a2a/payer/tasks', `/a2a/payer/tasks/${id}`, `/a2a/tasks/${id}`]) {
      const { raw } = await get(scene.access, path);
      assert.ok(!raw.includes('a-1') && (!raw.includes('"id"') || !raw.includes(id)), `${path}: ${raw}`);
    }
    await scene.deployed.apply(policy(ALL));
  });

  test('a session of somebody else is no session', async () => {
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
    };
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
    const opened = await fetch(`${scene.access.url}/mcp`, {
      method: 'POST',
      headers: { ...headers, authorization: `Bearer ${scene.access.key}` },
      body: JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }),
    });
    await opened.text();
    const session = opened.headers.get('mcp-session-id') ?? '';
    scene.begin();
    const stolen = await fetch(`${scene.access.url}/mcp`, {
      method: 'POST',
      headers: { ...headers, 'mcp-session-id': session, authorization: `Bearer ${scene.accessOf('mallory').key}` },
      body: JSON.stringify({
        ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
        params: { name: 'till__pay', arguments: { amount: 5 } },
      }),
    });
    assert.equal(stolen.status, 404, await stolen.text());
    assert.deepEqual(scene.taken(), []);
  });

  test('a revoked key, and a key for something else, get nothing through', async () => {
    const made = (body: object): Promise<Record<string, unknown>> =>
      scene.deployed.ask('/v1/keys', { body: { principal: { kind: 'agent', name: 'alice' }, ...body } });
    const revoked = await made({});
    await scene.deployed.ask(`/v1/keys/${String(revoked['id'])}`, { method: 'DELETE' });
    const narrow = await made({ scopes: ['read'] });
    for (const key of [revoked['secret'], narrow['secret'], `air_alice_${'A'.repeat(43)}_00000000`])
      for (const caller of CALLERS) {
        scene.begin();
        const heard = await caller.ask({ ...scene.access, key: key as string }, CALLED[0]!);
        assert.notEqual(heard?.code, 'ok', `${caller.name}: ${heard?.raw}`);
        assert.deepEqual(scene.taken(), [], caller.name);
      }
  });
});
