/** Runs of plans in maps: the plain form of the rules that every other store of them is held against. */
import type {
  Appended,
  AuditEntry,
  PlanRun,
  PlanStore,
  RunAppend,
  RunBlob,
  RunEvent,
  RunFact,
  RunFilter,
  RunHead,
  RunSummary,
  RunWish,
  StepBegin,
  StepEnd,
} from '../../contract/index.ts';
import { REFUSALS } from '../refusals.ts';
import {
  costOf,
  endedFact,
  guardedSteps,
  isNews,
  isOver,
  moveOf,
  resolvedFact,
  type StepFact,
  type StepMove,
  type StepPhase,
  wishObstacle,
} from '../runs.ts';
import type { MemoryAudit } from './audit.ts';

interface Fence {
  readonly call: string;
  readonly phase: StepPhase;
  readonly taint: readonly string[];
}

interface Run {
  readonly head: RunHead;
  summary: RunSummary;
  readonly events: RunEvent[];
  readonly steps: Map<string, Fence>;
  readonly blobs: Map<string, RunBlob>;
}

/** What an owner's word about a silent call does to its record. */
export type ConcludeUnknown = (call: string, atMs: number) => void;

export class MemoryPlans implements PlanStore {
  readonly #runs = new Map<string, Run>();
  readonly #audit: MemoryAudit;
  readonly #concludeUnknown: ConcludeUnknown;

  constructor(audit: MemoryAudit, concludeUnknown: ConcludeUnknown) {
    this.#audit = audit;
    this.#concludeUnknown = concludeUnknown;
  }

  async start(head: RunHead, audit: readonly AuditEntry[], atMs: number): Promise<PlanRun> {
    const known = this.#at(head.tenant, head.id);
    if (known !== undefined) return whole(known);
    const run: Run = {
      head: structuredClone(head),
      summary: { ...UNTOUCHED, dueMs: atMs },
      events: [],
      steps: new Map(),
      blobs: new Map(),
    };
    this.#runs.set(keyOf(head.tenant, head.id), run);
    add(run, [{ kind: 'started' }], atMs);
    this.#audit.chain(audit);
    return whole(run);
  }

