/** The call of a step: of whoever started the run, below it in the tree of calls, and with a key that all its attempts share. */
import type { Call, Hop, RunHead } from '../../contract/index.ts';
import { targetText } from '../callee.ts';
import type { Send } from '../given.ts';
import { toldOf, unionOf } from '../result.ts';

export interface Sent {
  readonly send: Send;
  readonly call: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

export const stepCall = (
  head: RunHead,
  { send, call, contentType, bytes }: Sent,
  nowMs: number,
  wallMs: number,
): Call => ({
  id: call,
  credential: { kind: 'known', principal: head.principal },
  principal: null,
  target: send.target,
  contentType,
  accept: 'application/json, */*;q=0.5',
  // A body of its own each time: what layers note of a call they note of its body.
  body: { kind: 'bytes', bytes },
  headers: [],
  timeoutMs: send.timeoutMs,
  trace: { trace: head.trace, sampled: true },
  lineage: { root: head.lineage.root, parent: head.id, depth: head.lineage.depth + 1 },
  ...treeOf(head, send, nowMs + Math.max(send.timeoutMs, head.deadlineAtMs - wallMs)),
  ...(head.session === '' ? {} : { session: head.session }),
  idempotencyKey: `${head.id}/${send.key}`,
  step: { run: head.id, step: send.key },
  priority: 2,
  stream: false,
  via: [],
  retriedElsewhere: false,
});

/** What policy is told of data: where what goes into this call came from, and what went into the call that started the run. */
const treeOf = (
  { tree, plan }: RunHead,
  { target, digest, given, key }: Send,
  endsAtMs: number,
): Pick<Call, 'tree'> => {
  if (tree === undefined) return {};
  const hop: Hop = { target: targetText(target), digest };
  const taint = toldOf(unionOf(tree.taint ?? [], given)) ?? [];
  return {
    tree: {
      ...{ ...tree, hops: [...tree.hops, hop], calls: tree.calls + 1, endsAtMs, plan: { name: plan, step: key } },
      ...(taint.length === 0 ? {} : { taint }),
    },
  };
};
