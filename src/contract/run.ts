/**
 * Runs of plans: what is known of one is its history, and nothing else. A history is only added to; the state of a run is what
 * comes out when its history is read from the beginning.
 */
import type { AuditEntry } from './audit.ts';
import type { Lineage, Principal, Tree } from './call.ts';
import type { Executed } from './fault.ts';
import type { Unit } from './money.ts';
import type { CancelSignal } from './scope.ts';
import type { StepKey, StepMark } from './step-mark.ts';

/**
 * `held`: the outcome of a step is unknown, and somebody must say what became of it. `stuck`: something could not be taken back.
 * The last five are ends; a `failed` or `stuck` run can be tried again from a step.
 */
export type RunState =
  | 'running'
  | 'paused'
  | 'held'
  | 'compensating'
  | 'cancelling'
  | 'done'
  | 'failed'
  | 'compensated'
  | 'cancelled'
  | 'stuck';

export const RUN_ENDS: readonly RunState[] = ['done', 'failed', 'compensated', 'cancelled', 'stuck'];

/** What a step answered: inside of the history when it is small, beside it when it is large. */
export interface StepResult {
  readonly contentType: string;
  readonly bytes: number;
  /** SHA-256 of the bytes, hex. */
  readonly digest: string;
  /** The JSON text; absent: it is large or no JSON, and is found under the digest. */
  readonly json?: string;
  /** Where it came from and what is known of it: labels of the target, and those of everything that went into the call. */
  readonly taint: readonly string[];
}

export type StepOutcome = 'ok' | 'failed' | 'denied' | 'unknown' | 'cancelled';

export type RunWish =
  | { readonly wish: 'pause' | 'resume' | 'cancel' }
  /** From a step that failed, with everything behind it. */
  | { readonly wish: 'retry'; readonly from: StepKey }
  | { readonly wish: 'signal'; readonly name: string; readonly body: string };

export type RunFact =
  | { readonly kind: 'started' }
  /** A planner proposed these steps, and they passed. */
  | { readonly kind: 'planned'; readonly definition: string }
  /** A fan-out was counted; `items` is the list as JSON text. */
  | { readonly kind: 'expanded'; readonly step: StepKey; readonly items: string }
  | { readonly kind: 'skipped'; readonly step: StepKey; readonly why: string }
  /** P1: nobody may send it before this is durable. A later intent of the same step replaces this one, and its call can never begin. */
  | {
      readonly kind: 'intent';
      readonly step: StepKey;
      readonly attempt: number;
      readonly call: string;
      /** `agent/orders/cancel`, as it was resolved. */
      readonly target: string;
      /** SHA-256 of the payload, hex: the same history with another definition must come to the same. */
      readonly digest: string;
      /** Of all that went into it and of its target: what it answers carries the same. */
      readonly taint: readonly string[];
      /** As the operation was declared then: it may be sent again although it may have run. */
      readonly idempotent: boolean;
      /** What it may cost at most, as far as prices say: it counts until it is known. */
      readonly estimateMicros: number;
      /** Of this attempt, from when it is sent: whoever finds it dispatched later knows when it must be over. */
      readonly timeoutMs: number;
    }
  /** People are asked about it. */
  | { readonly kind: 'asked'; readonly step: StepKey; readonly call: string; readonly approval: string }
  | { readonly kind: 'dispatched'; readonly step: StepKey; readonly call: string }
  /**
   * `call` is empty for a step that came to no call: its expression failed, or nobody answers to its name. The end of a call that
   * was called unknown before says what became of it.
   */
  | {
      readonly kind: 'ended';
      readonly step: StepKey;
      readonly call: string;
      readonly outcome: StepOutcome;
      readonly code: string;
      readonly message: string;
      readonly executed: Executed;
      readonly retryable: boolean;
      readonly result: StepResult | null;
      readonly costMicros: number;
    }
  /** The next attempt of a step waits until then, or a `wait` is over then. Unix ms. */
  | { readonly kind: 'sleeping'; readonly step: StepKey; readonly untilMs: number }
  | { readonly kind: 'woken'; readonly step: StepKey; readonly result: StepResult | null }
  /** Somebody said what became of a step whose outcome was unknown. */
  | {
      readonly kind: 'resolved';
      readonly step: StepKey;
      readonly call: string;
      readonly verdict: 'executed' | 'not_executed';
      readonly result: StepResult | null;
    }
  | { readonly kind: 'wished'; readonly by: string; readonly wish: RunWish }
  /** A step failed for good, or the time of the run is over, or it was cancelled: from here on things are taken back. */
  | { readonly kind: 'failing'; readonly because: string; readonly step: StepKey | null }
  | {
      readonly kind: 'finished';
      readonly state: RunState;
      readonly output: StepResult | null;
      readonly message: string;
    };

