/** Our contract for annotations: Cedar leaves them untyped, so a misspelt limit would silently not limit. */
import type { Constraints, LogPayload, PolicyEntry } from '../contract/index.ts';
import { approvalIn } from './approval-spec.ts';
import { LOG_PAYLOAD, union } from './constraints.ts';
import { joinRates, ratesIn } from './rate.ts';
import { isPointer } from './redact.ts';

/** `policies` decide; `limits` are permits whose annotations all apply and can only tighten. */
export type EntryKind = 'policies' | 'limits';

/** Value of `@priority`, from most to least urgent (L4). */
const PRIORITIES: ReadonlyMap<string, number> = new Map([
  ['interactive', 1],
  ['standard', 2],
  ['batch', 3],
]);

interface Rule {
  readonly on: readonly EntryKind[];
  readonly accepts: (text: string) => boolean;
  /** What a right value looks like; completes "must be". */
  readonly shape: string;
  readonly forbidOnly?: true;
}

const BOTH: readonly EntryKind[] = ['policies', 'limits'];
const POLICIES: readonly EntryKind[] = ['policies'];
const LIMITS: readonly EntryKind[] = ['limits'];

const positiveInteger = (text: string): boolean => /^[1-9]\d{0,14}$/.test(text);
const listOf = (text: string): string[] => text.split(',').map((item) => item.trim());
const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

const POINTERS: Rule = {
  on: LIMITS,
  accepts: (text) => text.length <= 1_000 && listOf(text).every(isPointer),
  shape: 'JSON pointers to fields, separated by commas, for example "/customer/email,/note"',
};

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  [
    'id',
    {
      on: BOTH,
      accepts: (text) => /^[\w.-]{1,100}$/.test(text),
      shape: '1 to 100 of letters, digits, "_", "." and "-"',
    },
  ],
  [
    'reason',
    {
      on: BOTH,
      accepts: (text) => /\S/.test(text) && text.length <= 500,
      shape: 'a sentence of at most 500 characters',
    },
  ],
  [
    'code',
    {
      on: POLICIES,
      accepts: (text) => /^[A-Z][A-Z0-9_]{0,63}$/.test(text),
      shape: 'UPPER_SNAKE, for example "TOO_DEEP"',
      forbidOnly: true,
    },
  ],
  ['remedy', { on: POLICIES, accepts: (text) => text === 'approval', shape: '"approval"', forbidOnly: true }],
  [
    'approval',
    {
      on: POLICIES,
      accepts: (text) => text.length <= 500 && !('problem' in approvalIn(text)),
      shape: 'such as "quorum=2; roles=finance-approver; ttl=1h"',
      forbidOnly: true,
    },
  ],
  [
    'timeout_ms',
    { on: LIMITS, accepts: positiveInteger, shape: 'a whole number of milliseconds, for example "30000"' },
  ],
  ['max_tokens', { on: LIMITS, accepts: positiveInteger, shape: 'a whole number above 0' }],
  [
    'models',
    {
      on: LIMITS,
      accepts: (text) => listOf(text).every((name) => name !== ''),
      shape: 'names of models, separated by commas',
    },
  ],
  [
    'priority',
    {
      on: LIMITS,
      accepts: (text) => PRIORITIES.has(text),
      shape: `one of ${quoted([...PRIORITIES.keys()])}`,
    },
  ],
  [
    'rate',
    {
      on: LIMITS,
      accepts: (text) => text.length <= 200 && ratesIn(text, '') !== undefined,
      shape: 'calls per time in s, m or h, separated by commas, for example "100/1s,1000/60s"',
    },
  ],
  [
    'concurrency',
    { on: LIMITS, accepts: (text) => /^[1-9]\d{0,4}$/.test(text), shape: 'a whole number of calls from 1 to 99999' },
  ],
  ['redact_in', POINTERS],
  ['redact_out', POINTERS],
  [
    'budget_class',
    {
      on: LIMITS,
      accepts: (text) => /^[\w.-]{1,100}$/.test(text),
      shape: 'a name of 1 to 100 letters, digits, "_", "." and "-"',
    },
  ],
  [
    'log_payload',
    {
      on: LIMITS,
      accepts: (text) => LOG_PAYLOAD.some((value) => value === text),
      shape: `one of ${quoted(LOG_PAYLOAD)}`,
    },
  ],
]);

