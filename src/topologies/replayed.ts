/**
 * Where calls of replays leave the way of all others, right behind whoever finds the tree that they are in. What follows is a list of its
 * own: every decision is taken, and nothing in it spends, writes down, asks people or tries again.
 */
import { Fault } from '../contract/index.ts';
import { compose, deadline, type Handler, type Layer, shed } from '../kernel/index.ts';
import { decide, redactReplies } from '../policy/index.ts';
import { route } from '../routing/index.ts';
import { type Parts, timing } from './parts.ts';

export const replayed =
  (parts: Parts): Layer =>
  (next) => {
    const apart = parts.replays === undefined ? refused : pipeline(parts, parts.replays);
    return (call, scope) => {
      if (call.tree?.replay !== true) return next(call, scope);
      scope.span.set({ replay: call.lineage.root });
      return marked(apart(call, scope), call.lineage.root);
    };
  };

const pipeline = (parts: Parts, answering: Layer): Handler => {
  const { policy, planOf, intersects, ask } = parts;
  return compose(
    parts.halt,
    shed(parts.gate),
    deadline(timing(parts)),
    // By the active policy, and unseen by whoever counts decisions. Rates and places of its own: nobody's are used up.
    decide({ policy, planOf, intersects, snapshotSeq: parts.snapshotSeq, ...(ask === undefined ? {} : { ask }) }),
    redactReplies(),
    // Sends the first call of a replay, and answers all others.
    answering,
  )(route(parts));
};

/** INVARIANT: a node that replays nothing sends nothing of a replay. */
const refused: Handler = async ({ target: { kind, name } }) => {
  throw new Fault(
    'conflict',
    `this call of ${kind} \`${name}\` belongs to a replay, which only the hub that runs it answers; call through that hub`,
    { facts: { code: 'REPLAY_ELSEWHERE' } },
  );
};

/** Whoever reads of a refusal later knows that nobody was refused anything. */
const marked = async <T>(work: Promise<T>, replay: string): Promise<T> => {
  try {
    return await work;
  } catch (thrown) {
    const { code, message, executed, retryAfterMs, facts, cause, remote } = Fault.from(thrown);
    throw new Fault(code, message, {
      ...{ executed, cause, remote, facts: { ...facts, replay } },
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
};