export type RunFactKind = RunFact['kind'];

/** A fact with its place in the history: `seq` counts from 1 without gaps. */
export type RunEvent = RunFact & { readonly seq: number; readonly atMs: number };

/** What does not change while a run goes on. */
export interface RunHead {
  /** Id of the call that started it: 32 hex digits. */
  readonly id: string;
  readonly tenant: string;
  /** Name of the plan. */
  readonly plan: string;
  readonly domain: string;
  /** The plan as it was then, as JSON text: a run stays with it (P5). */
  readonly definition: string;
  /** SHA-256 of it, hex. */
  readonly digest: string;
  /** Who started it. Its steps are calls of this principal. */
  readonly principal: Principal;
  /** Where its steps hang in the tree of calls. */
  readonly lineage: Lineage;
  readonly tree?: Omit<Tree, 'endsAtMs' | 'proof'>;
  readonly trace: string;
  readonly session: string;
  /** JSON text. */
  readonly input: string;
  readonly taint: readonly string[];
  readonly startedAtMs: number;
  /** Unix ms. */
  readonly deadlineAtMs: number;
}

/** What can be listed without reading histories. */
export interface RunSummary {
  readonly state: RunState;
  /** Of the newest event. */
  readonly seq: number;
  /** Raised each time that somebody takes the run over. */
  readonly epoch: number;
  /** Who works on it; empty: nobody. */
  readonly holder: string;
  readonly leaseUntilMs: number;
  /** When somebody must look at it; null: only when something happens to it. Unix ms. */
  readonly dueMs: number | null;
  readonly endedAtMs: number | null;
  readonly costMicros: number;
}

export type PlanRun = RunHead & RunSummary;

/**
 * What the owner of a run writes, all of it or nothing. A state that is an end frees the run, and nobody owns it any more.
 *
 * An `intent` for a step whose call has begun and not ended is a `conflict`: two calls of one step never run side by side. An `ended`
 * that says `unknown` of a call that is still open concludes its record as unknown too, so that it can be asked about and resolved.
 */
export interface RunAppend {
  readonly tenant: string;
  readonly run: string;
  /** P2: refused when somebody else has taken the run over. */
  readonly epoch: number;
  /** Of the newest event that the writer has read: refused when there is a newer one, for it may change what is right. */
  readonly afterSeq: number;
  /** None: only `state` and `dueMs` are written, and the history stays as it is. */
  readonly facts: readonly RunFact[];
  readonly state: RunState;
  readonly dueMs: number | null;
  /** Large results that the facts speak of. */
  readonly blobs?: readonly RunBlob[];
  readonly audit: readonly AuditEntry[];
  readonly atMs: number;
}

export interface RunBlob {
  readonly digest: string;
  readonly contentType: string;
  readonly body: Uint8Array;
}

export type Appended =
  | { readonly kind: 'appended'; readonly seq: number }
  /** `lost`: another owner, given back, or the run is over. `behind`: read on and decide again. */
  | { readonly kind: 'lost' | 'behind' };

/** With a call's first transaction: it is the one that the newest intent of its step names, and that has not begun. */
export interface StepBegin extends StepMark {
  readonly tenant: string;
  readonly call: string;
}

/**
 * With its last one. What was unknown may become known later: then the same call has a second `ended`, also when another attempt has
 * taken its place since, for it cost something. Otherwise the first one stays.
 */