const LIMITING = [
  'timeout_ms',
  'max_tokens',
  'models',
  'priority',
  'rate',
  'concurrency',
  'redact_in',
  'redact_out',
  'budget_class',
  'log_payload',
];

export interface AnnotationMistake {
  /** The annotation; absent when one is missing, or all of them together are wrong. */
  readonly name?: string;
  readonly message: string;
  /** It is known here under no such name, and these are. */
  readonly known?: readonly string[];
}

/** Everything that is wrong with the annotations of one entry; empty when nothing is. */
export const annotationProblems = (kind: EntryKind, entry: Omit<PolicyEntry, 'est'>): string[] =>
  annotationMistakes(kind, entry).map(({ message }) => message);

/** The same with the annotation that each is about. */
export const annotationMistakes = (kind: EntryKind, entry: Omit<PolicyEntry, 'est'>): AnnotationMistake[] => {
  const mistakes = Object.entries(entry.annotations).flatMap(([name, text]) =>
    annotationMistake(kind, entry, name, text),
  );
  const say = (message: string) => mistakes.push({ message });
  if (kind === 'policies' && !Object.hasOwn(entry.annotations, 'reason'))
    say('@reason is missing; say in one sentence for people why the policy exists');
  if (Object.hasOwn(entry.annotations, 'approval') && entry.annotations['remedy'] !== 'approval')
    say('@approval says who may lift the forbid; add @remedy("approval"), without which nobody may');
  if (kind === 'limits' && entry.effect === 'forbid')
    say('a limit rule must be a permit; move the forbid to the policies');
  if (kind === 'limits' && !LIMITING.some((name) => Object.hasOwn(entry.annotations, name)))
    say(`a limit rule needs one of ${LIMITING.map((name) => `@${name}`).join(', ')}`);
  return mistakes;
};

const annotationMistake = (
  kind: EntryKind,
  { effect }: Omit<PolicyEntry, 'est'>,
  name: string,
  text: string,
): AnnotationMistake[] => {
  const rule = RULES.get(name);
  const known = namesFor(kind);
  const listed = known.map((one) => `@${one}`).join(', ');
  if (rule === undefined) return [{ name, known, message: `unknown annotation @${name}; known here: ${listed}` }];
  if (!rule.on.includes(kind)) return [{ name, message: `@${name} does not belong on ${kind}; known here: ${listed}` }];
  if (rule.forbidOnly === true && effect !== 'forbid') return [{ name, message: `@${name} belongs on a forbid only` }];
  if (rule.accepts(text)) return [];
  const spec = name === 'approval' ? approvalIn(text) : {};
  const more = 'problem' in spec ? `: ${spec.problem}` : '';
  return [{ name, message: `@${name} must be ${rule.shape}, not "${text}"${more}` }];
};

const namesFor = (kind: EntryKind): string[] =>
  [...RULES].flatMap(([name, rule]) => (rule.on.includes(kind) ? [name] : []));

/** What a satisfied limit rule asks for. Its annotations must be without problems. `level` names it in refusals. */
export const constraintsOf = ({ id, annotations }: PolicyEntry, level = ''): Constraints => ({
  ...given('timeoutMs', annotations['timeout_ms'], Number),
  ...given('maxTokens', annotations['max_tokens'], Number),
  ...given('models', annotations['models'], listOf),
  ...given('priority', annotations['priority'], (name) => PRIORITIES.get(name)),
  ...given('rates', annotations['rate'], (text) => joinRates(ratesIn(text, `${level}/${id}`) ?? [], [])),
  ...given('concurrency', annotations['concurrency'], (text) => ({ count: Number(text), rule: `${level}/${id}` })),
  ...given('redactIn', annotations['redact_in'], (text) => union(listOf(text), [])),
  ...given('redactOut', annotations['redact_out'], (text) => union(listOf(text), [])),
  ...given('budgetClass', annotations['budget_class'], String),
  ...given('logPayload', annotations['log_payload'], (text) => text as LogPayload),
});

const given = <Name extends keyof Constraints>(
  name: Name,
  text: string | undefined,
  read: (text: string) => Constraints[Name],
): Pick<Constraints, Name> | Record<string, never> =>
  text === undefined ? {} : ({ [name]: read(text) } as Pick<Constraints, Name>);
