/** What a call for a capability promises in every topology: the same provider for the same caller, and never one that it may not call. */
import assert from 'node:assert/strict';
import type { Case } from './bench.ts';

/** `operation` means nothing where a capability is asked for. */
const asked = (capability: string, caller: 'alice' | 'mallory' = 'alice') =>
  ({ caller, capability, operation: '', body: '{}' }) as const;

export const CAPABILITY_PROMISES: readonly Case[] = [
  {
    promise:
      'a capability is answered by the highest version in its range that the caller may call, and the reply says by whom',
    check: async (bench) => {
      const expected: readonly (readonly [string, 'alice' | 'mallory', string])[] = [
        ['say_back@^1', 'alice', 'say_back@1.2.0; provider=agent/echo/echo'],
        ['say_back@>=1 <3', 'alice', 'say_back@2.1.0; provider=agent/echo/put'],
        ['say_back', 'alice', 'say_back@2.1.0; provider=agent/echo/put'],
        // Who has lost the right to write has only what reads.
        ['say_back', 'mallory', 'say_back@1.2.0; provider=agent/echo/echo'],
      ];
      for (const [capability, caller, provider] of expected) {
        const answer = await bench.call(asked(capability, caller));
        const text = Buffer.from(await answer.bytes()).toString();
        assert.equal(answer.headers['airspace-capability'], provider, `${capability} of ${caller}: ${text}`);
        const notes = (answer.headers['airspace-notes'] ?? '').split(', ');
        assert.equal(notes.includes('capability-without-range'), !capability.includes('@'), capability);
      }
      assert.deepEqual(
        bench.ran().map(({ operation }) => operation),
        ['echo', 'put', 'put', 'echo'],
      );
    },
  },
  {
    promise: 'the record of such a call is about its target, and says what was asked for and why it went there',
    check: async (bench) => {
      const answer = await bench.call(asked('say_back@~1.2'));
      const { hops } = bench.deployment;
      const events = await bench.deployment.events(answer.headers['airspace-call-id'] ?? '', hops);
      for (const event of events) assert.deepEqual(event.target, { kind: 'agent', name: 'echo', operation: 'echo' });
      const steps = events.flatMap((event) => event.steps.filter(({ name }) => name === 'resolve'));
      assert.equal(steps.length, 1, 'only the node where it came in chose');
      const { capability, provider, version, because } = steps[0]!.attributes;
      assert.deepEqual([capability, provider, version], ['say_back@~1.2', 'agent/echo/echo', '1.2.0']);
      assert.match(String(because), /highest version that fits/);
    },
  },
  {
    promise: 'a provider that is away is gone around, once, under a decision of its own, and is not asked first again',
    check: async (bench) => {
      const moved = await bench.call(asked('say_again@^1'));
      const present = 'say_again@1.0.0; provider=agent/present/echo';
      assert.equal(
        (moved.headers['airspace-capability'] ?? '').replace(/un(reachable|available)$/, 'away'),
        `${present}; instead-of=agent/absent/echo; because=away`,
        Buffer.from(await moved.bytes()).toString(),
      );
      const again = await bench.call(asked('say_again@^1'));
      assert.equal(again.headers['airspace-capability'], present);
      assert.deepEqual(
        bench.ran().map(({ operation }) => operation),
        ['echo', 'echo'],
      );
      const { hops } = bench.deployment;
      // Behind the node that chose, each of the two passed every other one.
      const events = await bench.deployment.events(moved.headers['airspace-call-id'] ?? '', 2 * hops - 1);
      const [chose] = events.filter(({ steps }) => steps.some(({ name }) => name === 'failover'));
      assert.equal(chose?.steps.filter(({ name }) => name === 'decide').length, 2);
      assert.equal(chose?.target.name, 'present');
    },
  },
  {
    promise: 'who asks in vain hears of the versions and the name that are there for it, and of no other',
    check: async (bench) => {
      const outside = await bench.refused(asked('say_back@^3'), 404, 'not_found');
      assert.match(String(outside['detail']), /`2\.1\.0`, `1\.2\.0`$/);
      assert.deepEqual((outside['facts'] as { versions: unknown }).versions, ['2.1.0', '1.2.0']);
      const mistyped = await bench.refused(asked('say_bakc'), 404, 'not_found');
      assert.match(String(mistyped['detail']), /did you mean `say_back`\?/);
      const hidden = await bench.refused(asked('hum_along'), 404, 'not_found');
      const nothing = await bench.refused(asked('hum_awhile'), 404, 'not_found');
      assert.equal(
        String(hidden['detail']).replace('hum_along', ''),
        String(nothing['detail']).replace('hum_awhile', ''),
        'what is there for others reads as what is not there',
      );
    },
  },
  {
    promise: 'a range that is none is refused, and nobody is asked',
    check: async (bench) => {
      for (const range of ['latest', '^^2', `1${' || 1'.repeat(200)}`, '']) {
        const problem = await bench.refused(asked(`say_back@${range}`), 400, 'bad_request');
        assert.match(String(problem['detail']), /is no range of versions; ask for `say_back@\^2`/);
      }
    },
  },
  {
    promise: 'an idempotency key runs a capability once, and is for one range of it',
    check: async (bench) => {
      const headers = { 'idempotency-key': `capability-${bench.deployment.hops}` };
      const first = await bench.call({ ...asked('say_back@^2'), headers });
      const again = await bench.call({ ...asked('say_back@^2'), headers });
      assert.deepEqual([first.status, again.status], [201, 201]);
      assert.equal(again.headers['airspace-capability'], first.headers['airspace-capability']);
      assert.equal(bench.ran().length, 1);
      const other = await bench.call({ ...asked('say_back@^1'), headers });
      assert.deepEqual([other.status, (await other.json())['code']], [422, 'idempotency_mismatch']);
      assert.equal(bench.ran().length, 1);
    },
  },
];
