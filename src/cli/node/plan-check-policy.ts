/** What policy says of a step before it is a call: a sure answer where there is one, and what it depends on where there is none. */
import type { DomainEntry, Principal, Snapshot, StepCheck, Target } from '../../contract/index.ts';
import { explainMay, type MayAnswer, type PreparedPolicy } from '../../policy/index.ts';

export interface StepQuestion {
  readonly snapshot: Pick<Snapshot, 'domains'>;
  readonly policy: PreparedPolicy;
  readonly caller: Principal;
  readonly target: Target;
  /** Domain of the target. */
  readonly domain: string;
  readonly plan: { readonly name: string; readonly step: string };
  readonly taint: readonly string[];
  readonly payload: { readonly json: unknown } | undefined;
  readonly isAsked: string | undefined;
}

export type StepVerdict = Pick<StepCheck, 'policy' | 'reason' | 'rules'>;

export const judged = (asked: StepQuestion): StepVerdict => {
  const answer = answered(asked);
  const { may, refusal, permitting, denying, missing, approval, depends } = answer;
  if (may === 'no')
    return {
      policy: 'deny',
      reason:
        refusal?.reason ?? (missing.length > 0 ? `nothing permits it at ${missing.join(', ')}` : reasonsOf(denying)),
      rules: idsOf(denying),
    };
  const away = hubOver(asked);
  if (depends.length > 0 || (may === 'maybe' && !approval))
    return {
      policy: 'maybe',
      reason: dependsOn(answer),
      rules: idsOf([...denying, ...depends.flatMap(({ rules }) => rules)]),
    };
  if (approval || asked.isAsked !== undefined)
    return { policy: 'approval', reason: asked.isAsked ?? reasonsOf(permitting), rules: idsOf(permitting) };
  if (away !== undefined)
    return {
      policy: 'maybe',
      reason: `the hub of domain \`${away}\` decides too, and was not asked`,
      rules: idsOf(permitting),
    };
  return { policy: 'allow', reason: '', rules: idsOf(permitting) };
};

/** Whether a set holds a text is a question of its own, asked once more when it is known which texts rules look for. */
const answered = (asked: StepQuestion): MayAnswer => {
  const first = answeredWith(asked, new Map());
  const held = first.depends.flatMap(({ name, on }) => {
    const label = HOLDS.exec(on)?.[1];
    return label === undefined ? [] : [[name, asked.taint.includes(label)] as const];
  });
  return held.length === 0 ? first : answeredWith(asked, new Map(held));
};

const HOLDS = /^context\.taint\.contains\("([^"\\]*)"\)$/;

/** A payload that is no data of policies leaves its arguments unknown. */
const answeredWith = (
  { policy, caller, target, plan, taint, payload }: StepQuestion,
  clauses: ReadonlyMap<string, boolean>,
): MayAnswer => {
  const context = { plan, taint: [...taint] };
  if (payload === undefined) return explainMay(policy, caller, target, { context, clauses });
  try {
    return explainMay(policy, caller, target, { context: { ...context, args: payload.json }, clauses });
  } catch {
    return explainMay(policy, caller, target, { context, clauses });
  }
};

const MOST_NAMED = 3;

const dependsOn = ({ depends, approval }: MayAnswer): string => {
  const named = depends
    .slice(0, MOST_NAMED)
    .map(({ on, clauses }) => (clauses[0] === undefined ? on : `\`${clauses[0]}\``));
  const more = depends.length > MOST_NAMED ? ` and ${depends.length - MOST_NAMED} more` : '';
  const asks = approval ? '; people may be asked' : '';
  return `${named.length === 0 ? 'it depends on the circumstances' : `it depends on ${named.join(', ')}${more}`}${asks}`;
};

type Rules = MayAnswer['denying'];

const idsOf = (rules: Rules): readonly string[] => [
  ...new Set(rules.map(({ level, entry }) => `${level}/${entry.id}`)),
];

const reasonsOf = (rules: Rules): string =>
  [...new Set(rules.map(({ entry }) => entry.annotations['reason'] ?? entry.id))].slice(0, MOST_NAMED).join('; ');

/** The nearest domain with a hub of its own around the target, where the caller is not in it too. */
const hubOver = ({ snapshot, caller, domain }: StepQuestion): string | undefined => {
  const above = (name: string | undefined): readonly DomainEntry[] => {
    const found: DomainEntry[] = [];
    for (let at = name; at !== undefined && at !== '' && found.length < MOST_LEVELS; ) {
      const entry = snapshot.domains.find((one) => one.tenant === caller.tenant && one.name === at);
      if (entry === undefined) break;
      found.push(entry);
      at = entry.parent;
    }
    return found;
  };
  const around = new Set(above(caller.domain).map(({ name }) => name));
  return above(domain).find(({ name, delegated }) => delegated && !around.has(name))?.name;
};

const MOST_LEVELS = 64;
