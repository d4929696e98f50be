/** Ends a call whose time is over: tells everything below to stop, and answers the caller even when nothing below listens. */
import type { Call, Reply, Scope } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import { whenEndedOrCut } from './ended.ts';
import { invoke, type Layer } from './handler.ts';
import { notSent, remainingMs, withTimeout } from './scope.ts';

export interface DeadlineOptions {
  /** What configuration grants this call, in milliseconds: the smallest of route, target and policy, or D1's default. */
  readonly limitMs: (call: Call) => number;
  /**
   * How long the layers below may take to say what they know (sent or not?) before the caller is told `unknown`.
   * Default 50: a healthy upstream answers a cancel in the same turn, and D4 allows 250 with the socket.
   */
  readonly graceMs?: number;
}

/** D1, D3, D4: the smaller of the caller's wish and `limitMs`, counted from here, also for the whole of a streamed reply. */
export const deadline =
  ({ limitMs, graceMs = 50 }: DeadlineOptions): Layer =>
  (next) =>
  (call, scope) => {
    if (scope.signal.reason !== undefined) return Promise.reject(notSent(scope.signal.reason));
    const grantedMs = Math.min(call.timeoutMs ?? Number.POSITIVE_INFINITY, limitMs(call), remainingMs(scope));
    // Written so that NaN, which is no time at all, is refused too.
    if (!(grantedMs > 0)) return Promise.reject(new Fault('expired', 'the deadline passed before anything was sent'));
    const timed = withTimeout(scope, grantedMs, () => timedOut(grantedMs));
    return whenEndedOrCut(
      answered(invoke(next, call, timed.scope), timed.scope, graceMs, (reply) => late(grantedMs, reply)),
      timed.scope.signal,
      timed.release,
    );
  };

const timedOut = (grantedMs: number): Fault =>
  new Fault('timeout', `no complete answer within ${Math.round(grantedMs)} ms; whether the target ran is unknown`);

/** Timers are coarse, so a reply may come before its timer and yet after its time: D1 holds by the clock, not by the timer. */
const late = (grantedMs: number, { attempts }: Reply): Fault => {
  const came = `the answer came after the ${Math.round(grantedMs)} ms of this call`;
  // Nobody was asked yet: it was only accepted.
  if (attempts === 0) return new Fault('timeout', `${came}; whether the target runs it is unknown`);
  return new Fault('timeout', `${came}; the target ran it`, { executed: 'yes' });
};

/** Follows `work`, but not longer than `graceMs` after the scope has ended. A reply that comes later is closed unread. */
const answered = (
  work: Promise<Reply>,
  scope: Scope,
  graceMs: number,
  tooLate: (reply: Reply) => Fault,
): Promise<Reply> =>
  new Promise((resolve, reject) => {
    let gaveUp = false;
    let stopWaiting = (): void => {};
    const forget = scope.signal.onCancel((reason) => {
      const timer = scope.clock.after(graceMs, () => {
        gaveUp = true;
        reject(reason);
      });
      stopWaiting = () => timer.cancel();
    });
    const settled = (): void => {
      forget();
      stopWaiting();
    };
    work.then(
      (reply) => {
        settled();
        if (!gaveUp && remainingMs(scope) >= 0) resolve(reply);
        else {
          closeUnread(reply);
          reject(tooLate(reply));
        }
      },
      (thrown) => {
        settled();
        reject(thrown);
      },
    );
  });

const closeUnread = (reply: Reply): void => {
  if (reply.body.kind !== 'stream') return;
  const closing = reply.body.chunks[Symbol.asyncIterator]().return?.();
  closing?.then(undefined, () => {});
};
