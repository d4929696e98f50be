/** Goes through everything that could still happen: asks the policies, and where one needs an unknown, tries each of its kinds of value. */
import type { PolicyEntry } from '../../contract/index.ts';
import type { CompiledPolicy, Env } from '../compile/index.ts';
import { EvaluationError } from '../evaluation-error.ts';
import type { OpenPolicy, Reading } from './open.ts';
import { type Bounds, type Example, examplesOf, OpenContext, Undecided } from './unknowns.ts';

export interface OpenLevel {
  readonly name: string;
  readonly permits: readonly OpenPolicy[];
  readonly forbids: readonly OpenPolicy[];
  /** Limit rules; a satisfied one denies when it `excludes` the target. */
  readonly limits: readonly { readonly open: OpenPolicy; readonly excludes: boolean }[];
}

export interface OpenQuestion {
  readonly levels: readonly OpenLevel[];
  readonly env: Omit<Env, 'context'>;
  /** What is known of the context, and what the asker assumed, by name of the unknown. */
  readonly known: ReadonlyMap<string, Example>;
  readonly boundsOf: (unknown: string) => Bounds | undefined;
  /** The only value that an unknown can have here; undefined when there may be several. */
  readonly settled: (reading: Reading) => Example | undefined;
}

export interface Rule {
  readonly level: string;
  readonly entry: PolicyEntry;
}

/** One way in which it can go. `missing` and `denying` are empty unless it is denied. */
export interface Ending {
  readonly effect: 'allow' | 'approval' | 'deny';
  readonly permitting: readonly Rule[];
  readonly denying: readonly Rule[];
  readonly missing: readonly string[];
}

/** Where a rule asks for an unknown. */
export interface Use {
  readonly rule: Rule;
  readonly reading: Reading;
}

export interface Explored {
  readonly endings: readonly Ending[];
  /** Unknowns that made a difference to how far it was looked, with all that policies ask of them. */
  readonly asked: ReadonlyMap<string, readonly Use[]>;
  /** False when it was too much to look at everything: then other endings may exist. */
  readonly complete: boolean;
}

/** Each step evaluates the rules of one question once. What people write needs a few dozen. */
const MAX_STEPS = 2_000;

/** `enough` ends the search early: a yes or no needs fewer endings than a list of reasons. */
export const explore = (question: OpenQuestion, enough: (effects: ReadonlySet<string>) => boolean): Explored => {
  const uses = Map.groupBy(question.levels.flatMap(usesOf), ({ reading }) => reading.name);
  // The other side of a comparison reads nothing that is open.
  const nothing: Env = { ...question.env, context: new OpenContext(new Map()) };
  const endings: Ending[] = [];
  const effects = new Set<string>();
  const asked = new Map<string, readonly Use[]>();
  const branches: ReadonlyMap<string, Example>[] = [question.known];
  for (let step = 0; branches.length > 0; step++) {
    if (step === MAX_STEPS) return { endings, asked, complete: false };
    const known = branches.pop() as ReadonlyMap<string, Example>;
    const found = judge(question, known);
    if ('unknown' in found) {
      const own = uses.get(found.unknown) ?? [];
      const readings = own.map(({ reading }) => reading);
      const [only] = readings.flatMap((reading) => question.settled(reading) ?? []);
      if (only === undefined) asked.set(found.unknown, own);
      const examples = only === undefined ? examplesOf(readings, nothing, question.boundsOf(found.unknown)) : [only];
      for (const example of examples) branches.push(new Map([...known, [found.unknown, example]]));
    } else {
      endings.push(found);
      effects.add(found.effect);
      if (enough(effects)) break;
    }
  }
  return { endings, asked, complete: true };
};

const usesOf = ({ name, permits, forbids, limits }: OpenLevel): readonly Use[] =>
  [...permits, ...forbids, ...limits.map(({ open }) => open)].flatMap((open) =>
    open.readings.map((reading) => ({ rule: ruleOf(name, open), reading })),
  );

type Outcome = boolean | 'failed' | Undecided;

const outcomeOf = ({ holds }: OpenPolicy, env: Env): Outcome => {
  try {
    return holds(env);
  } catch (thrown) {
    if (thrown instanceof Undecided) return thrown;
    if (thrown instanceof EvaluationError) return 'failed';
    throw thrown;
  }
};

const needsApproval = ({ entry }: CompiledPolicy): boolean => entry.annotations['remedy'] === 'approval';

/**
 * The rules of `decide` in Kleene's logic: what already denies, denies whatever the rest is, and only then are unknowns asked for.
 * INVARIANT: with nothing unknown it answers as `decide` does; a property test holds them together.
 */
const judge = (question: OpenQuestion, known: ReadonlyMap<string, Example>): Ending | Undecided => {
  const env: Env = { ...question.env, context: new OpenContext(known) };
  const seen = new Seen();
  for (const level of question.levels) seen.level(level, env);
  const { permitting, denying, missing } = seen;
  if (denying.length + missing.length > 0) return { effect: 'deny', permitting: [], denying, missing };
  return seen.undecided ?? { effect: seen.waits ? 'approval' : 'allow', permitting, denying, missing };
};

class Seen {
  readonly permitting: Rule[] = [];
  readonly denying: Rule[] = [];
  readonly missing: string[] = [];
  undecided: Undecided | undefined;
  waits = false;

  level({ name, permits, forbids, limits }: OpenLevel, env: Env): void {
    for (const open of forbids) this.#forbid(name, open, outcomeOf(open, env));
    for (const { open, excludes } of limits) this.#limit(name, open, excludes, outcomeOf(open, env));
    const outcomes = permits.map((open) => ({ open, outcome: outcomeOf(open, env) }));
    const satisfied = outcomes.filter(({ outcome }) => outcome === true);
    const waiting = outcomes.find(({ outcome }) => outcome instanceof Undecided);
    this.permitting.push(...satisfied.map(({ open }) => ruleOf(name, open)));
    if (satisfied.length > 0) return;
    if (waiting === undefined) this.missing.push(name);
    else this.undecided ??= waiting.outcome as Undecided;
  }

  #forbid(level: string, open: OpenPolicy, outcome: Outcome): void {
    if (outcome instanceof Undecided) this.undecided ??= outcome;
    else if (outcome === 'failed' || (outcome && !needsApproval(open.policy))) this.denying.push(ruleOf(level, open));
    else if (outcome) this.waits = true;
  }

  #limit(level: string, open: OpenPolicy, excludes: boolean, outcome: Outcome): void {
    // Whether a satisfied limit applies makes no difference to who may call, unless it takes the model away or fails.
    if (outcome instanceof Undecided) this.undecided ??= excludes || mayFail(open) ? outcome : undefined;
    else if (outcome === 'failed' || (outcome && excludes)) this.denying.push(ruleOf(level, open));
  }
}

const mayFail = ({ readings }: OpenPolicy): boolean => readings.some((reading) => reading.mayFail);

const ruleOf = (level: string, { policy }: OpenPolicy): Rule => ({ level, entry: policy.entry });
