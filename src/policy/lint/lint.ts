/** Holds bundles against what exists and against each other. Finds more than `apply` refuses: rules that say nothing, or take everything. */
import type { DomainEntry, PolicyEntry, PolicyLevel, Snapshot, TargetEntry } from '../../contract/index.ts';
import type { EntryKind } from '../annotations.ts';
import { argumentsIn, type Bundle } from '../bundle.ts';
import { type Catalog, catalogOf } from '../catalog.ts';
import { clausesOf } from '../clauses.ts';
import type { CompiledPolicy } from '../compile/index.ts';
import type { Est, Expr } from '../est.ts';
import { type Mistake, placed } from '../mistake.ts';
import { type RegistryNames, suggestion } from '../names.ts';
import { onlyNearest } from '../nearest.ts';
import { type LocatedEntry, parsePolicies } from '../parse.ts';
import { childrenOf, partsOf, pathOf, textOf } from '../partial/path.ts';
import { atIndex, rangeIn, type Source } from '../position.ts';
import { ORG, type PreparedTenant, preparePolicy } from '../prepare.ts';
import { ACTION_PARENTS, CEDAR_LANGUAGE } from '../schema.ts';
import { stringPlace, tokensOf } from '../tokens.ts';
import { Verdicts } from '../validate.ts';
import { covers, isAsHard } from './covers.ts';
import { type Finding, inOrder, type LintRule, placeOf } from './finding.ts';
import { isSatisfiable, matchesSomething, type Population, populationOf } from './satisfiable.ts';

export interface LintInput {
  /** What is to be judged. */
  readonly bundles: readonly Bundle[];
  /** What exists, in all tenants. */
  readonly names: RegistryNames;
  readonly targets: readonly TargetEntry[];
  readonly domains: readonly DomainEntry[];
}

/** By file and line. Errors are rules without any effect, or a level that denies everything; warnings are most likely not meant. */
export const lintPolicies = (input: LintInput): readonly Finding[] => judgePolicies(input).findings;

export interface Judgement {
  readonly findings: readonly Finding[];
  /** Those that could be read, with the place of every rule. */
  readonly levels: readonly ReadLevel[];
  readonly tenants: ReadonlyMap<string, PreparedTenant>;
  /** What is wrong with facts, each after the place of its declaration. */
  readonly problems: readonly string[];
}

/** The same, for who goes on with what was read. */
export const judgePolicies = (input: LintInput): Judgement => {
  const { bundles, names, targets } = input;
  const verdicts = new Verdicts();
  const tenants = new Set([...bundles, ...targets].map(({ tenant }) => tenant));
  const catalogs = new Map([...tenants].map((tenant) => [tenant, catalogOf(names, tenant)]));
  const read = bundles.map((bundle) => readBundle(bundle, catalogs.get(bundle.tenant) as Catalog, verdicts));
  const levels = read.flatMap(({ entries, bundle }) => (entries === undefined ? [] : [{ ...bundle, ...entries }]));
  const prepared = preparePolicy({
    ...input,
    teams: names.teams ?? [],
    policy: policyOf(levels, [...catalogs.values()]),
  });
  const findings = [
    ...read.flatMap(({ findings }) => findings),
    ...levels.flatMap((level) => {
      const tenant = prepared.tenants.get(level.tenant) as PreparedTenant;
      const users = input.names.users.filter((user) => user.tenant === level.tenant);
      return lintLevel({ level, levels, tenant, population: populationOf(tenant, users), names: input.names });
    }),
  ].sort(inOrder);
  const problems = [...catalogs.values()].flatMap((catalog) => catalog.problems);
  return { findings, levels, tenants: prepared.tenants, problems };
};

interface Entries {
  readonly policies: readonly LocatedEntry[];
  readonly limits: readonly LocatedEntry[];
}

export type ReadLevel = Pick<Bundle, 'tenant' | 'level'> & Entries & { readonly texts: readonly Source[] };

interface ReadBundle {
  readonly bundle: Pick<Bundle, 'tenant' | 'level'> & { readonly texts: readonly Source[] };
  /** Absent when a text could not be read: what is known of it would be a part only. */
  readonly entries?: Entries;
  readonly findings: readonly Finding[];
}