  async claim({ holder, nowMs, leaseMs, limit }: Parameters<PlanStore['claim']>[0]): Promise<readonly PlanRun[]> {
    const due = [...this.#runs.values()].filter((run) => claimAt(run) <= nowMs);
    due.sort((a, b) => claimAt(a) - claimAt(b));
    return due.slice(0, limit).map((run) => {
      change(run, { holder, leaseUntilMs: nowMs + leaseMs, epoch: run.summary.epoch + 1 });
      return whole(run);
    });
  }

  async renew({ holder, untilMs, runs }: Parameters<PlanStore['renew']>[0]): Promise<readonly string[]> {
    return runs.flatMap(({ tenant, id, epoch }) => {
      const run = this.#at(tenant, id);
      if (run === undefined || run.summary.epoch !== epoch || run.summary.holder !== holder) return [];
      change(run, { leaseUntilMs: untilMs });
      return [id];
    });
  }

  async release({ tenant, id, epoch }: Parameters<PlanStore['release']>[0]): Promise<void> {
    const run = this.#at(tenant, id);
    if (run?.summary.epoch === epoch) change(run, FREE);
  }

  /** INVARIANT: nothing is awaited between the first look and the last write. */
  async append(append: RunAppend): Promise<Appended> {
    const { tenant, run: id, epoch, afterSeq, facts, state, dueMs, blobs = [], audit, atMs } = append;
    const run = this.#at(tenant, id);
    if (run === undefined || run.summary.epoch !== epoch || run.summary.holder === '') return { kind: 'lost' };
    if (run.summary.seq !== afterSeq) return { kind: 'behind' };
    const moves = facts.flatMap((fact) => moveOf(fact) ?? []);
    for (const step of guardedSteps(moves)) {
      const fence = run.steps.get(step);
      if (fence?.phase === 'begun') throw REFUSALS.stepUnderWay(id, step, fence.call);
    }
    add(run, facts, atMs);
    for (const each of moves) {
      if (isGivenUp(run, each)) this.#concludeUnknown(each.call, atMs);
      move(run, each);
    }
    for (const blob of blobs) run.blobs.set(blob.digest, structuredClone(blob));
    const over = isOver(state);
    const costMicros = run.summary.costMicros + costOf(facts);
    change(run, { state, dueMs, endedAtMs: over ? atMs : null, costMicros, ...(over ? FREE : {}) });
    this.#audit.chain(audit);
    return { kind: 'appended', seq: run.summary.seq };
  }

  async wish(
    tenant: string,
    id: string,
    wish: RunWish,
    by: string,
    audit: readonly AuditEntry[],
    atMs: number,
  ): Promise<number> {
    const run = this.#at(tenant, id);
    if (run === undefined) throw REFUSALS.unknownRun(id);
    const obstacle = wishObstacle(wish, run.summary.state);
    if (obstacle !== null) throw REFUSALS[obstacle === 'over' ? 'runOver' : 'runNotFailed'](id, run.summary.state);
    add(run, [{ kind: 'wished', by, wish }], atMs);
    change(run, { dueMs: atMs });
    this.#audit.chain(audit);
    return run.summary.seq;
  }

  async get(tenant: string, id: string): Promise<PlanRun | undefined> {
    const run = this.#at(tenant, id);
    return run === undefined ? undefined : whole(run);
  }

  async events(tenant: string, id: string, afterSeq: number, limit: number): Promise<readonly RunEvent[]> {
    const events = this.#at(tenant, id)?.events ?? [];
    return structuredClone(events.filter(({ seq }) => seq > afterSeq).slice(0, limit));
  }

  async blob(tenant: string, id: string, digest: string): Promise<RunBlob | undefined> {
    return structuredClone(this.#at(tenant, id)?.blobs.get(digest));
  }

  async list(filter: RunFilter): Promise<readonly PlanRun[]> {
    const { after, limit } = filter;
    const found = [...this.#runs.values()].filter((run) => fits(run, filter)).map(whole);
    found.sort(newestFirst);
    return found.filter((run) => after === undefined || newestFirst(run, after) > 0).slice(0, limit);
  }

  async prune(beforeMs: number): Promise<number> {
    const old = [...this.#runs].filter(
      ([, run]) => (run.summary.endedAtMs ?? beforeMs) < beforeMs && claimAt(run) === Number.POSITIVE_INFINITY,
    );
    for (const [key] of old) this.#runs.delete(key);
    return old.length;
  }

  /** Whether this call may begin: the newest intent of its step names it, and the run goes on. Changes nothing. */
  mayBegin({ tenant, run: id, step, call }: StepBegin): boolean {
    const run = this.#at(tenant, id);
    const fence = run?.steps.get(step);
    return run?.summary.endedAtMs === null && fence?.call === call && fence.phase === 'waiting';
  }

  begin({ tenant, run: id, step, call }: StepBegin, atMs: number): void {
    const run = this.#at(tenant, id)!;
    add(run, [{ kind: 'dispatched', step, call }], atMs);
    move(run, { step, call, phase: 'begun', taint: null });
  }

  /** `wasGivenUp`: its run had called it unknown, and may have sent another one since. */
  end(tenant: string, end: StepEnd, atMs: number, wasGivenUp: boolean): void {
    this.#hear(tenant, end.run, endedFact(end), atMs, wasGivenUp);
  }

  resolve(tenant: string, end: StepEnd, verdict: 'executed' | 'not_executed', atMs: number): void {
    this.#hear(tenant, end.run, resolvedFact(end, verdict), atMs, false);
  }

  #hear(tenant: string, id: string, { fact, blob }: StepFact, atMs: number, wasGivenUp: boolean): void {
    const run = this.#at(tenant, id);
    const fence = run?.steps.get(fact.step);
    if (run === undefined || fence === undefined) return;
    if (!(fence.call === fact.call ? isNews(fence.phase, fact) : wasGivenUp)) return;
    const result = fact.result === null ? null : { ...fact.result, taint: fence.taint };
    add(run, [{ ...fact, result }], atMs);
    move(run, moveOf(fact)!);
    if (blob !== null) run.blobs.set(blob.digest, blob);
    const costMicros = run.summary.costMicros + costOf([fact]);
    change(run, { costMicros, ...(run.summary.endedAtMs === null ? { dueMs: atMs } : {}) });
  }

  #at(tenant: string, id: string): Run | undefined {
    return this.#runs.get(keyOf(tenant, id));
  }
}

const UNTOUCHED: RunSummary = {
  state: 'running',
  seq: 0,
  epoch: 0,
  holder: '',
  leaseUntilMs: 0,
  dueMs: null,
  endedAtMs: null,
  costMicros: 0,
};

const FREE = { holder: '', leaseUntilMs: 0 } as const;

/** An owner that does not come back is missed when its lease is over, whether something is due or not. */
const claimAt = ({ summary: { holder, leaseUntilMs, dueMs } }: Run): number =>
  holder === '' ? (dueMs ?? Number.POSITIVE_INFINITY) : leaseUntilMs;

const change = (run: Run, changed: Partial<RunSummary>): void => {
  run.summary = { ...run.summary, ...changed };
};

const add = (run: Run, facts: readonly RunFact[], atMs: number): void => {
  for (const fact of facts) run.events.push({ ...structuredClone(fact), seq: run.events.length + 1, atMs });
  change(run, { seq: run.events.length });
};

const move = ({ steps }: Run, { step, call, phase, taint }: StepMove): void => {
  const before = steps.get(step);
  if (taint !== null) steps.set(step, { call, phase, taint: structuredClone(taint) });
  else if (before?.call === call) steps.set(step, { ...before, phase });
};

const isGivenUp = ({ steps }: Run, { step, call, phase }: StepMove): boolean => {
  const before = steps.get(step);
  return phase === 'unknown' && before?.call === call && before.phase === 'begun';
};

const whole = ({ head, summary }: Run): PlanRun => ({ ...structuredClone(head), ...summary });

const fits = ({ head, summary }: Run, { tenant, plan, state, principal }: RunFilter): boolean =>
  head.tenant === tenant &&
  (plan === undefined || head.plan === plan) &&
  (state === undefined || summary.state === state) &&
  (principal === undefined || (head.principal.kind === principal.kind && head.principal.id === principal.id));

type Place = Pick<PlanRun, 'startedAtMs' | 'id'>;

const newestFirst = (a: Place, b: Place): number =>
  b.startedAtMs - a.startedAtMs || (a.id === b.id ? 0 : a.id < b.id ? 1 : -1);

const keyOf = (tenant: string, id: string): string => JSON.stringify([tenant, id]);
