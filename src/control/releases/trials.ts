/** Holds releases against every configuration that is published: which are on trial beside it, and which that can no longer be. */
import {
  type Clock,
  Fault,
  type PolicyCandidate,
  type ReleaseContent,
  type ReleaseRecord,
  type ReleaseStore,
  type Snapshot,
} from '../../contract/index.ts';
import type { CompilePolicy } from '../compile.ts';
import type { Configuration } from '../configuration.ts';
import type { Trials } from '../plane.ts';
import { policyOf, withPolicy } from '../policy.ts';
import { digestOf, policyOfRelease } from './seal.ts';
import { advance, type ReleaseEvent } from './state.ts';
import { compileTenant } from './tenant.ts';
import type { ReleaseWatch } from './watch.ts';

export interface TrialParts {
  readonly store: ReleaseStore;
  readonly compilePolicy: CompilePolicy;
  readonly clock: Clock;
  readonly watch: ReleaseWatch;
  /** Throws when the release is not what was signed. */
  readonly open: (record: ReleaseRecord) => ReleaseContent;
  readonly log: (level: 'info' | 'warn', message: string, fields: Readonly<Record<string, unknown>>) => void;
}

type Fate =
  | { readonly kind: 'stays' }
  | { readonly kind: 'tried'; readonly candidate: PolicyCandidate }
  | { readonly kind: 'moves'; readonly event: ReleaseEvent; readonly percent: number; readonly reason: string };

interface Judged {
  readonly record: ReleaseRecord;
  readonly fate: Fate;
}

/**
 * Level-triggered: what is stored about releases is the wish, and this makes the snapshot follow it. So a hub that died between
 * the two goes on where it was.
 */
export class ReleaseTrials implements Trials {
  readonly #parts: TrialParts;
  #judged: readonly Judged[] = [];

  constructor(parts: TrialParts) {
    this.#parts = parts;
  }

  async candidates(configuration: Configuration): Promise<readonly PolicyCandidate[]> {
    const records = await this.#parts.store.inForce();
    const judged: Judged[] = [];
    for (const record of records) judged.push({ record, fate: await this.#fateOf(record, configuration) });
    this.#judged = judged;
    return judged.flatMap(({ fate }) => (fate.kind === 'tried' ? [fate.candidate] : []));
  }

  async published(_: Configuration, snapshot: Snapshot): Promise<void> {
    const judged = this.#judged;
    this.#judged = [];
    const tried = judged.filter(({ fate }) => fate.kind === 'tried');
    this.#parts.watch.follow(tried.map(({ record: { tenant, id, denyBand } }) => ({ tenant, release: id, denyBand })));
    for (const { record, fate } of judged) if (fate.kind === 'moves') await this.#move(record, fate, snapshot.seq);
  }

  /** Somebody who changed the record meanwhile has published, or will, and then it is looked at again. */
  async #move(
    record: ReleaseRecord,
    { event, percent, reason }: Extract<Fate, { kind: 'moves' }>,
    seq: number,
  ): Promise<void> {
    const { store, clock, log } = this.#parts;
    const by = event === 'full' ? (record.log.at(-1)?.by ?? 'airspace') : 'airspace';
    const next = advance(record, { event, percent, by, reason, atMs: clock.wallMs() });
    try {
      await store.put(next);
      log(event === 'halt' ? 'warn' : 'info', `policy release ${next.state}`, { release: record.id, reason, seq });
    } catch (thrown) {
      log('warn', 'the state of a policy release could not be kept', { release: record.id, cause: String(thrown) });
    }
  }

  async #fateOf(record: ReleaseRecord, configuration: Configuration): Promise<Fate> {
    try {
      const content = this.#parts.open(record);
      const present = digestOf(policyOf(configuration, record.tenant));
      const isActive = present === digestOf(policyOfRelease(content));
      if (record.state === 'active')
        return isActive ? { kind: 'stays' } : moves('replaced', 'another policy is active');
      if (isActive) return { ...moves('full', record.log.at(-1)?.reason ?? ''), percent: 100 };
      if (present !== content.baseDigest)
        return moves('halt', 'the policy that it was made against is not the active one any more');
      return { kind: 'tried', candidate: await this.#candidateOf(record, content, configuration) };
    } catch (thrown) {
      return moves('halt', `it does not fit the present configuration: ${Fault.from(thrown).message}`);
    }
  }

  async #candidateOf(
    { id, tenant, state, percent, log }: ReleaseRecord,
    content: ReleaseContent,
    configuration: Configuration,
  ): Promise<PolicyCandidate> {
    const proposed = withPolicy(configuration, tenant, policyOfRelease(content));
    const { policy } = await compileTenant(proposed, tenant, this.#parts.compilePolicy);
    const mode = state === 'shadow' ? 'shadow' : 'canary';
    return { tenant, release: id, mode, sinceMs: sinceOf(log, state), percent, policy };
  }
}

/** When it came into this state: steps that only change the percentage go on with the same trial. */
const sinceOf = (log: ReleaseRecord['log'], state: ReleaseRecord['state']): number => {
  const before = log.findLastIndex((step) => step.state !== state);
  return Math.floor(log[before + 1]?.atMs ?? 0);
};

const moves = (event: ReleaseEvent, reason: string): Extract<Fate, { kind: 'moves' }> => ({
  kind: 'moves',
  event,
  percent: 0,
  reason,
});
