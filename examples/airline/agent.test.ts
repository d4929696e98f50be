import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readLedger, sha256 } from './ledger.ts';
import { sampleTables } from './sample.ts';
import { type RunningDesk, spawnDesk } from './spawn.ts';

let dir: string;
let desk: RunningDesk;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'airline-'));
  for (const [name, table] of Object.entries(sampleTables)) {
    writeFileSync(join(dir, `${name}.json`), JSON.stringify(table));
  }
  desk = await spawnDesk({ data: dir, ledger: join(dir, 'ledger.jsonl') });
});

after(async () => {
  assert.equal(await desk.stop(), 0);
  await rm(dir, { recursive: true });
});

const post = (
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string>,
): Promise<Response> => fetch(`${desk.url}/${path}`, { method: 'POST', body, headers });

const inSession = (session: string) => ({ 'airspace-session': session });

test('an object is JSON, a sentence is text, and a no is an answer', async () => {
  const shown = await post('get_user_details', '{"user_id": "tove_brandt_1"}', inSession('types'));
  assert.deepEqual([shown.status, shown.headers.get('content-type')], [200, 'application/json']);
  assert.match(await shown.text(), /"city": "\\u00c5rhus"/);
  const sum = await post('calculate', '{"expression": "2 + 3"}', inSession('types'));
  assert.deepEqual([sum.headers.get('content-type'), await sum.text()], ['text/plain; charset=utf-8', '5.0']);
  const no = await post('get_user_details', '{"user_id": "nobody"}', inSession('types'));
  assert.deepEqual([no.status, await no.text()], [200, 'Error: user not found']);
});

test('each session has its own database, which lasts from call to call', async () => {
  const certificate = async (session: string): Promise<string> =>
    (await post('send_certificate', '{"user_id": "tove_brandt_1", "amount": 50}', inSession(session))).text();
  assert.match(await certificate('own-a'), /certificate_3221322/);
  assert.match(await certificate('own-a'), /certificate_3221323/);
  assert.match(await certificate('own-b'), /certificate_3221322/);
});

test('the ledger has one line per execution, there before the reply is', async () => {
  const body = '{ "thought": "hm" }';
  const headers = { ...inSession('ledger'), 'airspace-call-id': 'call-7', 'idempotency-key': 'key-7' };
  const before = desk.ledger().length;
  await post('think', body, headers);
  assert.deepEqual(desk.ledger().slice(before), [
    {
      seq: before + 1,
      session: 'ledger',
      callId: 'call-7',
      idempotencyKey: 'key-7',
      operation: 'think',
      argsSha256: sha256(body),
      replySha256: sha256(''),
    },
  ]);
  await post('think', body, headers);
  assert.equal(desk.ledger().length, before + 2, 'a repeated key is executed again, and shows');
});

const latin1 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text, 'latin1'));

const bad: readonly (readonly [string, string, string | Uint8Array<ArrayBuffer>, Record<string, string>, number])[] = [
  ['an unknown tool', 'drop_database', '{}', inSession('bad'), 404],
  ['a tool of Object', 'constructor', '{}', inSession('bad'), 404],
  ['a path that is not a tool', 'think/x', '{"thought": ""}', inSession('bad'), 404],
  ['no session', 'think', '{"thought": ""}', {}, 400],
  ['a session that is too long', 'think', '{"thought": ""}', inSession('s'.repeat(201)), 400],
  ['no body', 'think', '', inSession('bad'), 400],
  ['a body that is not JSON', 'think', '{"thought": ', inSession('bad'), 400],
  ['a body that is not UTF-8', 'think', latin1('{"thought": "Århus"}'), inSession('bad'), 400],
  ['a body that is no object', 'think', '[]', inSession('bad'), 400],
  ['a missing argument', 'get_user_details', '{}', inSession('bad'), 400],
  ['an argument of another type', 'get_user_details', '{"user_id": 1}', inSession('bad'), 400],
  ['an argument that the tool does not have', 'think', '{"thought": "", "aloud": true}', inSession('bad'), 400],
  ['nesting without end', 'think', '['.repeat(500_000), inSession('bad'), 400],
  ['a body that is too large', 'think', `{"thought": "${'x'.repeat(1_100_000)}"}`, inSession('bad'), 413],
];

for (const [what, path, body, headers, status] of bad) {
  test(`${what} is refused with ${status}, executes nothing, and the desk lives on`, async () => {
    const before = desk.ledger().length;
    const response = await post(path, body, headers);
    assert.deepEqual([response.status, response.headers.get('content-type')], [status, 'application/problem+json']);
    const problem = (await response.json()) as { status: number; detail: string };
    assert.equal(problem.status, status);
    assert.ok(problem.detail.length > 10);
    assert.equal(desk.ledger().length, before);
    assert.equal((await fetch(`${desk.url}/healthz`)).status, 200);
  });
}

test('only POST reaches a tool', async () => {
  const response = await fetch(`${desk.url}/think`);
  assert.deepEqual([response.status, response.headers.get('allow')], [405, 'POST']);
});

test('a caller that hangs up in the middle of its body costs nothing', async () => {
  const before = desk.ledger().length;
  const socket = connect(Number(new URL(desk.url).port), '127.0.0.1');
  const closed = new Promise((done) => socket.once('close', done));
  const head = 'POST /think HTTP/1.1\r\nhost: desk\r\nairspace-session: gone\r\ncontent-length: 100\r\n\r\n{"thou';
  socket.write(head, () => socket.destroy());
  await closed;
  assert.equal((await fetch(`${desk.url}/healthz`)).status, 200);
  assert.equal(desk.ledger().length, before);
});

test('SIGTERM ends it with 0, and the next one goes on counting in the same ledger', async () => {
  const ledger = join(dir, 'again.jsonl');
  for (const seq of [1, 2]) {
    const again = await spawnDesk({ data: dir, ledger });
    await fetch(`${again.url}/think`, { method: 'POST', body: '{"thought": ""}', headers: inSession('again') });
    assert.equal(await again.stop(), 0);
    assert.equal(again.ledger().at(-1)?.seq, seq);
  }
});

test('a desk that cannot start says why', async () => {
  await assert.rejects(spawnDesk({ data: join(dir, 'nowhere'), ledger: join(dir, 'no.jsonl') }), /flights\.json/);
});

test('a ledger that was cut in the middle of a line is not continued', () => {
  const file = join(dir, 'cut.jsonl');
  writeFileSync(file, readFileSync(join(dir, 'ledger.jsonl'), 'utf8').slice(0, -10));
  assert.throws(() => readLedger(file), /ends in the middle of a line/);
});