export interface StepEnd extends StepMark {
  readonly call: string;
  readonly outcome: StepOutcome;
  readonly code: string;
  readonly message: string;
  readonly executed: Executed;
  readonly retryable: boolean;
  readonly costMicros: number;
  /** Null: nothing came back. */
  readonly reply: { readonly contentType: string; readonly body: Uint8Array } | null;
}

export interface RunFilter {
  readonly tenant: string;
  readonly plan?: string;
  readonly state?: RunState;
  readonly principal?: Pick<Principal, 'kind' | 'id'>;
  /** Only what comes behind this one. */
  readonly after?: { readonly startedAtMs: number; readonly id: string };
  readonly limit: number;
}

/**
 * Durable: a resolved promise survives kill -9. INVARIANT: events of a run are numbered without gaps, whoever writes them.
 * Calls write to histories too, in their own transactions: see `Begin.step` and `End.step`.
 */
export interface PlanStore {
  /** Writes head and `started`, due now. The same id again changes nothing and answers what is there. */
  start(head: RunHead, audit: readonly AuditEntry[], atMs: number): Promise<PlanRun>;
  /**
   * Takes runs that are due and that nobody works on, and those whose owner let its lease run out, oldest first, each under a new
   * epoch. What a process that is alone on its store, or has a name of its own there, left behind is free when it comes back.
   */
  claim(by: {
    readonly holder: string;
    readonly nowMs: number;
    readonly leaseMs: number;
    readonly limit: number;
  }): Promise<readonly PlanRun[]>;
  /** Keeps those that are still the holder's; answers their ids. */
  renew(by: {
    readonly holder: string;
    readonly untilMs: number;
    readonly runs: readonly { readonly tenant: string; readonly id: string; readonly epoch: number }[];
  }): Promise<readonly string[]>;
  /** Nobody works on it any more; it is claimed again when it is due. */
  release(by: { readonly tenant: string; readonly id: string; readonly epoch: number }): Promise<void>;
  append(append: RunAppend): Promise<Appended>;
  /** Adds `wished`, whoever works on it, and makes the run due. Answers its seq. Throws `not_found`; `conflict` when it is over (retry: when it is not). */
  wish(
    tenant: string,
    run: string,
    wish: RunWish,
    by: string,
    audit: readonly AuditEntry[],
    atMs: number,
  ): Promise<number>;
  get(tenant: string, run: string): Promise<PlanRun | undefined>;
  /** By seq. */
  events(tenant: string, run: string, afterSeq: number, limit: number): Promise<readonly RunEvent[]>;
  blob(tenant: string, run: string, digest: string): Promise<RunBlob | undefined>;
  /** Newest first. */
  list(filter: RunFilter): Promise<readonly PlanRun[]>;
  /** Removes runs that were over before the instant, with all that belongs to them. Returns how many. */
  prune(beforeMs: number): Promise<number>;
}

/** The operation by which a plan is started. */
export const RUN = 'run';

/** The operation by which a step of a plan asks people; of the plan as a whole for the empty name. */
export const confirmOf = (step: string): string => (step === '' ? 'confirm' : `confirm.${step}`);

/** A step as people see it. */
export interface StepView {
  readonly step: StepKey;
  readonly state: 'waiting' | 'ready' | 'sending' | 'asking' | 'sleeping' | 'held' | 'skipped' | StepOutcome;
  readonly attempt: number;
  /** `agent/orders/cancel`; empty for a step that calls nobody, or has not. */
  readonly target: string;
  /** Of the newest attempt; empty: there was none. It is in the traces under this. */
  readonly call: string;
  /** Id of the approval that it waits for, or waited for; empty: none. */
  readonly approval: string;
  readonly code: string;
  readonly message: string;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** Until when it sleeps. */
  readonly untilMs: number | null;
  readonly costMicros: number;
  readonly taint: readonly string[];
}

