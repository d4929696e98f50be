/** Those who vote on calls, and in the end say what became of those that nobody else can tell of. */
import { Fault } from '../../../contract/index.ts';
import type { Agent } from './agent.ts';
import type { Town } from './caller.ts';
import { OFFERS } from './operations.ts';
import type { Kept } from './vault.ts';

const VOTERS = ['ada', 'bob', 'cyd', 'dan'] as const;

/** Looks again and again until an instant; each time somebody votes on what waits, also who may not. */
export const votes = ({ world, random, hubs }: Town, untilMs: number): void => {
  const look = async (): Promise<void> => {
    const desk = hubs[Math.floor(random() * hubs.length)]!.run?.desk;
    for (const record of (await desk?.pending()) ?? []) {
      const user = VOTERS[Math.floor(random() * VOTERS.length)]!;
      await desk?.vote(record, user, random() < 0.9 ? 'approve' : 'deny').catch((thrown: unknown) => {
        if (Fault.from(thrown).code === 'internal') throw thrown;
      });
    }
  };
  const again = (): void => {
    if (world.clock.nowMs() > untilMs) return;
    look().catch(() => {});
    world.clock.after(500 + 500 * random(), again);
  };
  again();
};

/** After everything is quiet: whoever was asked looks into the books of the agent. */
export const say = async ({ hubs }: Town, store: Kept, agent: Agent): Promise<void> => {
  for (const { id, tenant, target, idempotencyKey } of await store.calls.unresolved(null, 1_000)) {
    if (OFFERS[target.operation]!.entry.reconcile !== undefined) continue;
    const verdict = agent.knows(tenant, idempotencyKey || id) ? 'executed' : 'not_executed';
    await hubs[0]!.run?.reconciler.say(tenant, id, verdict, 'user/cyd', 'looked into the books');
  }
};
