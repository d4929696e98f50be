/** The thread of the oracle: takes policies and decisions, answers each decision once. */
import { parentPort } from 'node:worker_threads';
import type { Decision } from '../../contract/index.ts';
import type { PolicyRequest } from '../decide.ts';
import type { PolicyWorld } from '../prepare.ts';
import { type Recheck, recheckOf } from './recheck.ts';

export type ToThread =
  | { readonly kind: 'world'; readonly world: PolicyWorld }
  | {
      readonly kind: 'check';
      readonly callId: string;
      readonly request: PolicyRequest;
      readonly decision: Decision;
    };

export type FromThread =
  | { readonly kind: 'same' }
  | { readonly kind: 'differs'; readonly callId: string; readonly ours: Decision; readonly cedars: Decision }
  | { readonly kind: 'failed'; readonly callId: string; readonly cause: string };

const answer = (recheck: () => Recheck, check: Extract<ToThread, { kind: 'check' }>): FromThread => {
  const { callId, request, decision } = check;
  try {
    const cedars = recheck()(request, decision);
    return cedars === undefined ? { kind: 'same' } : { kind: 'differs', callId, ours: decision, cedars };
  } catch (thrown) {
    return { kind: 'failed', callId, cause: String(thrown) };
  }
};

const none: () => Recheck = () => {
  throw new Error('the oracle has no policy yet');
};

/** Prepared at the first check, so that a policy that cannot be prepared fails the check and not the thread. */
const lazily = (world: PolicyWorld): (() => Recheck) => {
  let made: Recheck | undefined;
  return () => {
    made ??= recheckOf(world);
    return made;
  };
};

let recheck = none;
parentPort?.on('message', (message: ToThread) => {
  if (message.kind === 'world') recheck = lazily(message.world);
  else parentPort?.postMessage(answer(recheck, message));
});
