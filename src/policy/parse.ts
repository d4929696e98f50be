/** Cedar text to policy entries: syntax and types by Cedar itself, annotations and names by our own contract. For the hub only. */
import type { DetailedError, PolicyJson, ValidationError } from '@cedar-policy/cedar-wasm/nodejs';
import { Fault, type PolicyEntry } from '../contract/index.ts';
import { annotationProblems, type EntryKind } from './annotations.ts';
import { type Cedar, withCedar } from './cedar.ts';
import { compileEntry } from './compile/index.ts';
import { type KnownNames, literalsIn, nameProblem, suggestion } from './names.ts';
import { atByte, atIndex, type Source } from './position.ts';
import { SCHEMA } from './schema.ts';
import { sizeProblem } from './size.ts';

export interface LocatedEntry extends PolicyEntry {
  /** `file:line:column` where it begins. */
  readonly at: string;
}

export interface Parsed {
  readonly entries: readonly LocatedEntry[];
  /** Each begins with `file:line:column:`. When there is one, the entries are of no use. */
  readonly problems: readonly string[];
}

/** Parses, validates strictly, and holds annotations and names against our own contract. Never throws for what a text says. */
export const parsePolicies = (source: Source, kind: EntryKind, known: KnownNames): Parsed => {
  const problem = sizeProblem(source);
  if (problem !== undefined) return refused([problem]);
  return (
    withCedar((cedar) => parseWith(cedar, source, kind, known)) ??
    refused([`${source.name}: cedar could not read this text at all; simplify or split it`])
  );
};

const refused = (problems: readonly string[]): Parsed => ({ entries: [], problems });

const parseWith = (cedar: Cedar, source: Source, kind: EntryKind, known: KnownNames): Parsed => {
  const parts = cedar.policySetTextToParts(source.text);
  if (parts.type === 'failure') return refused(parts.errors.map((error) => syntaxProblem(source, error)));
  if (parts.policy_templates.length > 0)
    return refused([`${source.name}: templates (\`?principal\`, \`?resource\`) are not supported; name whom you mean`]);
  const pieces = locate(source, parts.policies);
  const read = pieces.map((piece) => readPiece(cedar, source, kind, piece));
  const problems = [
    ...read.flatMap((each) => each.problems),
    ...duplicateProblems(read.flatMap((each) => each.entry ?? [])),
    ...pieces.flatMap((piece, index) => nameProblems(source, piece, read[index]?.entry, known)),
    ...validationProblems(cedar, source, pieces, read),
  ];
  return { entries: read.flatMap((each) => each.entry ?? []), problems };
};

/** One policy of the text. */
interface Piece {
  readonly text: string;
  /** Index in the source where it begins. */
  readonly start: number;
}

/** Cedar hands the policies out sorted by id (`policy0`, `policy1`, `policy10`, ...); back to the order of the text. */
const locate = (source: Source, parts: readonly string[]): Piece[] => {
  const sorted = parts.map((_, index) => index).sort((a, b) => (`${a}` < `${b}` ? -1 : 1));
  const inOrder = parts.map((_, position) => parts[sorted.indexOf(position)] ?? '');
  let from = 0;
  return inOrder.map((text) => {
    const start = Math.max(source.text.indexOf(text, from), from);
    from = start + text.length;
    return { text, start };
  });
};

interface Read {
  readonly entry?: LocatedEntry;
  readonly problems: readonly string[];
}

const readPiece = (cedar: Cedar, source: Source, kind: EntryKind, piece: Piece): Read => {
  const at = atIndex(source, piece.start);
  const answer = cedar.policyToJson(piece.text);
  if (answer.type === 'failure') return { problems: answer.errors.map((error) => `${at}: ${messageOf(error)}`) };
  const { annotations = {}, ...est } = answer.json;
  const id = annotations['id'] ?? '';
  if (id === '') return { problems: [`${at}: the policy has no @id; give it one that is unique in its level`] };
  const entry = { id, effect: est.effect, annotations: textOf(annotations), est };
  const problems = [...annotationProblems(kind, entry), ...compileProblems(entry)];
  return { entry: { ...entry, at }, problems: problems.map((problem) => `${at}: policy \`${id}\`: ${problem}`) };
};

