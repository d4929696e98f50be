/** A tree is found out however little an agent says, and what it says wrongly is refused. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Call, TreeLimitsEntry } from '../contract/index.ts';
import { chainOf, treeRules } from './index.ts';
import { agent, ann, bytes, MANNERS, TENANT, type TestNode, testNode } from './testing.ts';

const manners = Object.entries(MANNERS);

/** Two agents that call each other until somebody refuses; answers with how it ended. */
const ring = (node: TestNode, names: readonly string[], manner: (typeof MANNERS)['token' | 'trace' | 'stripped']) => {
  const ends: string[] = [];
  for (const [at, name] of names.entries())
    node.scripts.set(`agent/${name}`, async (got) => {
      const next = names[(at + 1) % names.length];
      const outcome = await node.outcome(agent(name), `agent/${next}`, {
        ...manner(got),
        body: bytes(`${node.sent.length}`),
      });
      if (outcome !== 'sent') ends.push(outcome);
    });
  return ends;
};

for (const [name, manner] of manners)
  describe(`an agent that calls on: ${name}`, () => {
    test('stays in the tree of the call that it answers', async () => {
      const node = testNode();
      node.scripts.set('agent/a', (got) => node.ask(agent('a'), 'tool/t', manner(got)));
      await node.ask(ann, 'agent/a');
      const [first, second] = node.sent as [Call, Call];
      assert.deepEqual(second.lineage, { root: first.id, parent: first.id, depth: 1 });
      assert.deepEqual(second.tree?.origin, ann);
      assert.deepEqual(chainOf(second.tree!), ['user/ann', 'agent/a/ask', 'tool/t/ask']);
      assert.equal(second.tree?.calls, 2);
    });

    test('goes back and forth four times and no more', async () => {
      const node = testNode();
      const ends = ring(node, ['a', 'b'], manner);
      await node.ask(ann, 'agent/a');
      assert.deepEqual([ends, node.sent.length], [['TREE_PING_PONG'], 5]);
    });

    test('goes no deeper than eight', async () => {
      const node = testNode();
      const ends = ring(node, ['a', 'b', 'c'], manner);
      await node.ask(ann, 'agent/a');
      assert.deepEqual([ends, node.sent.length], [['TREE_DEPTH'], 9]);
    });

    test('gets no more time than is left of the tree', async () => {
      const node = testNode({ rules: rulesOf({ wallMs: 5_000 }) });
      node.scripts.set('agent/a', async (got) => {
        await node.world.run(2_000);
        await node.ask(agent('a'), 'tool/t', { ...manner(got), timeoutMs: 60_000 });
      });
      await node.ask(ann, 'agent/a');
      assert.deepEqual(
        node.sent.map(({ timeoutMs }) => timeoutMs),
        [5_000, 3_000],
      );
    });
  });

test('an agent that says nothing gets no more time than its caller was granted', async () => {
  const node = testNode({ grantedMs: 3_000 });
  node.scripts.set('agent/a', async () => {
    await node.world.run(2_000);
    await node.ask(agent('a'), 'tool/t', { timeoutMs: 60_000 });
  });
  await node.ask(ann, 'agent/a');
  assert.equal(node.sent[1]?.timeoutMs, 1_000);
});

test('a trace says which of several trees, and without its span the deepest place in it', async () => {
  const node = testNode();
  let go = (): void => {};
  const waiting = new Promise<void>((resolve) => {
    go = resolve;
  });
  const traces: Call['trace'][] = [];
  node.scripts.set('agent/a', async ({ traceparent }) => {
    traces.push(traceparent);
    await waiting;
  });
  node.scripts.set('agent/b', (got) => node.ask(agent('b'), 'agent/a', { trace: got.traceparent }));
  node.scripts.set('agent/c', async (got) => {
    await Promise.all([
      node.ask(agent('c'), 'agent/b', { trace: got.traceparent }),
      node.ask(agent('c'), 'agent/a', { trace: got.traceparent, body: bytes('x') }),
    ]);
  });
  const trace = { trace: 'd'.repeat(32), sampled: true };
  const work = [node.ask(ann, 'agent/c', { trace }), node.ask(ann, 'agent/a')];
  while (traces.length < 3) await new Promise((next) => setImmediate(next));
  const shallow = node.sent.find(({ target, lineage }) => target.name === 'a' && lineage.depth === 1);
  const handed = traces[node.sent.filter(({ target }) => target.name === 'a').indexOf(shallow!)];
  await node.ask(agent('a'), 'tool/t', { trace: handed! });
  assert.deepEqual(node.sent.at(-1)?.lineage, { root: shallow?.lineage.root, parent: shallow?.id, depth: 2 });
  await node.ask(agent('a'), 'tool/t', { trace: { ...trace, parentSpan: 'e'.repeat(16) } });
  assert.equal(node.sent.at(-1)?.lineage.depth, 3);
  go();
  await Promise.all(work);
});

