/** The progress of a run on the stream of the request that began it, for a client that gave a token for it. */
import type { CancelSignal, ProgressOf, Reply, RunProgress } from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import { Canceller } from '../../kernel/index.ts';
import type { Asked } from './asked.ts';
import type { Json } from './message.ts';

/** Undefined where there is nothing to tell, or nobody who wants to hear it. */
export const progressFor = (
  { parts, meta, takesEvents, principal }: Asked,
  { kind, name }: { readonly kind: string; readonly name: string },
): ((call: string, signal: CancelSignal) => AsyncIterable<RunProgress>) | undefined => {
  const { progress, directory } = parts;
  if (progress === undefined || !takesEvents || meta['progressToken'] === undefined) return undefined;
  if (kind !== 'agent' || directory.find(principal.tenant, kind, name)?.speech?.protocol !== 'plan') return undefined;
  return (call, signal) => progress(principal.tenant, call, signal);
};

/** `call` resolves when its id is known, if it comes as far. What cannot be told is not told: the answer comes all the same. */
export async function* withProgress(
  token: unknown,
  progress: (call: string, signal: CancelSignal) => ReturnType<ProgressOf>,
  call: Promise<string>,
  reply: Promise<Reply>,
): AsyncGenerator<Json, Reply> {
  const canceller = new Canceller();
  const replied = reply.then(
    () => undefined,
    () => undefined,
  );
  try {
    const id = await Promise.race([call, replied]);
    const words = id === undefined ? undefined : wordsOf(() => progress(id, canceller));
    let last = -1;
    while (words !== undefined) {
      const word = await Promise.race([replied, words.next().catch(() => undefined)]);
      if (word === undefined || word.done === true) break;
      const { done, total, message } = word.value;
      // MCP wants a number that grows with each word.
      if (done <= last) continue;
      last = done;
      yield { method: 'notifications/progress', params: { progressToken: token, progress: done, total, message } };
    }
  } finally {
    canceller.cancel(new Fault('cancelled', 'the request is over'));
  }
  return reply;
}

const wordsOf = (progress: () => ReturnType<ProgressOf>): AsyncIterator<RunProgress> | undefined => {
  try {
    return progress()[Symbol.asyncIterator]();
  } catch {
    return undefined;
  }
};
