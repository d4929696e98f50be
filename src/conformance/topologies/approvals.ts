/** The promises about people in the way of a call: nothing runs before they said yes, and then exactly that, once, in every topology. */
import assert from 'node:assert/strict';
import { type Bench, type Case, factsOf, JSON_BODY, until } from './bench.ts';
import type { Answer, PersonName } from './deployment.ts';
import { bundle, POLICY, SHUT_POLICY } from './fixture.ts';

type Json = Record<string, unknown>;

/** Calls are held at the hub at the top, which knows who people are: by the key that an agent has there. */
const holding = (bench: Bench, operation: string, body: string, headers: Record<string, string> = {}) =>
  bench.call({ caller: 'alice', atHub: true, operation, body, headers: { ...JSON_BODY, ...headers } });

const held = async (bench: Bench, ...asked: [operation: string, body: string, headers?: Record<string, string>]) => {
  const answer = await holding(bench, ...asked);
  const handle = await answer.json();
  assert.deepEqual([answer.status, handle['state']], [202, 'held'], JSON.stringify(handle));
  return String(handle['id']);
};

const look = async (bench: Bench, id: string, as: PersonName = 'ann'): Promise<Json> =>
  (await bench.ask(`/v1/approvals/${id}`, { as })).json();

const vote = async (bench: Bench, id: string, verdict: 'approve' | 'deny', as: PersonName, more = {}) => {
  const { digest } = await look(bench, id);
  return bench.ask(`/v1/approvals/${id}:${verdict}`, { as, body: { digest, comment: 'as agreed', ...more } });
};

const voted = async (...asked: Parameters<typeof vote>): Promise<void> => {
  const answer = await vote(...asked);
  assert.equal(answer.status, 200, Buffer.from(await answer.bytes()).toString());
};

const stateOf = async (bench: Bench, id: string): Promise<Json> => (await bench.own('alice', `/v1/calls/${id}`)).json();

const ENDED: ReadonlySet<unknown> = new Set(['done', 'cancelled', 'unknown']);

/** Resolves with the reply of a call that is over. */
const over = async (bench: Bench, id: string): Promise<Answer> => {
  await until(async () => ENDED.has((await stateOf(bench, id))['state']));
  return bench.own('alice', `/v1/calls/${id}/reply`);
};

const bodies = (bench: Bench): readonly string[] => bench.ran().map(({ body }) => body);

