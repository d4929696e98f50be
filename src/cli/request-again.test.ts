/** Requests made again: a hub, an agent in two versions, and tools whose counters say whether anybody called them. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { RequestReplay } from '../contract/index.ts';
import { startSidecar } from './node/sidecar.ts';
import { type ReplayScene, startReplayScene, type Work } from './testing/replay-scene.ts';

let scene: ReplayScene;
let dir: string;
before(async () => {
  scene = await startReplayScene();
  dir = await mkdtemp(join(tmpdir(), 'airspace-script-'));
});
after(async () => {
  await scene?.[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

/** Looks an order up, then lists. */
const twoTools: Work = async (payload, call) => {
  const found = await call('orders', 'find', payload);
  const listed = await call('orders', 'list', { of: payload });
  return { found, listed };
};

const script = async (text: string): Promise<string> => {
  const path = join(dir, 'script.yaml');
  await writeFile(path, text);
  return path;
};

const replayed = async (...argv: string[]): Promise<RequestReplay & { readonly exit: number }> => {
  const { exit, stdout, stderr } = await scene.run('request', 'replay', ...argv, '-o', 'json');
  assert.ok(stdout.startsWith('{'), `${argv.join(' ')}: ${stderr}`);
  return { ...JSON.parse(stdout), exit };
};

test('the same version again is answered from the record: nothing real is called, and nothing differs', async () => {
  scene.does('1.0', twoTools);
  const { call, answer } = await scene.ask({ id: 7 });
  const before = { ...scene.reached };
  const report = await replayed(call, '--against', 'scripted', '--compare');
  assert.deepEqual(
    report.calls.map(({ target, by, note }) => [target, by, note]),
    [
      ['tool/orders/find', 'recording', ''],
      ['tool/orders/list', 'recording', ''],
    ],
  );
  assert.deepEqual([report.exit, report.differs, report.answer.than], [0, false, 'same']);
  assert.deepEqual(JSON.parse(report.answer.text ?? ''), answer);
  assert.deepEqual(scene.reached, { ...before, 'triage@1.0': before['triage@1.0']! + 1 });
});

test('another version that calls otherwise: each call that nothing answers is named, and so is each that is not made', async () => {
  scene.does('1.0', twoTools);
  scene.does('2.1', async (payload, call) => {
    const found = await call('orders', 'find', payload);
    const listed = await call('orders', 'list', { of: { id: 8 } }).catch((thrown: Error) => thrown.message);
    const wiped = await call('orders', 'wipe', {}).catch((thrown: Error) => thrown.message);
    const sent = await call('mail', 'send', {}).catch((thrown: Error) => thrown.message);
    return { found, listed, wiped, sent };
  });
  const { call, trace } = await scene.ask({ id: 7 });
  const before = { ...scene.reached };
  const report = await replayed(call, '--agent', 'triage@2.1', '--compare');
  assert.deepEqual([report.version, report.exit, report.differs, report.answer.than], ['2.1', 1, true, 'other']);
  const [find, list, send] = report.calls;
  assert.deepEqual([find?.by, list?.by, send?.by], ['recording', 'nothing', 'nothing']);
  assert.match(list?.note ?? '', /asked otherwise then, in `of`; give a reply of it with --script/);
  assert.match(send?.note ?? '', /`tool\/mail\/send` was not called then/);
  const wipe = report.rows.find(({ b }) => b?.target === 'tool/orders/wipe');
  assert.deepEqual([wipe?.a, wipe?.b?.effects, wipe?.differs], [null, ['deny'], ['only one']], 'it is decided too');
  assert.deepEqual(scene.reached, { ...before, 'triage@2.1': 1 }, 'nobody but the version that was named');
  const { stdout, exit } = await scene.run('request', 'replay', trace, '--agent', 'triage@2.1');
  assert.equal(exit, 0, 'a difference alone is no failure');
  assert.match(stdout, /version 2\.1 at triage@\S+, on behalf of user\/ann/);
  assert.match(stdout, /replay only +tool\/orders\/wipe +denied +deny +nobody: it was refused +only one/);
  assert.match(stdout, /ui http:.*\/ui\/compare\?a=[0-9a-f]{32}&b=[0-9a-f]{32}/);
});

