import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call, Constraints, Reply } from '../contract/index.ts';
import { type Handler, Permit } from '../kernel/index.ts';
import { payloads } from './payloads.ts';

const bytes = (text: string) => ({ kind: 'bytes', bytes: new TextEncoder().encode(text) }) as const;

const callOf = (given: Partial<Call> = {}): Call =>
  ({
    id: 'c'.repeat(32),
    trace: { trace: 't'.repeat(32), sampled: true },
    principal: { kind: 'agent', tenant: 'default', id: 'concierge', domain: 'front', roles: [] },
    target: { kind: 'tool', name: 'till', operation: 'pay' },
    contentType: 'application/json',
    body: bytes('{"cents":5}'),
    ...given,
  }) as Call;

const REPLY = {
  outcome: 'ok',
  status: 200,
  contentType: 'application/json',
  body: bytes('{"paid":true}'),
} as unknown as Reply;

const logged = async (constraints: Constraints, call = callOf(), reply = REPLY) => {
  const records: Readonly<Record<string, unknown>>[] = [];
  Permit.grant(call, { effect: 'allow', constraints, determining: [], missing: [], errors: [] } as never);
  const handler: Handler = async () => reply;
  await payloads((_, message, fields) => records.push({ message, ...fields }))(handler)(call, {} as never);
  return records;
};

test('without a rule that says so no payload is written down, and none for a digest', async () => {
  for (const constraints of [{}, { logPayload: 'none' }, { logPayload: 'hash-only' }] as const)
    assert.deepEqual(await logged(constraints), []);
});

test('with one, both payloads are, and what they are about', async () => {
  const [request, reply] = await logged({ logPayload: 'full' });
  assert.deepEqual([request?.['payload'], reply?.['payload']], ['{"cents":5}', '{"paid":true}']);
  assert.deepEqual(
    [request?.['call_id'], request?.['agent'], request?.['domain'], request?.['target'], reply?.['http_status']],
    ['c'.repeat(32), 'concierge', 'front', 'tool/till/pay', 200],
  );
});

test('of what is long the beginning is kept, and what is no text or a stream only says so', async () => {
  const long = callOf({ body: bytes(`"${'x'.repeat(100_000)}"`) });
  const [request, reply] = await logged({ logPayload: 'full' }, long, {
    ...REPLY,
    body: { kind: 'stream', chunks: (async function* () {})() },
  });
  assert.equal(String(request?.['payload']).length, 4_096);
  assert.deepEqual([request?.['bytes'], request?.['payload_kept']], [100_002, 'the first 4096 characters']);
  assert.deepEqual([reply?.['payload'], reply?.['payload_kept']], [undefined, 'no: it was streamed']);
  const picture = callOf({ contentType: 'image/png' });
  assert.deepEqual((await logged({ logPayload: 'full' }, picture))[0]?.['payload'], undefined);
});