export const APPROVAL_PROMISES: readonly Case[] = [
  {
    promise:
      'a held call reaches nobody until somebody says yes, then runs once with exactly its bytes, and its reply is kept',
    check: async (bench) => {
      const body = '{ "for": "lunch",  "cents": 12 }';
      const id = await held(bench, 'guarded', body);
      assert.deepEqual(bench.ran(), [], 'nothing may reach an agent');
      const again = await held(bench, 'guarded', body);
      assert.equal(again, id, 'the same request is the same call while people think');
      await voted(bench, id, 'approve', 'ann');
      const reply = await over(bench, id);
      assert.deepEqual([reply.status, Buffer.from(await reply.bytes()).toString()], [200, body]);
      assert.deepEqual(bodies(bench), [body]);
    },
  },
  {
    promise: 'a no ends a held call, and the same request is refused without asking anybody again',
    check: async (bench) => {
      const id = await held(bench, 'guarded', '{"no":1}');
      await voted(bench, id, 'deny', 'ann');
      const reply = await over(bench, id);
      assert.equal(reply.status, 403, Buffer.from(await reply.bytes()).toString());
      const again = await holding(bench, 'guarded', '{"no":1}');
      assert.deepEqual([again.status, factsOf(await again.json())['code']], [403, 'APPROVAL_DENIED']);
      assert.deepEqual(bench.ran(), []);
    },
  },
  {
    promise: 'no answer in time is a no',
    check: async (bench) => {
      const id = await held(bench, 'brief', '{"late":1}');
      const reply = await over(bench, id);
      assert.equal(reply.status, 403, Buffer.from(await reply.bytes()).toString());
      const again = await holding(bench, 'brief', '{"late":1}');
      assert.deepEqual([again.status, factsOf(await again.json())['code']], [403, 'APPROVAL_EXPIRED']);
      assert.deepEqual(bench.ran(), []);
    },
  },
  {
    promise: 'where two must say yes, one person has one vote, and who made the key of the caller has none',
    check: async (bench) => {
      const id = await held(bench, 'vault', '{"two":1}');
      const own = await vote(bench, id, 'approve', 'admin');
      assert.equal(own.status, 403, Buffer.from(await own.bytes()).toString());
      await voted(bench, id, 'approve', 'ann');
      await vote(bench, id, 'approve', 'ann');
      assert.equal((await look(bench, id))['state'], 'pending');
      assert.deepEqual(bench.ran(), []);
      await voted(bench, id, 'approve', 'ben');
      assert.equal((await over(bench, id)).status, 200);
      assert.deepEqual(bodies(bench), ['{"two":1}']);
    },
  },
  {
    promise: 'what somebody changed is what runs, after the word of somebody else about exactly that',
    check: async (bench) => {
      const id = await held(bench, 'guarded', '{"cents":900}');
      const { digest } = await look(bench, id);
      const edited = await bench.ask(`/v1/approvals/${id}:edit`, { as: 'ann', body: { digest, body: '{"cents":5}' } });
      assert.equal(edited.status, 200, Buffer.from(await edited.bytes()).toString());
      const stale = await vote(bench, id, 'approve', 'ben', { digest });
      assert.ok(stale.status >= 400, 'a vote about other bytes is none');
      const own = await vote(bench, id, 'approve', 'ann');
      assert.ok(own.status >= 400, 'an author has no vote');
      assert.deepEqual(bench.ran(), []);
      await voted(bench, id, 'approve', 'ben');
      assert.equal((await over(bench, id)).status, 200);
      assert.deepEqual(bodies(bench), ['{"cents":5}']);
    },
  },
  {
    promise: 'what policy forbids by the time of the last yes does not run',
    check: async (bench) => {
      const id = await held(bench, 'vault', '{"shut":1}');
      await voted(bench, id, 'approve', 'ann');
      await bench.deployment.apply([bundle(SHUT_POLICY)]);
      try {
        await vote(bench, id, 'approve', 'ben');
        const reply = await over(bench, id);
        assert.equal(reply.status, 403, Buffer.from(await reply.bytes()).toString());
        assert.deepEqual(bench.ran(), []);
      } finally {
        await bench.deployment.apply([bundle(POLICY)]);
      }
    },
  },
  {
    promise: 'an idempotency key on a held call is for its bytes, and is told the answer when there is one',
    check: async (bench) => {
      const key = { 'idempotency-key': 'held-once' };
      const id = await held(bench, 'guarded', '{"key":1}', key);
      const other = await holding(bench, 'guarded', '{"key":2}', key);
      assert.deepEqual([other.status, (await other.json())['code']], [422, 'idempotency_mismatch']);
      await voted(bench, id, 'approve', 'ann');
      await over(bench, id);
      const again = await holding(bench, 'guarded', '{"key":1}', key);
      assert.deepEqual([again.status, Buffer.from(await again.bytes()).toString()], [200, '{"key":1}']);
      assert.deepEqual(bodies(bench), ['{"key":1}']);
    },
  },
  {
    promise: 'nobody but its caller sees a held call, and only people vote',
    check: async (bench) => {
      const id = await held(bench, 'guarded', '{"mine":1}');
      assert.equal((await bench.own('mallory', `/v1/calls/${id}`)).status, 404);
      const { digest } = await look(bench, id);
      const voice = await bench.own('mallory', `/v1/approvals/${id}:approve`, { digest });
      assert.ok(voice.status >= 400, `an agent voted: ${voice.status}`);
      await voted(bench, id, 'deny', 'ann');
      assert.deepEqual(bench.ran(), []);
    },
  },
  {
    promise: 'where a call enters and people cannot be asked, it is refused and says where they can',
    check: async (bench) => {
      const answer = await bench.call({
        caller: 'alice',
        operation: 'guarded',
        body: '{"where":1}',
        headers: JSON_BODY,
      });
      const said = await answer.json();
      assert.deepEqual(bench.ran(), []);
      if (answer.status === 202) {
        await voted(bench, String(said['id']), 'deny', 'ann');
        return;
      }
      assert.equal(said['code'], 'approval_required', JSON.stringify(said));
      assert.match(String(said['detail']), /http:\/\/|hub/);
    },
  },
];