const rulesOf = (limits: TreeLimitsEntry['limits'], more: readonly TreeLimitsEntry[] = []) =>
  treeRules({
    trees: [{ tenant: TENANT, level: 'org', limits, delegation: 'caller' }, ...more],
    domains: [{ tenant: TENANT, name: 'shop', parent: '', delegated: false }],
    targets: ['a', 'b', 'c', 'x', 'y'].map((name) => ({ ...target, name, domain: name === 'x' ? 'shop' : '' })),
  });

const target = {
  tenant: TENANT,
  kind: 'agent',
  labels: {},
  endpoints: [],
  operations: [],
  health: null,
  concurrency: 1,
  timeoutMs: null,
} as const;

describe('an agent that works on several trees and says nothing', () => {
  /** `a` has three calls of `ann` to answer at once, and then calls `times` times. */
  const mixing = async (node: TestNode, times: number): Promise<string[]> => {
    const outcomes: string[] = [];
    let arrived = 0;
    let go = (): void => {};
    const all = new Promise<void>((resolve) => {
      go = resolve;
    });
    node.scripts.set('agent/a', async () => {
      if (++arrived < 3) return all;
      for (let at = 0; at < times; at++)
        outcomes.push(await node.outcome(agent('a'), `agent/${at % 2 === 0 ? 'x' : 'y'}`, { body: bytes(`${at}`) }));
      go();
    });
    await Promise.all([node.ask(ann, 'agent/a'), node.ask(agent('z'), 'agent/a'), node.ask(ann, 'agent/a')]);
    return outcomes;
  };

  test('has one of its own, below the deepest, and nobody is said to have begun it', async () => {
    const node = testNode();
    assert.deepEqual(await mixing(node, 2), ['sent', 'sent']);
    const calls = node.sent.slice(3);
    assert.equal(new Set(calls.map(({ lineage }) => lineage.root)).size, 1);
    assert.ok(node.sent.slice(0, 3).every(({ lineage }) => lineage.root !== calls[0]?.lineage.root));
    assert.deepEqual(
      calls.map(({ lineage, tree }) => [lineage.depth, tree?.origin]),
      [
        [1, null],
        [1, null],
      ],
    );
  });

  test('may make as many calls as those trees together', async () => {
    const node = testNode({ rules: rulesOf({ calls: 4 }) });
    const outcomes = await mixing(node, 14);
    assert.equal(outcomes.filter((outcome) => outcome === 'sent').length, 12);
    assert.equal(outcomes.at(-1), 'TREE_CALLS');
  });
});

test('which of the calls of one tree an agent works for is not guessed', async () => {
  const node = testNode({ rules: rulesOf({ fanOut: 2 }) });
  let arrived = 0;
  let go = (): void => {};
  const all = new Promise<void>((resolve) => {
    go = resolve;
  });
  const outcomes: string[] = [];
  node.scripts.set('agent/b', async () => {
    if (++arrived < 2) return all;
    for (const at of [1, 2, 3, 4]) outcomes.push(await node.outcome(agent('b'), 'agent/c', { body: bytes(`${at}`) }));
    go();
  });
  node.scripts.set('agent/a', ({ run }) =>
    Promise.all(['1', '2'].map((text) => node.ask(agent('a'), 'agent/b', { run, body: bytes(text) }))),
  );
  await node.ask(ann, 'agent/a');
  assert.deepEqual(outcomes, ['sent', 'sent', 'sent', 'sent']);
});

test('a tree that an agent takes up while it mixes others adds to what it may do', async () => {
  const node = testNode({ rules: rulesOf({ calls: 2 }) });
  const outcomes: string[] = [];
  const askSix = async (): Promise<void> => {
    for (let at = 0; at < 6; at++)
      outcomes.push(await node.outcome(agent('a'), 'agent/x', { body: bytes(`${outcomes.length}`) }));
  };
  let arrived = 0;
  let go = (): void => {};
  const all = new Promise<void>((resolve) => {
    go = resolve;
  });
  node.scripts.set('agent/a', async () => {
    arrived++;
    if (arrived === 2) {
      await askSix();
      await node.ask(agent('z'), 'agent/a');
      go();
    } else if (arrived === 3) await askSix();
    else await all;
  });
  await Promise.all([node.ask(ann, 'agent/a'), node.ask(ann, 'agent/a')]);
  assert.deepEqual(
    outcomes.map((outcome) => outcome === 'sent'),
    [true, true, true, true, false, false, true, true, false, false, false, false],
  );
});

