/** What people ask a control plane in the morning, each by one command against a hub that has really seen it happen. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { line } from '../../src/cli/testing/line.ts';
import type { CallEvent, Comparison, ReplayReport } from '../../src/contract/index.ts';
import { type Scene, startScene } from './scene.ts';

let scene: Scene;
before(async () => {
  scene = await startScene();
});
after(() => scene?.[Symbol.asyncDispose]());

const answered = async (...argv: string[]): Promise<string> => {
  const { exit, stdout, stderr } = await scene.run(...argv);
  assert.equal(exit, 0, `${argv.join(' ')}: ${stderr}`);
  return stdout;
};

const items = async <T>(...argv: string[]): Promise<readonly T[]> =>
  (JSON.parse(await answered(...argv, '-o', 'json')) as { items: T[] }).items;

test('which agent made this call: its caller, through whom it came, and its page', async () => {
  const { events } = JSON.parse(await answered('trace', scene.calls.help, '-o', 'json')) as { events: CallEvent[] };
  const chat = events.find(({ target }) => target.name === 'small')!;
  const text = await answered('describe', 'call', chat.callId);
  assert.match(text, /^made by {6}agent\/search of tenant default$/m);
  assert.match(text, /^came through agent\/desk → agent\/concierge\/help → agent\/search\/find$/m);
  assert.match(text, /^tokens {7}400 in, 100 out$/m);
  assert.ok(text.includes(`${scene.url}/ui/requests/${chat.callId}`));
  for (const command of ['trace', 'why'])
    assert.match(await answered(command, scene.calls.help), /^ui http:.*\/ui\/requests\/[0-9a-f]{32}$/m);
});

test('why did it take so long: what its end waited for, work and waiting apart', async () => {
  const held = JSON.parse(await answered('trace', scene.calls.held, '--critical-path', '-o', 'json'));
  const { totalMs, activeMs, waitingMs, pieces } = held.criticalPath as {
    totalMs: number;
    activeMs: number;
    waitingMs: number;
    pieces: { fromMs: number; toMs: number; isWaiting: boolean; what: string }[];
  };
  assert.ok(Math.abs(totalMs - activeMs - waitingMs) < 0.001);
  const people = pieces.filter(({ what }) => what === 'people, about agent/refunds/issue');
  assert.ok(people.length > 0 && people.every(({ isWaiting }) => isWaiting));
  for (const [at, { fromMs }] of pieces.entries()) if (at > 0) assert.equal(fromMs, pieces[at - 1]!.toMs);
  const text = await answered('trace', scene.calls.help, '--critical-path');
  assert.match(text, /^critical path {2}\S+: \S+ active, \S+ waiting$/m);
  assert.match(text, / active +model\/small\/chat /);
});

test('which agent uses most tokens: the one that calls the model, and not the one that called it', async () => {
  const agents = await items<{ name: string; inputTokens: number }>(
    'top',
    'agents',
    '--sort',
    'tokens',
    '--since',
    '1h',
  );
  assert.deepEqual([agents[0]?.name, agents[0]?.inputTokens, agents[1]?.inputTokens], ['agent/search', 400, 0]);
});

test('why did it fail: the attempt that did, what it answered, and whether it ran', async () => {
  const text = await answered('why', scene.calls.failed);
  assert.match(text, /attempt +1: failed 500 at payments@/);
  assert.match(text, /tool\/payments\/charge ran it and answered with an error/);
  assert.match(await answered('why', scene.calls.denied), /NO_WIPE .*by org\/no-wipe/);
});

test('which agents are bottlenecks: by waiting, by p99 and by queue, and the measure is said', async () => {
  for (const [sort, said] of [
    ['waiting', /waited before their last try/],
    ['p99', /99 of 100 calls/],
    ['queue', /under way at once/],
  ] as const) {
    const { exit, stdout, stderr } = await scene.run('top', 'agents', '--sort', sort);
    assert.equal(exit, 0);
    assert.match(stderr, said);
    assert.match(stderr, /agents, as called/);
    assert.match(stdout, /^AGENT +CALLS/);
    assert.doesNotMatch(stdout, /agent\/desk/, 'nobody calls it');
  }
  const slow = await items<{ name: string }>('top', 'agents', '--sort', 'p99');
  assert.equal(slow[0]?.name, 'agent/concierge', 'all that it waits for is in its own time');
});

test('which operations cost most: the model, in all of it', async () => {
  const operations = await items<{ name: string; costMicros: number }>('top', 'operations', '--sort', 'cost');
  assert.equal(operations[0]?.name, 'model/small/chat');
  assert.ok(operations[0].costMicros > 0 && operations.slice(1).every(({ costMicros }) => costMicros === 0));
  assert.equal((await scene.run('top', 'wishes')).exit, 2);
  assert.equal((await scene.run('top', 'agents', '--since', 'soon')).exit, 2);
});

test('what do nodes say: by agent, labels, level, call and field; what came from a sidecar too', async () => {
  const messages = async (...argv: string[]): Promise<readonly string[]> =>
    (await items<{ node: string; message: string }>('logs', ...argv)).map(({ message }) => message);
  assert.deepEqual(await messages('refunds'), ['payload of the call', 'payload of the reply']);
  assert.deepEqual(await messages('search'), ['call denied']);
  assert.deepEqual(await messages('-l', 'tier=gold'), ['call denied']);
  assert.deepEqual(await messages('--request', scene.calls.failed.slice(0, 8)), ['call failed']);
  assert.deepEqual(await messages('--grep', 'target=payments'), ['call failed']);
  assert.deepEqual(await messages('desk'), ['sidecar is up']);
  assert.deepEqual(await messages('--node', scene.sidecar.id, '--level', 'warn'), []);
  assert.deepEqual(await messages('--until', '1h'), []);
  for (const wrong of [
    ['-l', 'tier=lead'],
    ['--since', 'now'],
    ['-f', '--until', '1h'],
    ['--limit', '5000'],
  ])
    assert.equal((await scene.run('logs', ...wrong)).exit, 2, wrong.join(' '));
  const text = await answered('logs', '--level', 'warn');
  assert.match(text, /^\S+Z warn {2}hub-\S+ {2}call failed {2}call=[0-9a-f]{8} .*http_status=500/m);
});

test('payloads are in the logs where a limit says so, and what it takes out never was', async () => {
  const all = await answered('logs', '-o', 'jsonl', '--limit', '1000');
  const kept = all.split('\n').filter((one) => one.includes('"payload":'));
  assert.deepEqual(
    kept.map((one) => JSON.parse(one).payload),
    ['{"cents":900,"card":"[redacted]"}', '{"issued":true,"account":"[redacted]"}'],
  );
  assert.doesNotMatch(all, /secret-/);
});

test('would it be decided so again: each decision of a request beside that of another policy', async () => {
  const now = JSON.parse(await answered('request', 'replay', scene.calls.help, '-o', 'json')) as ReplayReport;
  assert.deepEqual([now.calls?.length, now.flips, now.unknown], [3, 0, 0]);
  const file = join(scene.dir, 'strict.yaml');
  const rule = '@id("together") @reason("r") permit (principal, action, resource);';
  const no =
    '@id("no-models") @reason("too dear") @code("DEAR") forbid (principal, action == Action::"model/small/chat", resource);';
  await writeFile(
    file,
    `apiVersion: airspace.dev/v1\nkind: PolicyBundle\nmetadata: { name: org }\nspec:\n  level: org\n  policies:\n    text: |\n      ${rule}\n      ${no}\n`,
  );
  const { exit, stdout, stderr } = await scene.run('request', 'replay', scene.calls.help, '-f', file, '--compare');
  assert.equal(exit, 1, stderr);
  assert.match(stdout, /agent\/search +model\/small\/chat +allow +org\/together +deny ! +org\/no-models/);
  assert.match(stderr, /1 come out otherwise/);
  assert.match(stderr, /nothing was sent/);
  assert.match(stderr, /2 of 3 calls: not kept here: only of calls that change something/);
  const held = await scene.run('request', 'replay', scene.calls.held, '-o', 'wide');
  assert.match(held.stdout, /require_approval +org\/refunds-need-a-person .* 200, \d+ bytes/);
  assert.match(held.stderr, /1 of 1 calls: the answer is kept here/);
  assert.equal((await scene.run('request', 'replay', 'ffffffff')).exit, 4);
  assert.equal((await scene.run('request', 'replay', 'one')).exit, 2);
});

test('what is different between two requests: tree by tree', async () => {
  const same = await scene.run('trace', 'diff', scene.calls.help, scene.calls.help);
  assert.equal(same.exit, 0, same.stderr);
  const other = await scene.run('trace', 'diff', scene.calls.help, scene.calls.failed, '-o', 'json');
  assert.equal(other.exit, 1);
  const { rows } = JSON.parse(other.stdout) as Comparison;
  assert.deepEqual(
    rows.map(({ a, b }) => [a?.target, b?.target]),
    [
      ['agent/concierge/help', undefined],
      ['agent/search/find', undefined],
      ['model/small/chat', undefined],
      [undefined, 'tool/payments/charge'],
    ],
  );
});

/** Last: the hub ends with it. */
test('what did this agent do: a dossier that is checked without the hub, and every touch of it is seen', async () => {
  const dossier = await answered('audit', 'export', '--agent', 'concierge', '--since', '24h');
  const lines = dossier.trimEnd().split('\n');
  const of = (type: string): readonly Record<string, unknown>[] =>
    lines.map((one) => JSON.parse(one)).filter((one) => one.type === type);
  assert.deepEqual(
    of('call').map(({ target, status }) => `${target} ${status}`),
    [
      'agent/concierge/help ok',
      'agent/search/find ok',
      'tool/payments/charge failed',
      'agent/search/wipe denied',
      'agent/refunds/issue ok',
    ],
  );
  assert.match(JSON.stringify(of('approval')[0]?.['votes']), /"ann".*it is theirs/);
  const kinds = of('record').map(({ isOwn, record }) => `${isOwn} ${(record as { kind: string }).kind}`);
  assert.ok(
    kinds.includes('true call.sent') && kinds.includes('true call.refused') && kinds.includes('false call.sent'),
  );
  const signer = (await answered('audit', 'key')).trim();
  await scene.stopHub();

  const verified = async (text: string, ...more: string[]): Promise<readonly [number, string]> => {
    const path = join(scene.dir, 'dossier.jsonl');
    await writeFile(path, text);
    const { exit, stdout } = await line(['audit', 'verify', '--file', path, '--signer', signer, ...more]);
    return [exit, stdout];
  };
  const elsewhere = ['--checkpoints', scene.checkpoints];
  const [exit, said] = await verified(dossier, ...elsewhere);
  assert.equal(exit, 0, said);
  assert.match(said, /^ok {4}\d+ records about agent\/concierge in the chain of the hub/m);
  assert.match(said, /^ok {4}up to record \d+ checkpoints from elsewhere say the same$/m);

  const at = lines.findIndex((one) => one.includes('"kind":"call.sent"'));
  const changed = lines.with(at, lines[at]!.replace('agent/', 'agent/x'));
  const touched: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['a line is changed', changed, /BAD +a line is not as it was written/],
    ['the end is missing', lines.slice(0, -1), /BAD +it is cut/],
    ['a line is gone', lines.toSpliced(at, 1), /BAD +it had \d+ lines/],
    ['a record is changed, and the end written anew', await resealed(changed), /BAD +changed at record/],
    [
      'a record is gone, and the end written anew',
      await resealed(lines.toSpliced(at, 1)),
      /BAD +(missing|spliced) at record/,
    ],
    [
      'the last records are gone, and the end written anew',
      await resealed(later(withoutLast(lines))),
      /BAD +cut at record/,
    ],
  ];
  for (const [name, text, found] of touched) {
    const [code, out] = await verified(`${text.join('\n')}\n`, ...elsewhere);
    assert.equal(code, 1, `${name}: ${out}`);
    assert.match(out, found, name);
  }
});

/** As somebody does who knows how it ends. */
const resealed = async (lines: readonly string[]): Promise<readonly string[]> => {
  const { DossierWriter } = await import('../../src/cli/dossier/lines.ts');
  const written: string[] = [];
  const writer = new DossierWriter((one) => written.push(one));
  for (const one of lines) if (!one.startsWith('{"type":"end"')) writer.add(JSON.parse(one));
  writer.end();
  return written;
};

const withoutLast = (lines: readonly string[]): readonly string[] => {
  const last = lines.findLastIndex((one) => one.startsWith('{"type":"record"'));
  return lines.toSpliced(last - 1, 2);
};

/** Made after the checkpoint, as it says. */
const later = (lines: readonly string[]): readonly string[] =>
  lines.map((one) => one.replace(/"madeAtMs":\d+/, `"madeAtMs":${Date.now() + 60_000}`));
