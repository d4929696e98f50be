/** Defects to check the checker with: each is a mistake that somebody made somewhere, and each must be found. */
import type { Reply } from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import { type Handler, invoke, type Layer, RetryBudgets, whenEnded, withTimeout } from '../../kernel/index.ts';
import { type Machinery, SOUND } from './machinery.ts';

/** Starts a stream that broke in the middle once more, and so runs the call again. */
const restartsStreams: Layer = (next) => async (call, scope) => {
  const reply = await next(call, scope);
  if (reply.body.kind !== 'stream') return reply;
  const first = reply.body.chunks;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      yield* first;
    } catch {
      const again = await next({ ...call, avoid: [] }, scope);
      if (again.body.kind === 'stream') yield* again.body.chunks;
    }
  }
  return { ...reply, body: { kind: 'stream', chunks: chunks() } };
};

/** Takes what another node reports for a failure of the hop, so that every node of a tree retries. */
const unmarked: Layer = (next) => async (call, scope) => {
  try {
    return await next(call, scope);
  } catch (thrown) {
    const { code, message, executed } = Fault.from(thrown);
    throw new Fault(code, message, { executed });
  }
};

/** Says what the last try did, and forgets what the others may have done. */
const forgetful =
  (layer: Layer): Layer =>
  (next) =>
  async (call, scope) => {
    let last: Fault | undefined;
    const remembering: Handler = async (inner, innerScope) => {
      try {
        return await next(inner, innerScope);
      } catch (thrown) {
        last = Fault.from(thrown);
        throw last;
      }
    };
    try {
      return await layer(remembering)(call, scope);
    } catch (thrown) {
      throw last ?? thrown;
    }
  };

/** Frees the slot when the caller gives up, while the work goes on. */
const freesEarly: Machinery['bulkhead'] =
  ({ slots, keyOf, limitOf }) =>
  (next) =>
  (call, scope) => {
    const key = keyOf(call);
    if (!slots.take(key, limitOf(key, call))) return Promise.reject(new Fault('overloaded', 'full'));
    const given = Promise.withResolvers<Reply>();
    const forget = scope.signal.onCancel(given.reject);
    const work = invoke(next, call, scope);
    work.then(given.resolve, given.reject);
    return whenEnded(given.promise, scope.signal, () => {
      forget();
      slots.free(key);
    });
  };

/** Tells everything below to stop, and then waits for it, however long that takes. */
const waitsForever: Machinery['deadline'] =
  ({ limitMs }) =>
  (next) =>
  (call, scope) => {
    const grantedMs = Math.min(call.timeoutMs ?? Number.POSITIVE_INFINITY, limitMs(call));
    const timed = withTimeout(scope, grantedMs, () => new Fault('timeout', 'late'));
    return whenEnded(invoke(next, call, timed.scope), timed.scope.signal, timed.release);
  };

/** Listens to the caller and never stops listening. */
const leaksListeners: Machinery['deadline'] = (options) => (next) => {
  const sound = SOUND.deadline(options)(next);
  return (call, scope) => {
    scope.signal.onCancel(() => {});
    return sound(call, scope);
  };
};

/** Runs breakers on the wall clock, which people and protocols set. */
const guardOnWallTime: Machinery['guard'] = (breaker) => (next) => (call, scope) => {
  const clock = { ...scope.clock, nowMs: () => scope.clock.wallMs() };
  return SOUND.guard(breaker)((inner) => next(inner, scope))(call, { ...scope, clock });
};

export const PLANTS: Readonly<Record<string, Machinery>> = {
  'retry-after-first-byte': {
    ...SOUND,
    retry: (options) => {
      const sound = SOUND.retry(options);
      return (next) => restartsStreams(sound(next));
    },
  },
  'retry-unknown': { ...SOUND, retry: (options) => SOUND.retry({ ...options, idempotentOf: () => true }) },
  'retry-at-every-tier': {
    ...SOUND,
    retry: (options) => {
      const sound = SOUND.retry(options);
      return (next) => sound(unmarked(next));
    },
  },
  'retry-without-budget': {
    ...SOUND,
    retry: (options) => (next) => (call, scope) =>
      SOUND.retry({ ...options, budgets: new RetryBudgets() })(next)(call, scope),
  },
  'retry-forgets': { ...SOUND, retry: (options) => forgetful(SOUND.retry(options)) },
  'breaker-wall-time': { ...SOUND, guard: guardOnWallTime, breakerNowMs: (clock) => clock.wallMs() },
  'slot-freed-early': { ...SOUND, bulkhead: freesEarly },
  'deadline-waits': { ...SOUND, deadline: waitsForever },
  'listener-leak': { ...SOUND, deadline: leaksListeners },
};
