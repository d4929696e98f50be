/** The policies that may decide calls on this node by now, so that a call that two nodes decide is decided by one version. */
import type { Decided, Scope } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import { notSent } from '../kernel/index.ts';
import type { PreparedPolicy } from './prepare.ts';
import type { Trial, Trials } from './trials.ts';
import type { Watch } from './watch.ts';

/** What one snapshot says about policy. */
export interface InForce {
  readonly snapshotSeq: number;
  readonly active: PreparedPolicy;
  readonly trials: Trials;
  /** Sees every decision of the active policy. */
  readonly watch?: Watch | undefined;
}

/** A policy that a sender named and that may decide here. */
export type Named =
  | { readonly kind: 'active' }
  /** `trial` as the sender has it: with the rules that it had before the configuration changed around it, maybe. */
  | { readonly kind: 'canary'; readonly trial: Trial; readonly snapshotSeq: number }
  | { readonly kind: 'replaced'; readonly policy: PreparedPolicy; readonly snapshotSeq: number };

type Replaced = Exclude<Named, { kind: 'active' }> & { readonly version: string; readonly untilMs: number };

/** How long a call may be on its way between two nodes with the policy that decided it there and is active here no more. */
export const REPLACED_STAYS_MS = 2_000;
/** For a snapshot that the sender has and this node does not: they travel for tenths of a second. */
export const SNAPSHOT_WAIT_MS = 1_000;
/** Calls that wait for one at a time; more decide with what is there. A node that names snapshots that never come must not fill us. */
const MOST_WAITING = 256;

/** Lives as long as the pipeline of a node. Only ever holds what the control plane signed and this node put in force. */
export class Versions {
  #now: InForce | undefined;
  #replaced: readonly Replaced[] = [];
  readonly #waiting = new Set<{ readonly snapshotSeq: number; readonly arrived: () => void }>();

  /** Without one, nothing may decide before the first `adopt`. */
  constructor(now?: InForce) {
    this.#now = now;
  }

  get now(): InForce {
    if (this.#now === undefined) throw new Fault('stale', 'this node has no configuration yet');
    return this.#now;
  }

  /** A release that was halted is gone at once; the policy that was active until now stays for calls that are on their way. */
  adopt(next: InForce, nowMs: number): void {
    const before = this.#now;
    this.#now = next;
    this.#replaced = this.#replaced.filter(({ untilMs }) => nowMs < untilMs);
    // Nodes elsewhere in the tree name what the levels above decide with: what a domain changes for itself holds for them at once.
    if (before?.snapshotSeq === next.snapshotSeq && before.active.version !== next.active.version) this.#replaced = [];
    else if (before !== undefined)
      this.#replaced = [...replacedBy(next, before, nowMs + REPLACED_STAYS_MS), ...this.#replaced];
    for (const waiter of [...this.#waiting]) if (waiter.snapshotSeq <= next.snapshotSeq) waiter.arrived();
  }

  /** Undefined for what does not decide calls here: unknown, not here yet, a shadow, halted, or replaced for too long. */
  find(decided: Decided, tenant: string, nowMs: number): Named | undefined {
    const { version } = decided;
    if (decided.trial !== undefined) {
      const canary = this.#canary(decided, tenant, nowMs);
      // The same rules may be active here and on trial there: which tree is whose, only the newer snapshot can tell.
      if (canary !== undefined || this.isBehind(decided)) return canary;
    }
    return this.now.active.version === version ? ACTIVE : this.#before('replaced', version, nowMs);
  }

  /** Is this what is on trial here too, whatever its rules became? */
  trialOf({ trial: sinceMs }: Decided, tenant: string): Trial | undefined {
    const trial = this.now.trials.get(tenant);
    return trial?.mode === 'canary' && trial.sinceMs === sinceMs ? trial : undefined;
  }

  #canary(decided: Decided, tenant: string, nowMs: number): Named | undefined {
    const trial = this.trialOf(decided, tenant);
    if (trial === undefined) return undefined;
    if (trial.policy.version === decided.version) return { kind: 'canary', trial, snapshotSeq: this.now.snapshotSeq };
    const before = this.#before('canary', decided.version, nowMs);
    return before?.kind === 'canary' && before.trial.name === trial.name ? before : undefined;
  }

  #before(kind: Replaced['kind'], version: string, nowMs: number): Replaced | undefined {
    return this.#replaced.find((one) => one.kind === kind && one.version === version && nowMs < one.untilMs);
  }

  isBehind({ snapshotSeq }: Decided): boolean {
    return this.now.snapshotSeq < snapshotSeq;
  }

  /** Resolves when that snapshot or a later one is in force here, or has not come in time. Rejects when the call ends first. */
  arrival({ snapshotSeq }: Decided, scope: Scope): Promise<void> {
    if (this.#waiting.size >= MOST_WAITING) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const over = (): void => {
        this.#waiting.delete(waiter);
        timer.cancel();
        forget();
      };
      const arrived = (): void => {
        over();
        resolve();
      };
      const waiter = { snapshotSeq, arrived };
      const timer = scope.clock.after(SNAPSHOT_WAIT_MS, arrived);
      let forget = (): void => {};
      this.#waiting.add(waiter);
      forget = scope.signal.onCancel((reason) => {
        over();
        reject(notSent(Fault.from(reason)));
      });
    });
  }
}

const ACTIVE: Named = { kind: 'active' };

/** A trial that goes on with other rules, because the configuration changed around it, is replaced; one that ended is gone. */
const replacedBy = (next: InForce, { active, trials, snapshotSeq }: InForce, untilMs: number): readonly Replaced[] => {
  const replaced: Replaced[] = [];
  const { version } = active;
  if (version !== next.active.version)
    replaced.push({ kind: 'replaced', policy: active, version, snapshotSeq, untilMs });
  for (const [tenant, trial] of trials) {
    const { version } = trial.policy;
    const after = next.trials.get(tenant);
    if (trial.mode === 'canary' && after?.name === trial.name && after.policy.version !== version)
      replaced.push({ kind: 'canary', trial, version, snapshotSeq, untilMs });
  }
  return replaced;
};
