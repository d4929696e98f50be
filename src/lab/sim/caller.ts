/** Callers of the simulation: impatient, in a hurry, gone in the middle, and, when it counts, well behaved. */
import type { Call, Executed, Priority, Reply } from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import { type Canceller, loopbackCall, rootScope, silentSpan } from '../../kernel/index.ts';
import type { Ended } from './check.ts';
import { type Node, READ } from './node.ts';

/** How one call will go, from the caller's side. */
export interface Intention {
  readonly target: string;
  readonly idempotent: boolean;
  readonly stream: boolean;
  readonly priority: Priority;
  readonly timeoutMs?: number;
  /** Leaves after this long, whatever comes. */
  readonly leavesAfterMs?: number;
  /** Stops reading a stream after this many chunks. */
  readonly readsChunks?: number;
}

export const intend = (random: () => number, targets: readonly string[], unruly: boolean): Intention => {
  const target = targets[Math.floor(random() * targets.length)]!;
  const idempotent = random() < 0.5;
  const stream = random() < 0.3;
  const priority = Math.floor(random() * 4) as Priority;
  const mood = random();
  const calm = { target, idempotent, stream, priority };
  if (!unruly || mood > 0.3) return calm;
  if (mood > 0.2) return { ...calm, timeoutMs: 1 + 1500 * random() };
  if (mood > 0.15) return { ...calm, timeoutMs: 1 + 20 * random() };
  if (mood > 0.05) return { ...calm, leavesAfterMs: 500 * random() };
  return { ...calm, stream: true, readsChunks: Math.floor(random() * 3) };
};

export interface Made {
  readonly canceller: Canceller;
  readonly ended: Promise<Ended>;
}

/** Makes a call and follows it to its end, the last chunk of a stream included. */
export const make = (node: Node, intention: Intention): Made => {
  const { clock, ids } = node.world;
  const { scope, canceller } = rootScope(node.world, silentSpan('0'.repeat(16)));
  const call = callOf(ids.callId(), intention);
  const issuedAtMs = clock.nowMs();
  const leaving =
    intention.leavesAfterMs === undefined
      ? undefined
      : clock.after(intention.leavesAfterMs, () => canceller.cancel(new Fault('cancelled', 'the caller left')));
  const told = (outcome: string, executed: Executed, attempts: number): Ended => {
    leaving?.cancel();
    return {
      callId: call.id,
      idempotent: intention.idempotent,
      issuedAtMs,
      endedAtMs: clock.nowMs(),
      grantedMs: Math.min(call.timeoutMs ?? Number.POSITIVE_INFINITY, node.setting.limitMs),
      outcome,
      executed,
      attempts,
    };
  };
  const ended = node
    .handler(call, scope)
    .then(
      (reply) => read(reply, intention).then((outcome) => told(outcome, 'yes', reply.attempts), failed(told)),
      failed(told),
    );
  return { canceller, ended };
};

const failed =
  (told: (outcome: string, executed: Executed, attempts: number) => Ended) =>
  (thrown: unknown): Ended => {
    const fault = Fault.from(thrown);
    return told(fault.code, fault.executed, 1);
  };

const callOf = (id: string, { target, idempotent, stream, priority, timeoutMs }: Intention): Call =>
  loopbackCall({
    id,
    target: { kind: 'agent', name: target, operation: idempotent ? READ : 'write' },
    stream,
    priority,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });

const read = async (reply: Reply, { readsChunks }: Intention): Promise<string> => {
  if (reply.body.kind === 'bytes') return reply.outcome;
  let left = readsChunks ?? Number.POSITIVE_INFINITY;
  for await (const _chunk of reply.body.chunks) {
    left -= 1;
    if (left <= 0) return 'left';
  }
  return reply.outcome;
};