describe('limits', () => {
  const spread = async (rules: ReturnType<typeof rulesOf>, names: readonly string[]): Promise<string[]> => {
    const node = testNode({ rules });
    const outcomes: string[] = [];
    node.scripts.set('agent/a', async ({ run }) => {
      for (const [at, name] of names.entries())
        outcomes.push(await node.outcome(agent('a'), `agent/${name}`, { run, body: bytes(`${at}`) }));
    });
    await node.ask(ann, 'agent/a');
    return outcomes;
  };

  test('calls, different agents and calls of one call each have one', async () => {
    assert.deepEqual(await spread(rulesOf({ calls: 3 }), ['b', 'b', 'b']), ['sent', 'sent', 'TREE_CALLS']);
    assert.deepEqual(await spread(rulesOf({ agents: 2 }), ['b', 'c', 'b']), ['sent', 'TREE_AGENTS', 'sent']);
    assert.deepEqual(await spread(rulesOf({ fanOut: 2 }), ['b', 'c', 'b']), ['sent', 'sent', 'TREE_FAN_OUT']);
  });

  test('the organisation says more or less, and a domain only less', async () => {
    const shop = (fanOut: number): TreeLimitsEntry => ({
      tenant: TENANT,
      level: 'shop',
      limits: { fanOut },
      delegation: 'caller',
    });
    assert.deepEqual(await spread(rulesOf({ fanOut: 60 }, [shop(1)]), ['b', 'x', 'b']), [
      'sent',
      'TREE_FAN_OUT',
      'sent',
    ]);
    assert.equal(
      rulesOf({ fanOut: 60 }, [shop(100)]).limitsOf(TENANT, { kind: 'agent', name: 'x', operation: 'ask' }).fanOut,
      60,
    );
  });

  test('trees that an agent begins by itself have one a minute, and users none', async () => {
    const node = testNode({ rules: rulesOf({ rootsPerMinute: 2 }) });
    const begin = () => node.outcome(agent('a'), 'tool/t');
    assert.deepEqual([await begin(), await begin(), await begin()], ['sent', 'sent', 'TREE_ROOTS_PER_MINUTE']);
    for (let at = 0; at < 5; at++) assert.equal(await node.outcome(ann, 'tool/t'), 'sent');
    await node.world.run(60_000);
    assert.equal(await begin(), 'sent');
  });
});