test('a replay is found by whoever names it, compared like any other, and counts nowhere', async () => {
  scene.does('1.0', twoTools);
  const { call, trace } = await scene.ask({ id: 7 });
  const spent = async (): Promise<string> => (await scene.run('get', 'budgets', '-o', 'json')).stdout;
  const used = async (): Promise<unknown> =>
    ((await (await scene.fetch('/v1/usage?by=target', scene.keys.admin)).json()) as { total: unknown }).total;
  const before = [await used(), await spent()];
  const { replay } = await replayed(call, '--against', 'scripted');
  assert.deepEqual([await used(), await spent()], before);
  const { events } = (await (await scene.fetch('/v1/calls?limit=1000', scene.keys.admin)).json()) as {
    events: readonly { trace: string }[];
  };
  assert.ok(events.some((event) => event.trace === trace) && events.every((event) => event.trace !== replay.trace));
  const shown = await scene.run('trace', replay.call.slice(0, 12));
  assert.match(shown.stdout, /agent\/triage\/sort[\s\S]*tool\/orders\/find/);
  const diff = await scene.run('trace', 'diff', trace, replay.trace);
  assert.match(diff.stdout, /a b +tool\/orders\/find/i);
  const again = await scene.run('request', 'replay', replay.call, '--against', 'scripted');
  assert.match(again.stderr, /is a replay itself/);
  const audit = await scene.run('audit', 'export');
  const noted = audit.stdout.split('\n').filter((one) => one.includes('request.replayed'));
  assert.ok(noted.some((one) => one.includes(replay.call) && one.includes(call) && one.includes('user/ann')));
});

test('what no payload was kept of is given in a file, or is missing by name', async () => {
  scene.does('1.0', async (payload, call) => ({ sent: await call('mail', 'send', payload) }));
  const { call, answer } = await scene.ask({ id: 7 });
  const before = { ...scene.reached };
  const without = await replayed(call, '--against', 'scripted');
  assert.match(
    without.calls[0]?.note ?? '',
    /reply of `tool\/mail\/send` is missing: policy keeps no payload of it .*; give a reply of it with --script/,
  );
  assert.equal(without.differs, true);
  const path = await script(`tool/mail/send:\n  - json: ${JSON.stringify((answer as { sent: unknown }).sent)}\n`);
  const given = await replayed(call, '--against', 'scripted', '--script', path, '--compare');
  assert.deepEqual([given.calls[0]?.by, given.exit, given.answer.than], ['script', 0, 'same']);
  const faulty = await script('tool/mail/send: [{ fault: unavailable, message: the post is closed }]');
  const failed = await replayed(call, '--against', 'scripted', '--script', faulty);
  assert.equal(failed.rows.find(({ depth }) => depth === 1)?.b?.code, 'unavailable');
  assert.deepEqual({ ...scene.reached, 'triage@1.0': 0 }, { ...before, 'triage@1.0': 0 });
});

test('another payload may be asked, and the report says that it is one', async () => {
  scene.does('1.0', twoTools);
  const { call } = await scene.ask({ id: 7 });
  const { notes, calls } = await replayed(call, '--against', 'scripted', '--data', '{"id":9}');
  assert.match(notes.join(), /not byte for byte/);
  assert.match(calls[0]?.note ?? '', /was asked otherwise then, in `id`/);
});