const readBundle = ({ tenant, level, policies, limits }: Bundle, catalog: Catalog, verdicts: Verdicts): ReadBundle => {
  const sourceOf = ({ text, source }: Bundle['policies'], kind: EntryKind): Source => ({
    text,
    name: source ?? `${kind} of \`${tenant}/${level}\``,
  });
  const rulesText = sourceOf(policies, 'policies');
  const limitsText = limits === undefined ? { text: '', name: '' } : sourceOf(limits, 'limits');
  const rules = parsePolicies(rulesText, 'policies', catalog, verdicts);
  const limiting = parsePolicies(limitsText, 'limits', catalog, verdicts);
  const problems = [
    ...rules.mistakes.map((mistake) => mistakeFinding(rulesText, mistake, level)),
    ...limiting.mistakes.map((mistake) => mistakeFinding(limitsText, mistake, level)),
  ];
  const bundle = { tenant, level, texts: [rulesText, limitsText] };
  if (problems.length > 0) return { bundle, findings: problems };
  const entries = { policies: rules.entries, limits: limiting.entries };
  return { bundle, entries, findings: denyingFindings(level, policies.source ?? `level \`${level}\``, rules.entries) };
};

const mistakeFinding = (source: Source, mistake: Mistake, level: string): Finding => ({
  severity: 'error',
  rule: problemRule(mistake.message),
  code: mistake.code,
  ...placeOf(mistake.at === undefined ? source.name : atIndex(source, mistake.at)),
  ...placed(source, mistake),
  level,
  policy: mistake.policy,
  message: mistake.message,
});

const problemRule = (message: string): LintRule => {
  if (/\bimpossible\b/.test(message)) return 'never-matches';
  if (/^there is no (operation|action) /.test(message)) return 'unknown-operation';
  return message.includes('there is no ') ? 'unknown-name' : 'invalid';
};

/** The quietest way to deny everything. */
const denyingFindings = (level: string, file: string, entries: readonly PolicyEntry[]): readonly Finding[] => {
  if (entries.some(({ effect }) => effect === 'permit')) return [];
  const reach = level === ORG ? 'every call' : `every call from, to or inside of domain \`${level}\``;
  const empty = entries.length === 0;
  const why = empty ? 'the bundle is empty' : 'the level has forbids and no permit';
  const message = `${why}, so ${reach} is denied; permit something, or remove the bundle`;
  return [
    { severity: 'error', rule: empty ? 'empty-bundle' : 'no-permit', ...placeOf(file), level, policy: '', message },
  ];
};

const policyOf = (levels: readonly ReadLevel[], catalogs: readonly Catalog[]): Snapshot['policy'] => ({
  version: '',
  cedar: CEDAR_LANGUAGE,
  actionParents: ACTION_PARENTS,
  arguments: catalogs.flatMap(argumentsIn),
  levels: levels.map(({ tenant, level, policies, limits }): PolicyLevel => ({ tenant, level, policies, limits })),
});

interface Judged {
  readonly level: ReadLevel;
  /** All that could be read, of all tenants. */
  readonly levels: readonly ReadLevel[];
  readonly tenant: PreparedTenant;
  readonly population: Population;
  readonly names: RegistryNames;
}

const lintLevel = (judged: Judged): readonly Finding[] => {
  const { level, tenant } = judged;
  const compiled = tenant.levels.get(level.level);
  const rules = [...(compiled?.policies ?? []), ...(compiled?.limits.map(({ policy }) => policy) ?? [])];
  return rules.flatMap((policy) => {
    const entry = policy.entry as LocatedEntry;
    const say = (severity: Finding['severity'], rule: LintRule, message: string): Finding => ({
      severity,
      rule,
      ...placeOf(entry.at),
      ...headOf(entry, level),
      level: level.level,
      policy: entry.id,
      message,
    });
    const unknown = unknownOperations(entry, judged, say);
    // What never matches is idle for that reason, whatever else says the same.
    if (!isSatisfiable(policy)) return [...unknown, say('error', 'never-matches', EXCLUSIVE)];
    return [...unknown, ...reachFindings(policy, judged, say), ...overlaps(entry, judged, say)];
  });
};

/** Where a rule begins, in whichever of the two texts it stands. */
export const headOf = (entry: LocatedEntry, { policies, texts }: ReadLevel): Pick<Finding, 'range'> => {
  const source = texts[policies.includes(entry) ? 0 : 1];
  return source === undefined ? {} : { range: rangeIn(source.text, entry.head) };
};

const EXCLUSIVE = 'its conditions exclude each other, so it never matches; correct or remove it';

