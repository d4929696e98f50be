/** How a call of a step came back, and what the runner has to write of it: only what no transaction of the call has said. */
import { Fault, isWorthAnotherTry, type Reply, type RunBlob, type RunFact } from '../../contract/index.ts';
import { jsonResult } from '../result.ts';
import type { Instance } from '../state.ts';
import type { CameBack, CameBody } from './parts.ts';

/** Reads a stream to its end, so that its outcome is written. */
export const cameBack = async (work: Promise<Reply>): Promise<CameBack> => {
  try {
    const reply = await work;
    const held = reply.status === 202 && reply.notes?.includes('held') === true;
    if (reply.body.kind === 'stream') {
      for await (const _ of reply.body.chunks);
      return { kind: 'replied', isOk: reply.outcome === 'ok', isHeld: false, held: '', body: null };
    }
    const body = { contentType: reply.contentType, bytes: reply.body.bytes };
    return { kind: 'replied', isOk: reply.outcome === 'ok', isHeld: held, held: held ? idIn(body) : '', body };
  } catch (thrown) {
    const fault = Fault.from(thrown);
    const { code, message, executed } = fault;
    return { kind: 'fault', code, message, retryable: isWorthAnotherTry(fault), isUnknown: executed === 'unknown' };
  }
};

const idIn = ({ bytes }: CameBody): string => {
  try {
    const { id } = JSON.parse(new TextDecoder().decode(bytes)) as { readonly id?: unknown };
    return typeof id === 'string' ? id : '';
  } catch {
    return '';
  }
};

/** Nothing when the history knows already, or will. */
export const factsOf = (
  instance: Instance,
  call: string,
  came: CameBack,
): { readonly facts: readonly RunFact[]; readonly blob?: RunBlob | undefined } => {
  if (instance.call !== call || instance.status !== 'intent') return { facts: [] };
  if (came.kind === 'replied' && came.isHeld && came.held !== '') return { facts: asked(instance, came.held) };
  if (came.kind === 'fault' && came.code === 'storage') return { facts: [] };
  const ended = { kind: 'ended', step: instance.key, call, costMicros: 0 } as const;
  if (came.kind === 'fault') {
    const outcome = DENIALS.has(came.code) ? 'denied' : came.code === 'cancelled' ? 'cancelled' : 'failed';
    const { code, message, retryable } = came;
    // It never came to its first transaction: whatever the fault supposes, nothing was sent.
    return {
      facts: [{ ...ended, outcome, code, message: message.slice(0, 2_000), executed: 'no', retryable, result: null }],
    };
  }
  // The answer that was kept for its key.
  const { result, blob } =
    came.body === null ? { result: null, blob: undefined } : jsonResult(jsonIn(came.body), instance.taint);
  const outcome = came.isOk ? 'ok' : 'failed';
  return { facts: [{ ...ended, outcome, code: '', message: '', executed: 'yes', retryable: false, result }], blob };
};

const jsonIn = ({ bytes }: CameBody): unknown => {
  const text = new TextDecoder().decode(bytes);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const DENIALS: ReadonlySet<string> = new Set(['denied', 'approval_required', 'unauthenticated']);

/** The same question may have been asked before, by a node that is gone: then it is that call that waits. */
const asked = (instance: Instance, held: string): readonly RunFact[] => {
  const { key, attempt, target, digest, taint, idempotent, estimateMicros, timeoutMs } = instance;
  const intent: RunFact = {
    ...{ kind: 'intent', step: key, attempt, call: held, target, digest, taint, idempotent, estimateMicros, timeoutMs },
  };
  const question: RunFact = { kind: 'asked', step: key, call: held, approval: held };
  return held === instance.call ? [question] : [intent, question];
};
