import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { Fault, type KeptOutcome, type Principal, type SaidOutcome } from '../../contract/index.ts';
import { systemWorld } from '../../kernel/index.ts';
import { type Listener, listen } from '../index.ts';
import { outcomesDoor } from './index.ts';

const TRACE = 'a'.repeat(32);
const SPAN = 'b'.repeat(16);
const GOOD = { trace: TRACE, task: 'refund', result: 'completed' };

let listener: Listener;
let said: (readonly [Principal, SaidOutcome])[] = [];
let isRepeated = false;

before(async () => {
  const door = outcomesDoor({
    random: () => 0,
    identify: async (credential) => {
      const id = credential.kind === 'bearer' ? credential.token : '';
      if (id === 'narrow') throw new Fault('denied', 'the key has no scope `call`');
      if (id !== 'worker') throw new Fault('unauthenticated', 'no valid credential came with this request');
      return { kind: 'agent', tenant: 'default', id, roles: [] };
    },
    say: async (principal, one): Promise<KeptOutcome> => {
      said.push([principal, one]);
      return { trace: TRACE, ...one.outcome, isRepeated };
    },
  });
  listener = await listen({ host: '127.0.0.1', port: 0, doors: [door], clock: systemWorld().clock });
});
after(() => listener.close(false));
beforeEach(() => {
  said = [];
  isRepeated = false;
});

const post = (
  body: string | object,
  headers: Readonly<Record<string, string>> = {},
  method = 'POST',
): Promise<Response> =>
  fetch(`${listener.url}/v1/outcomes`, {
    method,
    headers: { 'content-type': 'application/json', authorization: 'Bearer worker', ...headers },
    ...(method === 'POST' ? { body: typeof body === 'string' ? body : JSON.stringify(body) } : {}),
  });

test('an outcome is taken from whoever the key says, 201 when it is new and 200 when it was said before', async () => {
  const first = await post({ ...GOOD, score: 0.5, note: 'half' });
  assert.equal(first.status, 201);
  assert.deepEqual(await first.json(), { ...GOOD, score: 0.5, repeated: false });
  isRepeated = true;
  assert.equal((await post(GOOD)).status, 200);
  assert.deepEqual(said[0], [
    { kind: 'agent', tenant: 'default', id: 'worker', roles: [] },
    { subject: { trace: TRACE }, outcome: { task: 'refund', result: 'completed', score: 0.5 }, note: 'half' },
  ]);
});

test('said inside of a call of the same trace it hangs below that call', async () => {
  await post(GOOD, { traceparent: `00-${TRACE}-${SPAN}-01` });
  await post(GOOD, { traceparent: `00-${'e'.repeat(32)}-${SPAN}-01` });
  assert.deepEqual(
    said.map(([, { subject }]) => subject),
    [{ trace: TRACE, parentSpan: SPAN }, { trace: TRACE }],
  );
});

test('each wrong word is named, with what to say instead', async () => {
  const cases: readonly (readonly [string | object, RegExp])[] = [
    ['{', /no JSON|JSON/],
    ['{"task":"a","task":"b"}', /twice|repeat|`task`/],
    ['[]', /must be an object/],
    [{ ...GOOD, reslut: 'x' }, /`reslut` is not a field of an outcome; there are trace, call, session, task/],
    [{ task: 'refund', result: 'completed' }, /one of `trace`, `call` and `session`$/],
    [{ ...GOOD, session: 's' }, /one of `trace`, `call` and `session`, and not trace and session/],
    [{ ...GOOD, trace: 'abc' }, /`trace` must be 32 lower-case hex digits: replies carry it in `airspace-trace-id`/],
    [{ ...GOOD, trace: '0'.repeat(32) }, /`trace` must be/],
    [{ task: 'a', result: 'failed', call: 7 }, /`call` must be .* `airspace-call-id`/],
    [{ task: 'a', result: 'failed', session: 'a b' }, /`session` must be .* visible ASCII/],
    [{ trace: TRACE, result: 'completed' }, /`task` must name what was to be done/],
    [{ ...GOOD, task: ' refund' }, /`task`/],
    [{ ...GOOD, task: 'x'.repeat(101) }, /1 to 100 characters/],
    [{ ...GOOD, task: 'a\nb' }, /`task`/],
    [{ ...GOOD, task: 'a\u202eb' }, /`task`/],
    [{ trace: TRACE, task: 'a' }, /`result` must be one of completed, escalated, abandoned, failed/],
    [{ ...GOOD, result: 'done' }, /`result` must be one of/],
    [{ ...GOOD, score: 1.1 }, /`score` must be a number from 0 to 1/],
    [{ ...GOOD, score: '1' }, /`score`/],
    [`{"trace":"${TRACE}","task":"a","result":"failed","score":1e999}`, /`score`|number/],
    [{ ...GOOD, note: 'x'.repeat(1_001) }, /`note` must be a text of at most 1000 characters/],
    [{ ...GOOD, note: 7 }, /`note`/],
  ];
  for (const [body, words] of cases) {
    const response = await post(body);
    const { code, detail } = (await response.json()) as { code: string; detail: string };
    assert.deepEqual([response.status, code], [400, 'bad_request'], JSON.stringify(body));
    assert.match(detail, words);
  }
  assert.equal(said.length, 0);
});

test('who is not known, is a node, or sends something else says nothing', async () => {
  const cases: readonly (readonly [Readonly<Record<string, string>>, number, string?])[] = [
    [{ authorization: '' }, 401],
    [{ authorization: 'Bearer nobody' }, 401],
    [{ authorization: 'Bearer narrow' }, 403],
    [{ authorization: 'Airspace-Node x.y' }, 400],
    [{ 'content-type': 'text/plain' }, 400],
    [{ 'content-encoding': 'gzip' }, 400],
    [{}, 405, 'GET'],
  ];
  for (const [headers, status, method] of cases)
    assert.equal((await post(GOOD, headers, method)).status, status, JSON.stringify(headers));
  assert.equal((await post({ ...GOOD, note: 'x'.repeat(20_000) })).status, 413);
  assert.equal(said.length, 0);
});