type Say = (severity: Finding['severity'], rule: LintRule, message: string) => Finding;

const reachFindings = (policy: CompiledPolicy, { population }: Judged, say: Say): readonly Finding[] => {
  if (population.tenant.operations.size === 0 || population.callers.length === 0) return [];
  if (matchesSomething(policy, population)) return [];
  const what = 'nobody who is registered can call anything that is registered so that it matches; check its scope';
  return [say('warning', 'matches-nothing', what)];
};

/** Rules of the same bundle that make this one idle. */
const overlaps = (entry: LocatedEntry, { level, levels, tenant }: Judged, say: Say): readonly Finding[] => {
  const at = level.policies.indexOf(entry);
  if (at < 0) return [];
  const est = entry.est as Est;
  const forbids = levels
    .filter((one) => one.tenant === level.tenant && (one.level === level.level || one.level === ORG))
    .flatMap((one) => one.policies.map((rule) => ({ level: one.level, rule })))
    .filter(({ rule }) => rule.effect === 'forbid' && rule.annotations['remedy'] === undefined);
  const shadow = entry.effect === 'permit' && forbids.find(({ rule }) => covers(rule.est as Est, est, tenant.entities));
  if (shadow)
    return [
      say('error', 'shadowed', `whenever it permits, \`${shadow.level}/${shadow.rule.id}\` forbids; it has no effect`),
    ];
  const others = level.policies.map((rule, index) => ({ rule, index })).filter(({ index }) => index !== at);
  const same = others.filter(({ rule }) => rule.effect === entry.effect && isAsHard(rule, entry));
  const wider = same.filter(({ rule }) => covers(rule.est as Est, est, tenant.entities));
  const twin = wider.find(({ rule }) => isAsHard(entry, rule) && covers(est, rule.est as Est, tenant.entities));
  if (twin !== undefined)
    return twin.index < at
      ? [say('warning', 'duplicate', `it says the same as \`${twin.rule.id}\`; remove one of them`)]
      : [];
  const [stronger] = wider;
  return stronger === undefined
    ? []
    : [say('warning', 'implied', `\`${stronger.rule.id}\` already says it; it has no effect of its own`)];
};

/** Attributes whose value is the name of an operation. */
const OPERATION_NAMES: ReadonlySet<string> = new Set(['context.operation', 'resource.name']);

const unknownOperations = (entry: LocatedEntry, { level, names }: Judged, say: Say): readonly Finding[] => {
  const own = names.targets.filter(({ tenant }) => tenant === level.tenant);
  const known = new Set(own.flatMap(({ operations }) => operations.map(({ name }) => name)));
  const named = new Set(clausesOf(entry.est as Est).flatMap(operationNames));
  return [...named]
    .filter((name) => !known.has(name))
    .map((name) => ({
      ...say('error', 'unknown-operation', `no target has an operation \`${name}\`${suggestion(name, known)}`),
      ...namedAt(entry, level, name, known),
    }));
};

/** The name itself, and what it should most likely be. */
const namedAt = (entry: LocatedEntry, { policies, texts }: ReadLevel, name: string, known: ReadonlySet<string>) => {
  const text = texts[policies.includes(entry) ? 0 : 1]?.text ?? '';
  const { start } = entry.head;
  const place = stringPlace(tokensOf(text.slice(start)), name);
  if (place === undefined) return {};
  const range = rangeIn(text, { start: start + place.start, end: start + place.end });
  const near = onlyNearest(name, known);
  return { range, ...(near === undefined ? {} : { suggestion: { range, text: JSON.stringify(near).slice(1, -1) } }) };
};

/** Texts that are compared with the name of an operation, alone or in a set. */
const operationNames = (expr: Expr): readonly string[] => {
  const [operator, body] = partsOf(expr);
  const children = childrenOf(operator, body);
  if ((operator === '==' || operator === 'contains') && children.some(isOperationName))
    return children.flatMap(textsIn);
  return children.flatMap(operationNames);
};

const isOperationName = (expr: Expr): boolean => {
  const path = pathOf(expr);
  return path !== undefined && OPERATION_NAMES.has(textOf(path));
};

const textsIn = (expr: Expr): readonly string[] => {
  const [operator, body] = partsOf(expr);
  if (operator === 'Value') return typeof body === 'string' ? [body] : [];
  return operator === 'Set' ? (body as readonly Expr[]).flatMap(textsIn) : [];
};
