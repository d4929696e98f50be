import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call } from '../contract/index.ts';
import { loopbackReply } from '../kernel/index.ts';
import { termsOf } from './accounts.ts';
import { budget, faultOf, setUp } from './fixture.ts';

const PAUSING = budget({ limit: 1, hard: 'pause' });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a call that waits for room goes on when the limit is raised', async () => {
  const { send, apply, treasury, ran } = setUp({ budgets: [PAUSING] });
  await send();
  const waiting = [send(), send()];
  await turn();
  assert.deepEqual([treasury.waiting.count, ran()], [2, 1]);
  apply([{ ...PAUSING, limit: 3 }]);
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ status }) => status),
    [200, 200],
  );
  assert.equal(treasury.waiting.count, 0);
});

test('it goes on when somebody tops the account up, and when what others set aside comes back', async () => {
  const { send, ledger, treasury, world } = setUp({ budgets: [PAUSING] });
  await send();
  const waiting = send();
  await turn();
  const terms = termsOf(PAUSING, '', world.clock.wallMs());
  await ledger.credit(terms, 1);
  treasury.waiting.wake(terms.id);
  assert.equal((await waiting).status, 200);
  const gates: (() => void)[] = [];
  const shared = setUp({
    budgets: [PAUSING],
    script: async (_call, _scope, execute, nth) => {
      if (nth === 1) {
        await new Promise<void>((open) => gates.push(open));
        throw Object.assign(new Error('never ran'));
      }
      execute();
      return loopbackReply();
    },
  });
  const first = faultOf(shared.send());
  await turn();
  const second = shared.send();
  await turn();
  assert.equal(shared.treasury.waiting.count, 1);
  await shared.ledger.credit(termsOf(PAUSING, '', shared.world.clock.wallMs()), 1);
  gates[0]!();
  await first;
  assert.equal((await second).status, 200);
});

test('it goes on in the next window, and not beyond its own deadline', async () => {
  const minutely = { ...PAUSING, window: { every: 'minute', timezone: 'UTC' } as const };
  const { send, world, books } = setUp({ budgets: [minutely] });
  await world.run(45_000);
  await send();
  const waiting = send();
  await world.run(61_000);
  assert.equal((await waiting).status, 200);
  const late = faultOf(send());
  await world.run(95_000);
  const fault = await late;
  assert.equal(fault.executed, 'no');
  assert.deepEqual(await books(), { cap: [1, 0] });
});

test('a pause that becomes a refusal lets those go who wait', async () => {
  const { send, apply } = setUp({ budgets: [PAUSING] });
  await send();
  const waiting = faultOf(send());
  await turn();
  apply([{ ...PAUSING, hard: 'refuse' }]);
  const again = faultOf(send());
  assert.equal((await again).code, 'budget_exhausted');
  apply([{ ...PAUSING, hard: 'refuse' }]);
  assert.equal((await waiting).code, 'budget_exhausted');
});

test('a detached call waits beyond any deadline, stays accepted, and runs when there is room', async () => {
  const { send, apply, stores, world, ran } = setUp({ budgets: [PAUSING] });
  await send();
  const principal = { kind: 'agent', tenant: 'acme', id: 'caller', roles: [] } as const;
  const detached: Partial<Call> = { detach: true, principal, credential: { kind: 'known', principal } };
  const accepted = await send(detached);
  assert.equal(accepted.status, 202);
  await world.run(10 * 60_000);
  const [open] = await stores.calls.open();
  assert.equal(open?.state, 'accepted');
  assert.equal(ran(), 1);
  apply([{ ...PAUSING, limit: 2 }]);
  await world.run(11 * 60_000);
  assert.equal((await stores.calls.get('acme', open!.id))?.state, 'done');
  assert.equal(ran(), 2);
});