/** A run as people see it. What agents wrote into it is untrusted. */
export interface RunView {
  readonly id: string;
  readonly plan: string;
  readonly domain: string;
  readonly digest: string;
  readonly state: RunState;
  /** `agent/desk`, `user/ada`. */
  readonly principal: string;
  readonly session: string;
  readonly trace: string;
  readonly startedAtMs: number;
  readonly deadlineAtMs: number;
  readonly endedAtMs: number | null;
  readonly costMicros: number;
  /** Events so far. */
  readonly seq: number;
}

/** How far a run is. It says nothing that an agent wrote. */
export interface RunProgress {
  /** Steps that are over, those of fan-outs and what takes back among them. */
  readonly done: number;
  /** As far as it is known by now. */
  readonly total: number;
  /** `2 of 3 steps are over; \`pay\` waits for people`. */
  readonly message: string;
}

/**
 * The progress of the run that a call to a plan begins, each word different from the one before, as often as somebody can read it.
 * It waits for the run to begin. Ends with the run; rejects with the reason of the signal.
 */
export type ProgressOf = (tenant: string, call: string, signal: CancelSignal) => AsyncIterable<RunProgress>;

export interface RunDetail extends RunView {
  /** Why it failed or is held; empty while all is well. */
  readonly message: string;
  readonly steps: readonly StepView[];
  readonly input: string;
  /** JSON text; null while there is none, or when it is large. */
  readonly output: string | null;
}

/** What a plan would do, before it does anything. */
export interface PlanCheck {
  readonly plan: string;
  readonly digest: string;
  /** What keeps it from running to its end, each with its place: `steps[2].input.id: ...`. */
  readonly problems: readonly string[];
  /** Budgets that have less left than one run needs: they may be filled up, or their window may end. */
  readonly warnings: readonly string[];
  readonly remarks: readonly string[];
  readonly steps: readonly StepCheck[];
  /** Of one run with every step once and every compensation not at all; null where something has no price. */
  readonly estimateMicros: number | null;
  /** With the greatest fan-out and all attempts; null where that has no bound. */
  readonly mostMicros: number | null;
  /** Accounts that one run is charged to, as far as this node knows. Nothing is set aside by asking. */
  readonly budgets: readonly BudgetCheck[];
  /** Steps after each other, at least: the longest way through. */
  readonly depth: number;
}

/** One account, and what one run would draw from it. Amounts are in its unit. */
export interface BudgetCheck {
  readonly budget: string;
  /** As in the ledger; empty where all share one account, or each run has its own. */
  readonly holder: string;
  readonly unit: Unit;
  /** What is left now; null: this node does not know, for the budget is of a level above and nobody here has drawn on it. */
  readonly left: number | null;
  /** All there is in one window. */
  readonly limit: number;
  /** Unix ms; null for a window without end. */
  readonly windowEndMs: number | null;
  /** Every step once, as expected, and a list of unknown length as one item; what nobody can say is not in it. */
  readonly expected: number;
  /** There are steps whose amount nobody can say, or that run for each item of a list of unknown length. */
  readonly isOpen: boolean;
  /** Class of calls that it is for; empty: all. Which calls are of a class is decided when they are made. */
  readonly class: string;
  readonly steps: readonly StepKey[];
}

export interface StepCheck {
  readonly step: StepKey;
  /** As it would be resolved now; empty for a step that calls nobody. */
  readonly target: string;
  readonly effect: string;
  readonly idempotent: boolean;
  /** Domain of the target. */
  readonly domain: string;
  readonly needs: readonly StepKey[];
  /** `maybe`: rules read arguments that are not known before. `missing`: there is no such target, operation or capability. */
  readonly policy: 'allow' | 'approval' | 'maybe' | 'deny' | 'missing' | 'none';
  readonly reason: string;
  readonly rules: readonly string[];
  /** Of one call, as expected; null: nobody can say before. */
  readonly costMicros: number | null;
  /** Of one call with all its attempts; null: nobody can say before. */
  readonly mostMicros: number | null;
  /** How often it runs; null: once for each item of a list whose length is not known before. */
  readonly items: number | null;
  readonly compensatedBy: string;
}