describe('a run token', () => {
  /** What `a` is handed by a call of `ann`. */
  const handed = async (node: TestNode): Promise<string> => {
    let token = '';
    node.scripts.set('agent/a', async ({ run }) => {
      token = run;
    });
    await node.ask(ann, 'agent/a');
    return token;
  };

  test('is good after the answer, until the time of the tree is over, and then it is no root', async () => {
    const node = testNode({ rules: rulesOf({ wallMs: 10_000 }) });
    const run = await handed(node);
    await node.world.run(9_000);
    assert.equal(await node.outcome(agent('a'), 'tool/t', { run }), 'sent');
    assert.equal(node.sent.at(-1)?.lineage.depth, 1);
    await node.world.run(10_000);
    assert.equal(await node.outcome(agent('a'), 'tool/t', { run }), 'RUN_TOKEN_INVALID');
  });

  test('of another agent, another tenant or a user is refused', async () => {
    const node = testNode();
    const run = await handed(node);
    for (const other of [agent('b'), { ...agent('a'), tenant: 'other' }, ann])
      assert.equal(await node.outcome(other, 'tool/t', { run }), 'RUN_TOKEN_OF_ANOTHER');
  });

  test('that is changed in any place is refused', async () => {
    const node = testNode();
    const run = await handed(node);
    for (let at = 0; at < run.length; at += 7) {
      const forged = `${run.slice(0, at)}${run[at] === 'A' ? 'B' : 'A'}${run.slice(at + 1)}`;
      assert.notEqual(await node.outcome(agent('a'), 'tool/t', { run: forged }), 'sent', `changed at ${at}`);
    }
    assert.equal(await node.outcome(agent('a'), 'tool/t', { run: 'nonsense' }), 'RUN_TOKEN_INVALID');
  });

  const entry = ({ id, key }: TestNode, role: 'hub' | 'sidecar', name = '') => ({
    id,
    role,
    tenant: role === 'hub' ? '' : TENANT,
    domain: '',
    agent: name,
    publicKey: key.publicKey,
    url: '',
  });

  test('of one node is opened by another when it was signed, and else the other says where it is good', async () => {
    const first = testNode({ id: 'hub-1', speaksElsewhere: true });
    const quiet = testNode({ id: 'hub-2' });
    const third = testNode({ id: 'hub-3', nodes: [entry(first, 'hub'), entry(quiet, 'hub')], provenOrigin: () => ann });
    assert.equal(await third.outcome(agent('a'), 'tool/t', { run: await handed(first) }), 'sent');
    assert.deepEqual(third.sent[0]?.tree?.origin, ann);
    await assert.rejects(third.ask(agent('a'), 'tool/t', { run: await handed(quiet) }), /node `hub-2` only/);
    const stranger = testNode({ id: 'hub-4', speaksElsewhere: true });
    assert.equal(await third.outcome(agent('a'), 'tool/t', { run: await handed(stranger) }), 'RUN_TOKEN_INVALID');
  });

  test('of a sidecar is for its own agent only, and who began needs proof', async () => {
    const sidecar = testNode({ id: 'side', speaksElsewhere: true });
    const run = await handed(sidecar);
    const hub = testNode({ nodes: [entry(sidecar, 'sidecar', 'a')] });
    assert.equal(await hub.outcome(agent('a'), 'tool/t', { run }), 'sent');
    assert.equal(hub.sent[0]?.tree?.origin, null, 'its proof does not hold here');
    const other = testNode({ nodes: [entry(sidecar, 'sidecar', 'b')] });
    assert.equal(await other.outcome(agent('a'), 'tool/t', { run }), 'RUN_TOKEN_INVALID');
  });
});

test('a target whose address is this node is told so, with the way there', async () => {
  const node = testNode();
  node.scripts.set('agent/a', async ({ run }) => {
    const without = { credential: { kind: 'none' }, principal: null, run } as const;
    assert.equal(await node.outcome(ann, 'agent/b', without), 'sent', 'on to whoever asks for the key');
    await assert.rejects(node.ask(ann, 'agent/a', without), {
      code: 'loop_detected',
      message: /address of agent `a` .*user\/ann -> agent\/a\/ask -> hub-1/,
    });
  });
  await node.ask(ann, 'agent/a');
});

test('a call that comes by a second time ends, and the circle is named', async () => {
  const node = testNode();
  assert.equal(await node.outcome(ann, 'tool/t', { via: ['hub-2'] }), 'sent');
  await assert.rejects(node.ask(ann, 'tool/t', { via: ['hub-1', 'hub-2'] }), /hub-1 -> hub-2 -> hub-1/);
});

test('what an agent does in the trace of a tree that is over is its own', async () => {
  const node = testNode({ rules: rulesOf({ wallMs: 1_000 }) });
  let trace: Call['trace'] | undefined;
  node.scripts.set('agent/a', async (got) => {
    trace = got.traceparent;
  });
  await node.ask(ann, 'agent/a');
  await node.world.run(1_000);
  await node.ask(agent('a'), 'tool/t', { trace: trace! });
  assert.equal(node.sent.at(-1)?.lineage.depth, 0);
});

test('a trace that was handed to somebody else places nobody', async () => {
  const node = testNode();
  node.scripts.set('agent/a', (got) => node.ask(agent('b'), 'tool/t', { trace: got.traceparent }));
  await node.ask(ann, 'agent/a');
  assert.equal(node.sent.at(-1)?.lineage.depth, 0);
});

test('what the node itself asks about an earlier call is in the tree that it names, and no root of anybody', async () => {
  const node = testNode({ rules: rulesOf({ rootsPerMinute: 1 }) });
  const lineage = { root: 'f'.repeat(32), parent: 'f'.repeat(32), depth: 1 };
  const asked = { credential: { kind: 'known', principal: agent('a') }, lineage } as const;
  for (const _ of [1, 2]) assert.equal(await node.outcome(agent('a'), 'agent/b', asked), 'sent');
  assert.deepEqual(node.sent[0]?.lineage, lineage);
});
