/** Watches what a release on trial does to calls, and says when it must not go on. Pure: events in, a verdict out. */
import type { Arms, ArmTally, CallEvent, StepEvent } from '../../contract/index.ts';

/** Fewer calls of either arm than this prove nothing. */
export const LEAST_CALLS = 50;
/** Fewer approvals than this are chance. */
const LEAST_APPROVALS = 10;
const APPROVAL_FACTOR = 2;
/** Of a two-proportion test. High, because the test is made after every batch and not once: 3.3 is 1 in 1,000 for a single look. */
const LEAST_Z = 3.3;
/** Calls whose decisions were counted; a call that passes several nodes counts once in each arm. */
const REMEMBERED_CALLS = 20_000;

export interface Watched {
  readonly tenant: string;
  readonly release: string;
  /** Points by which the deny rate may move. */
  readonly denyBand: number;
}

type Arm = 'canary' | 'stable';

class Tally implements ArmTally {
  calls = 0;
  denied = 0;
  approvals = 0;
  errors = 0;
}

interface Round {
  readonly watched: Watched;
  readonly canary: Tally;
  readonly stable: Tally;
  differed: number;
  /** Why it must halt; kept, so that one verdict is given once. */
  verdict: string | undefined;
}

export class ReleaseWatch {
  readonly #rounds = new Map<string, Round>();
  readonly #seen = new Set<string>();

  /** These and no others. Counts are kept while the same release goes on, with another percentage or another band. */
  follow(all: readonly Watched[]): void {
    const before = new Map(this.#rounds);
    this.#rounds.clear();
    for (const watched of all) {
      const key = keyOf(watched);
      this.#rounds.set(key, { ...(before.get(key) ?? begun()), watched });
    }
  }

  tallies(watched: Pick<Watched, 'tenant' | 'release'>): Arms | null {
    const round = this.#rounds.get(keyOf(watched));
    if (round === undefined) return null;
    return { canary: { ...round.canary }, stable: { ...round.stable }, differed: round.differed };
  }

  /** Answers the releases that must halt because of these events, with the reason; each once. */
  take(events: readonly CallEvent[]): readonly (Watched & { readonly reason: string })[] {
    if (this.#rounds.size === 0) return [];
    const touched = new Set<Round>();
    for (const event of events) {
      for (const step of event.steps) {
        const round = step.name === 'decide' ? this.#count(event, step) : undefined;
        if (round !== undefined) touched.add(round);
      }
    }
    return [...touched].flatMap((round) => {
      if (round.verdict !== undefined) return [];
      round.verdict = verdictOf(round);
      return round.verdict === undefined ? [] : [{ ...round.watched, reason: round.verdict }];
    });
  }

  #count(event: CallEvent, { attributes }: StepEvent): Round | undefined {
    const { release, arm, effect, code, errors, shadow, shadowErrors } = attributes;
    if (typeof release !== 'string') return undefined;
    const round = this.#rounds.get(keyOf({ tenant: event.tenant, release }));
    if (round === undefined) return undefined;
    const broken = Array.isArray(errors) || code === 'POLICY_ERROR';
    if (shadow !== undefined) round.differed += 1;
    // A shadow decides nothing, but a rule that fails in it would fail for real.
    if (Array.isArray(shadowErrors)) round.canary.errors += 1;
    if (!isArm(arm)) return round;
    const tally = round[arm];
    if (broken) tally.errors += 1;
    if (this.#isNew(`${release} ${event.callId}`)) {
      tally.calls += 1;
      if (effect === 'deny') tally.denied += 1;
      if (effect === 'require_approval') tally.approvals += 1;
    }
    return round;
  }

  #isNew(key: string): boolean {
    if (this.#seen.has(key)) return false;
    if (this.#seen.size >= REMEMBERED_CALLS) this.#seen.delete(this.#seen.values().next().value!);
    this.#seen.add(key);
    return true;
  }
}

const begun = (): Omit<Round, 'watched'> => ({
  canary: new Tally(),
  stable: new Tally(),
  differed: 0,
  verdict: undefined,
});

const keyOf = ({ tenant, release }: Pick<Watched, 'tenant' | 'release'>): string => JSON.stringify([tenant, release]);

const isArm = (value: unknown): value is Arm => value === 'canary' || value === 'stable';

/** Why this release must not go on, in one sentence; undefined while all is well. */
export const verdictOf = ({
  watched,
  canary,
  stable,
}: {
  readonly watched: Pick<Watched, 'denyBand'>;
  readonly canary: ArmTally;
  readonly stable: ArmTally;
}): string | undefined => {
  if (canary.errors > 0) return 'a rule of it could not be evaluated';
  if (canary.calls < LEAST_CALLS || stable.calls < LEAST_CALLS) return undefined;
  const points = (rateOf(canary.denied, canary) - rateOf(stable.denied, stable)) * 100;
  if (Math.abs(points) > watched.denyBand && zOf(canary, stable) > LEAST_Z) {
    return (
      `it denies ${percent(rateOf(canary.denied, canary))} of ${canary.calls} calls where the active policy denies ` +
      `${percent(rateOf(stable.denied, stable))} of ${stable.calls}, and ${watched.denyBand} points are allowed`
    );
  }
  const [now, before] = [rateOf(canary.approvals, canary), rateOf(stable.approvals, stable)];
  if (canary.approvals >= LEAST_APPROVALS && now > APPROVAL_FACTOR * before)
    return `it asks for an approval in ${percent(now)} of ${canary.calls} calls where the active policy does in ${percent(before)}`;
  return undefined;
};

const rateOf = (count: number, { calls }: ArmTally): number => (calls === 0 ? 0 : count / calls);

/** Two proportions with a pooled estimate: how many standard errors the deny rates of the arms are apart. */
const zOf = (a: ArmTally, b: ArmTally): number => {
  const pooled = (a.denied + b.denied) / (a.calls + b.calls);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / a.calls + 1 / b.calls));
  if (error === 0) return 0;
  return Math.abs(rateOf(a.denied, a) - rateOf(b.denied, b)) / error;
};

const percent = (rate: number): string => `${(rate * 100).toFixed(1)} %`;
