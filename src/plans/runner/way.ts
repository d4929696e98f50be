/** The upstream of plans: a call to one begins a run and waits for its end, and a question to people that came this far has its yes. */
import {
  type Call,
  type CancelSignal,
  confirmOf,
  Fault,
  type PlanEntry,
  type Reply,
  RUN,
  RUN_ENDS,
  type RunBlob,
  type Scope,
  type StepResult,
} from '../../contract/index.ts';
import { Permit } from '../../kernel/index.ts';
import { JSON_TYPE } from '../result.ts';
import type { RunEnd } from './looks.ts';

export interface WayParts {
  readonly planOf: (tenant: string, name: string) => PlanEntry | undefined;
  /** Digest of the definition that people approved with this call; undefined: they were not asked about one. */
  readonly approved: (call: Call) => Promise<string | undefined>;
  readonly begin: (call: Call, entry: PlanEntry) => Promise<unknown>;
  readonly finished: (tenant: string, id: string, signal: CancelSignal) => Promise<RunEnd>;
  readonly blob: (tenant: string, run: string, digest: string) => Promise<RunBlob | undefined>;
}

/** Throws what `begin` throws; `timeout`, outcome unknown, when the caller's time is over first: the run goes on. */
export const planWay =
  (parts: WayParts) =>
  async (call: Call, words: Pick<Call, 'contentType' | 'body'>, scope: Scope): Promise<Reply> => {
    Permit.check(call);
    const { name, operation } = call.target;
    const tenant = call.principal?.tenant ?? '';
    const isQuestion = operation === confirmOf('') || operation.startsWith(`${confirmOf('')}.`);
    // People have been asked before it came here: without their yes there is no permit. And only a run has questions.
    if (isQuestion && call.step === undefined)
      throw new Fault('denied', `\`${operation}\` is a question of plan \`${name}\` itself`);
    if (isQuestion) return replyOf(200, 'ok', JSON.stringify({ approved: true }));
    const entry = parts.planOf(tenant, name);
    if (entry === undefined || operation !== RUN)
      throw new Fault('not_found', `plan \`${name}\` has no operation \`${operation}\` here; it has \`${RUN}\``);
    const approved = await parts.approved(call);
    if (approved !== undefined && approved !== entry.digest)
      throw new Fault('denied', `plan \`${name}\` is not the one that was approved any more; start it again`, {
        facts: { code: 'APPROVAL_VOID' },
      });
    await parts.begin({ ...call, contentType: words.contentType, body: words.body }, entry);
    const end = await parts.finished(tenant, call.id, scope.signal);
    return answerOf(end, parts.blob);
  };

/** What a finished run answers: its output, or how it ended instead, which is the failure of a target and not of ours. */
export const answerOf = async ({ run, output, message }: RunEnd, blob: WayParts['blob']): Promise<Reply> => {
  if (!RUN_ENDS.includes(run.state)) throw new Fault('conflict', `run \`${run.id}\` is not over`);
  if (run.state !== 'done' || output === null)
    return replyOf(422, 'failed', JSON.stringify({ run: run.id, state: run.state, message }));
  const bytes = output.json ?? (await bytesOf(output, run, blob));
  return replyOf(200, 'ok', bytes, output.contentType);
};

const bytesOf = async (
  { digest }: StepResult,
  { tenant, id }: RunEnd['run'],
  blob: WayParts['blob'],
): Promise<Uint8Array> => {
  const found = await blob(tenant, id, digest);
  if (found === undefined)
    throw new Fault('storage', `the output of run \`${id}\` is not in the store any more`, { executed: 'yes' });
  return found.body;
};

const replyOf = (
  status: number,
  outcome: Reply['outcome'],
  body: string | Uint8Array,
  contentType = JSON_TYPE,
): Reply => ({
  ...{ outcome, status, contentType, headers: [], endpoint: 'plans', attempts: 1 },
  body: { kind: 'bytes', bytes: typeof body === 'string' ? new TextEncoder().encode(body) : body },
});