/** An annotation without a value is null in Cedar's JSON form. */
const textOf = (annotations: NonNullable<PolicyJson['annotations']>): Record<string, string> =>
  Object.fromEntries(Object.entries(annotations).map(([name, text]) => [name, text ?? '']));

/** What Cedar accepts and the compiler does not: integers that JavaScript would round. */
const compileProblems = (entry: PolicyEntry): string[] => {
  try {
    compileEntry(entry);
    return [];
  } catch (thrown) {
    return [Fault.from(thrown).message.replace(/^policy `[^`]*` cannot be compiled: /, '')];
  }
};

const duplicateProblems = (entries: readonly NonNullable<Read['entry']>[]): string[] => {
  const first = new Map<string, string>();
  return entries.flatMap(({ id, at }) => {
    const before = first.get(id);
    if (before === undefined) first.set(id, at);
    return before === undefined ? [] : [`${at}: policy \`${id}\`: the same @id is used at ${before}`];
  });
};

const nameProblems = (source: Source, piece: Piece, entry: PolicyEntry | undefined, known: KnownNames): string[] => {
  if (entry === undefined) return [];
  const literals = literalsIn(entry.est).flatMap((literal) => {
    const problem = nameProblem(known, literal);
    if (problem === undefined) return [];
    const inside = piece.text.indexOf(`${literal.type}::${JSON.stringify(literal.id)}`);
    return [`${atIndex(source, piece.start + Math.max(inside, 0))}: policy \`${entry.id}\`: ${problem}`];
  });
  const models = (entry.annotations['models'] ?? '').split(',').map((name) => name.trim());
  const unknown = models.filter((name) => name !== '' && !known.get('Model')?.has(name));
  return [
    ...literals,
    ...unknown.map((name) => {
      const hint = suggestion(name, known.get('Model') ?? new Set());
      return `${atIndex(source, piece.start)}: policy \`${entry.id}\`: @models: there is no model \`${name}\`${hint}`;
    }),
  ];
};

/** Warnings count as errors: a policy that can never match, or a name in mixed scripts, is never what its author meant. */
const validationProblems = (
  cedar: Cedar,
  source: Source,
  pieces: readonly Piece[],
  read: readonly Read[],
): string[] => {
  const answer = cedar.validate({ schema: SCHEMA, policies: { staticPolicies: source.text } });
  if (answer.type === 'failure') return answer.errors.map((error) => syntaxProblem(source, error));
  const failed = new Set(answer.validationErrors.map(({ policyId }) => policyId));
  // A policy with an error is often impossible too, because of it: one message is enough.
  const warnings = answer.validationWarnings.filter(({ policyId }) => !failed.has(policyId));
  const found = [...answer.validationErrors, ...warnings].map((each) => validationProblem(source, pieces, read, each));
  return [...new Set([...found, ...answer.otherWarnings.map((error) => syntaxProblem(source, error))])];
};

const validationProblem = (
  source: Source,
  pieces: readonly Piece[],
  read: readonly Read[],
  { policyId, error }: ValidationError,
): string => {
  const index = Number(policyId.replace(/^policy/, ''));
  const byte = error.sourceLocations?.[0]?.start;
  const at = byte === undefined ? atIndex(source, pieces[index]?.start ?? 0) : atByte(source, byte);
  const name = read[index]?.entry?.id ?? `number ${index + 1}`;
  return `${at}: policy \`${name}\`: ${messageOf(error).replace(`for policy \`${policyId}\`, `, '')}`;
};

const syntaxProblem = (source: Source, error: DetailedError): string => {
  const label = error.sourceLocations?.[0];
  return `${atByte(source, label?.start ?? 0)}: ${messageOf(error)}`;
};

/** Cedar's sentence, what it expected, and its advice. */
const messageOf = ({ message, help, sourceLocations }: DetailedError): string =>
  [message, sourceLocations?.[0]?.label, help].filter((part) => part != null && part !== '').join('; ');
