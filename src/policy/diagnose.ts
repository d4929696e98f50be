/** Everything that can be said about policy texts while somebody writes them: what is wrong, what is idle, and what they would change. */
import type { Diagnostic, PolicyLevel } from '../contract/index.ts';
import { catalogOf } from './catalog.ts';
import { withCedar } from './cedar.ts';
import { EntityStore } from './entities.ts';
import {
  type Change,
  compareLevels,
  type Finding,
  headOf,
  judgePolicies,
  type LintInput,
  type ReadLevel,
} from './lint/index.ts';
import { placed } from './mistake.ts';
import { parsePolicies } from './parse.ts';
import { Verdicts } from './validate.ts';

export interface DiagnoseInput extends LintInput {
  /** Levels in force, to tell wider from narrower. Null: there is nothing to compare with. */
  readonly active: readonly PolicyLevel[] | null;
}

/** Without a range it is about the whole file. */
export type PolicyDiagnostic = Omit<Diagnostic, 'range'> & Partial<Pick<Diagnostic, 'range'>>;

export const diagnosePolicies = ({ active, ...input }: DiagnoseInput): readonly PolicyDiagnostic[] => {
  const { findings, levels, tenants, problems } = judgePolicies(input);
  const told = [...findings.map(diagnosticOf), ...problems.map(ofFact)];
  if (active === null) return told;
  const judged = new Set(levels.map(keyOf));
  const base = active.filter((level) => judged.has(keyOf(level)));
  const changes = compareLevels(base, levels, (tenant) => tenants.get(tenant)?.entities ?? NOBODY);
  return [...told, ...changes.flatMap((change) => changeOf(change, levels))];
};

/** Facts have no text of their own: their place is the resource, by its key or as its author knows it. */
const ofFact = (problem: string): PolicyDiagnostic => {
  const [, file = '', message = problem] = /^(\S+): (.*)$/s.exec(problem) ?? [];
  return { file, severity: 'error', code: 'fact', message };
};

const NOBODY = new EntityStore([]);

const keyOf = ({ tenant, level }: Pick<PolicyLevel, 'tenant' | 'level'>): string => `${tenant}/${level}`;

const diagnosticOf = ({
  file,
  range,
  severity,
  rule,
  code,
  policy,
  message,
  suggestion,
}: Finding): PolicyDiagnostic => ({
  file,
  severity,
  code: code ?? rule,
  message: policy === '' ? message : `policy \`${policy}\`: ${message}`,
  ...(range === undefined ? {} : { range }),
  ...(suggestion === undefined ? {} : { suggestion }),
});

/** At the rule that changes; what is gone is told of the file that it is gone from. */
const changeOf = ({ tenant, level, id, direction, what }: Change, levels: readonly ReadLevel[]): PolicyDiagnostic[] => {
  const found = levels.find((one) => one.tenant === tenant && one.level === level);
  if (found === undefined) return [];
  const entry = [...found.policies, ...found.limits].find((one) => one.id === id);
  const [policies, limits] = found.texts;
  const text = entry === undefined || found.policies.includes(entry) ? policies : limits;
  const about = id === '' ? `level \`${level}\`` : `\`${level}/${id}\``;
  return [
    {
      file: text?.name ?? '',
      severity: 'information',
      code: direction,
      message: `${SAYS[direction]} the active policy: ${about}: ${what}`,
      ...(entry === undefined ? {} : headOf(entry, found)),
    },
  ];
};

const SAYS: Readonly<Record<Change['direction'], string>> = {
  wider: 'wider than',
  narrower: 'narrower than',
  unclear: 'neither clearly wider nor narrower than',
};

const FORM: ReadonlySet<string> = new Set(['syntax', 'too-large']);

/** Only the form of a text: what it may be about is not known. */
export const diagnoseForm = (name: string, text: string): readonly PolicyDiagnostic[] => {
  const source = { name, text };
  const nothing = catalogOf({ targets: [], domains: [], users: [] }, '');
  return parsePolicies(source, 'policies', nothing, new Verdicts())
    .mistakes.filter(({ code }) => FORM.has(code))
    .map((mistake) => ({
      file: name,
      severity: 'error',
      code: mistake.code,
      message: mistake.message,
      ...placed(source, mistake),
    }));
};

/** As Cedar's formatter writes it, comments included; undefined for a text that cannot be read. */
export const formatPolicy = (text: string): string | undefined =>
  withCedar((cedar) => {
    const answer = cedar.formatPolicies({ policyText: text, lineWidth: 100, indentWidth: 2 });
    return answer.type === 'success' ? answer.formatted_policy : undefined;
  });