test('a script that is none is refused before anything is asked', async () => {
  scene.does('1.0', twoTools);
  const { call } = await scene.ask({ id: 7 });
  const before = { ...scene.reached };
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
    .split('')
    .map((name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[at]}`).join(',')}]`)
    .join('\n')}`;
  const cases: readonly (readonly [string, RegExp])[] = [
    ['tool/orders: [{ json: 1 }]', /must be a target/],
    ['__proto__: [{ json: 1 }]', /must name a target/],
    ['tool/orders/find: []', /script\.yaml:1: `tool\/orders\/find`/],
    ['tool/orders/find: [{ json: 1, text: x }]', /must have one of `json`, `text` and `fault`|[Uu]nrecognized/],
    ['tool/orders/find: [{ json: 1, type: "text/plain\\r\\nset-cookie: a=b" }]', /content type|one of/],
    ['tool/orders/find: [{ fault: exploded }]', /one of|[Ii]nvalid/],
    ['tool/orders/find: [{ json: 1, status: 99 }]', /one of|[Tt]oo small/],
    ['[1, 2', /script\.yaml:1/],
    [bomb, /script\.yaml/],
    ['', /must hold one document/],
  ];
  for (const [text, said] of cases) {
    const ran = await scene.run('request', 'replay', call, '--against', 'scripted', '--script', await script(text));
    assert.equal(ran.exit, 2, text);
    assert.match(ran.stderr, said, text);
    assert.ok(
      [...ran.stderr].every((char) => char === '\n' || char >= ' '),
      text,
    );
  }
  // Whoever comes without the command is told the same.
  const script2 = { 'tool/orders/find': [{ json: 1, type: 'text/plain\r\nset-cookie: a=b' }] };
  const told = await scene.fetch('/v1/replays', scene.keys.admin, { request: call, script: script2 });
  assert.equal(told.status, 400);
  assert.deepEqual(scene.reached, before);
});

test('only operators replay, and what cannot be replayed says why', async () => {
  scene.does('1.0', twoTools);
  const { call } = await scene.ask({ id: 7 });
  const before = { ...scene.reached };
  for (const key of [scene.keys.viewer, scene.keys.ann, scene.keys.triage])
    for (const path of ['/v1/replays', '/v1/replays:check'])
      assert.equal((await scene.fetch(path, key, { request: call })).status, 403);
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [[call, '--agent', 'triage@9.9'], 4, /no endpoint of version `9\.9`; there are triage@1\.0, triage@2\.1/],
    [[call, '--agent', 'other@1.0'], 2, /was made to agent `triage`, and not to `other`/],
    [[call, '--agent', 'triage'], 2, /does not name a version/],
    [['f'.repeat(32), '--against', 'scripted'], 4, /there is no trace or call/],
    [[call, '--against', 'everything'], 2, /Allowed choices/],
    [[call, '--against', 'scripted', '--policy', '01234567'], 2, /one of the two/],
    [[call, '--script', 'x.yaml'], 2, /--against scripted/],
  ];
  for (const [argv, exit, said] of cases) {
    const ran = await scene.run('request', 'replay', ...argv);
    assert.match(ran.stderr, said);
    assert.equal(ran.exit, exit, argv.join(' '));
  }
  assert.deepEqual(scene.reached, before);
});

test('an agent that does not say what its calls belong to is refused before, and what it hides after it is refused too', async () => {
  const bare = async (): Promise<number> => {
    const told = await scene.fetch('/v1/tools/orders/find', scene.keys.triage, { id: 1 });
    return told.status;
  };
  scene.does('1.0', async () => ({ status: await bare() }));
  const silent = await scene.ask({ id: 1 });
  const refused = await scene.run('request', 'replay', silent.call, '--against', 'scripted');
  assert.match(refused.stderr, /called `tool\/orders\/find` without `traceparent` or `airspace-run`/);
  scene.does('1.0', twoTools);
  const { call } = await scene.ask({ id: 7 });
  const before = { ...scene.reached };
  scene.does('1.0', async () => ({ status: await bare() }));
  const { notes, answer } = await replayed(call, '--against', 'scripted');
  assert.match(notes.join(), /did not say whether it belongs to the replay, and was refused/);
  assert.match(answer.text ?? '', /409/);
  assert.equal(scene.reached['orders'], before['orders']);
});

test('what comes when a replay is over is refused, by token and by trace', async () => {
  scene.does('1.0', twoTools);
  const { call } = await scene.ask({ id: 7 });
  const before = { ...scene.reached };
  const handed: Record<string, string>[] = [];
  scene.does('1.0', async (_payload, _call, { run, traceparent }) => {
    handed.push({ ...(run === undefined ? {} : { 'airspace-run': run }) }, { traceparent: traceparent ?? '' });
    return {};
  });
  await replayed(call, '--against', 'scripted');
  assert.equal(handed.length, 2);
  for (const headers of handed) {
    const late = await fetch(`${scene.hub.url}/v1/tools/orders/find`, {
      method: 'POST',
      headers: { authorization: `Bearer ${scene.keys.triage}`, 'content-type': 'application/json', ...headers },
      body: '{"id":7}',
    });
    assert.equal(late.status, 409, JSON.stringify(headers));
    assert.match(await late.text(), /belongs to a replay that is over/);
  }
  assert.equal(scene.reached['orders'], before['orders']);
});

test('what an agent says of its work in a replay is nobody’s work', async () => {
  scene.does('1.0', twoTools);
  const { call, trace } = await scene.ask({ id: 7 });
  const said: number[] = [];
  const say = async (of: string): Promise<void> => {
    const told = await scene.fetch('/v1/outcomes', scene.keys.triage, { trace: of, task: 'sort', result: 'completed' });
    said.push(told.status);
  };
  scene.does('1.0', async (_payload, _call, { traceparent }) => {
    await say((traceparent ?? '').split('-')[1] ?? '');
    return {};
  });
  const counted = async (): Promise<readonly string[]> =>
    (await (await scene.fetch('/metrics', scene.keys.admin)).text())
      .split('\n')
      .filter((one) => one.startsWith('airspace_outcomes_total'));
  await say(trace);
  const before = await counted();
  assert.equal(before.length, 1);
  await replayed(call, '--against', 'scripted');
  assert.deepEqual(said, [201, 200]);
  assert.deepEqual(await counted(), before);
});

test('what policy asks about a call is answered from the record, too, and can be scripted otherwise', async () => {
  scene.does('1.0', async (payload, call) => {
    const cancelled = await call('orders', 'cancel', payload).catch((thrown: Error) => thrown.message);
    return { cancelled };
  });
  const { call } = await scene.ask({ id: 7 });
  const before = { ...scene.reached };
  assert.equal(before['ledger'], 1, 'it was really asked then');
  const same = await replayed(call, '--against', 'scripted', '--compare');
  assert.deepEqual(
    [same.exit, same.calls.map(({ target }) => target)],
    [0, ['tool/ledger/standing', 'tool/orders/cancel']],
  );
  const path = await script('tool/ledger/standing: [{ json: { frozen: "yes" } }]');
  const frozen = await replayed(call, '--against', 'scripted', '--script', path);
  const row = frozen.rows.find(({ b }) => b?.target === 'tool/orders/cancel');
  assert.deepEqual([row?.b?.effects, row?.differs], [['deny'], ['outcome', 'decision']]);
  assert.deepEqual({ ...scene.reached, 'triage@1.0': 0 }, { ...before, 'triage@1.0': 0 });
});

test('nobody is asked for an approval in a replay', async () => {
  scene.does('1.0', async () => ({}));
  const { call } = await scene.ask({ id: 7 });
  scene.does('1.0', async (payload, ask) => ({
    paid: await ask('orders', 'payout', payload).catch((thrown: Error) => thrown.message),
  }));
  const { rows } = await replayed(call, '--against', 'scripted');
  const row = rows.find(({ b }) => b?.target === 'tool/orders/payout');
  assert.deepEqual(
    [row?.b?.status, row?.b?.code, row?.b?.effects],
    ['denied', 'approval_required', ['require_approval']],
  );
  const { items } = (await (await scene.fetch('/v1/approvals', scene.keys.admin)).json()) as { items: unknown[] };
  assert.deepEqual(items, []);
});

test('an agent with a sidecar of its own is not replayed: it would call past the hub', async () => {
  scene.does('1.0', twoTools);
  const { call } = await scene.ask({ id: 7 });
  const { token } = (await (
    await scene.fetch('/v1/tokens', scene.keys.admin, { role: 'sidecar', agent: 'triage' })
  ).json()) as { token: string };
  const sidecar = await startSidecar({
    ...{ host: '127.0.0.1', port: 0, level: 'error', log: () => {}, allowPrivateEgress: true },
    ...{ dir: join(dir, 'sidecar'), hubUrl: scene.hub.url, token, agentUrl: null, agentVersion: '1.0' },
  });
  try {
    const before = { ...scene.reached };
    const ran = await scene.run('request', 'replay', call, '--against', 'scripted');
    assert.equal(ran.exit, 2);
    assert.match(ran.stderr, /agent `triage` calls through sidecar `\S+`, past this hub/);
    const told = (await (await scene.fetch('/v1/replays:check', scene.keys.admin, { request: call })).json()) as {
      readonly problem: string | null;
      readonly missing: readonly string[];
    };
    assert.match(told.problem ?? '', /past this hub/);
    assert.deepEqual([told.missing, scene.reached], [[], before]);
  } finally {
    await sidecar.stop(false);
  }
});
