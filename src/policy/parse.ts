/** Cedar text to policy entries: syntax and types by Cedar itself, annotations and names by our own contract. For the hub only. */
import type { DetailedError, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { Fault, type PolicyEntry } from '../contract/index.ts';
import { groupProblems } from './actions.ts';
import { annotationProblems, type EntryKind } from './annotations.ts';
import type { Catalog } from './catalog.ts';
import { type Cedar, messageOf, withCedar } from './cedar.ts';
import { type CompiledPolicy, compileOrMark } from './compile/index.ts';
import type { Est } from './est.ts';
import { factsRead } from './facts/index.ts';
import { type KnownNames, literalsIn, nameProblem, suggestion } from './names.ts';
import { atByte, atIndex, indexOfByte, type Source } from './position.ts';
import { sizeProblem } from './size.ts';
import { type Verdicts, validate } from './validate.ts';

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
export const parsePolicies = (source: Source, kind: EntryKind, catalog: Catalog, verdicts: Verdicts): Parsed => {
  const problem = sizeProblem(source);
  if (problem !== undefined) return refused([problem]);
  // Cedar would read something else in its place.
  if (!source.text.isWellFormed())
    return refused([`${source.name}: there is half a character (a lone surrogate) in this text`]);
  return (
    withCedar((cedar) => parseWith(cedar, source, kind, catalog, verdicts)) ??
    refused([`${source.name}: cedar could not read this text at all; simplify or split it`])
  );
};

const refused = (problems: readonly string[]): Parsed => ({ entries: [], problems });

const parseWith = (cedar: Cedar, source: Source, kind: EntryKind, catalog: Catalog, verdicts: Verdicts): Parsed => {
  const parts = cedar.policySetTextToParts(source.text);
  if (parts.type === 'failure') return refused(parts.errors.map((error) => syntaxProblem(source, error)));
  if (parts.policy_templates.length > 0)
    return refused([`${source.name}: templates (\`?principal\`, \`?resource\`) are not supported; name whom you mean`]);
  const pieces = locate(source, parts.policies);
  const read = pieces.map((piece) => readPiece(cedar, source, kind, piece, catalog.names));
  const problems = [
    ...read.flatMap((each) => each.problems),
    ...duplicateProblems(read.flatMap((each) => each.entry ?? [])),
    ...validationProblems(cedar, source, catalog, verdicts, read),
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
  readonly piece: Piece;
  readonly id?: string;
  readonly entry?: LocatedEntry;
  /** Absent when Cedar's judgement would only repeat what is already known to be wrong. */
  readonly checkable?: CompiledPolicy;
  readonly problems: readonly string[];
}

const readPiece = (cedar: Cedar, source: Source, kind: EntryKind, piece: Piece, known: KnownNames): Read => {
  const at = atIndex(source, piece.start);
  const answer = cedar.policyToJson(piece.text);
  if (answer.type === 'failure') return { piece, problems: answer.errors.map((error) => `${at}: ${messageOf(error)}`) };
  const { annotations = {}, ...est } = answer.json;
  const id = annotations['id'] ?? '';
  if (id === '') return { piece, problems: [`${at}: the policy has no @id; give it one that is unique in its level`] };
  const entry = { id, effect: est.effect, annotations: textOf(annotations), est };
  const compiled = tryCompile(entry);
  const ours = [...('problem' in compiled ? [compiled.problem] : []), ...groupProblems(est as unknown as Est)];
  const problems = [...annotationProblems(kind, entry), ...ours];
  const names = [...nameProblems(source, piece, entry, known), ...factProblems(source, piece, entry, known)];
  return {
    piece,
    id,
    entry: { ...entry, at },
    ...('problem' in compiled ||
    ours.length > 0 ||
    namesUnknownAction(entry, known) ||
    factProblems(source, piece, entry, known).length > 0
      ? {}
      : { checkable: compiled }),
    problems: [...problems.map((problem) => `${at}: policy \`${id}\`: ${problem}`), ...names],
  };
};

const namesUnknownAction = ({ est }: PolicyEntry, known: KnownNames): boolean =>
  literalsIn(est).some((literal) => literal.type === 'Action' && nameProblem(known, literal) !== undefined);

/** An annotation without a value is null in Cedar's JSON form. */
const textOf = (annotations: NonNullable<PolicyJson['annotations']>): Record<string, string> =>
  Object.fromEntries(Object.entries(annotations).map(([name, text]) => [name, text ?? '']));

/** What Cedar accepts and the compiler does not: integers that JavaScript would round. */
const tryCompile = (entry: PolicyEntry): CompiledPolicy | { readonly problem: string } => {
  try {
    return compileOrMark(entry);
  } catch (thrown) {
    return { problem: Fault.from(thrown).message.replace(/^policy `[^`]*` cannot be compiled: /, '') };
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

const nameProblems = (source: Source, piece: Piece, entry: PolicyEntry, known: KnownNames): string[] => {
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

/** Cedar would only say that the context has no such attribute; which facts there are is known here. */
const factProblems = (source: Source, piece: Piece, { id, est }: PolicyEntry, known: KnownNames): string[] => {
  const read = factsRead(est as Est);
  if (read === 'all') return [];
  const facts = known.get('Fact') ?? new Set();
  return [...read].flatMap((name) => {
    if (facts.has(name)) return [];
    const at = atIndex(source, piece.start + Math.max(piece.text.indexOf(`facts.${name}`), 0));
    return [`${at}: policy \`${id}\`: there is no fact \`${name}\`${suggestion(name, facts)}`];
  });
};

const validationProblems = (
  cedar: Cedar,
  source: Source,
  catalog: Catalog,
  verdicts: Verdicts,
  read: readonly Read[],
): string[] => {
  const checked = read.flatMap(({ piece, id, checkable }) =>
    checkable === undefined ? [] : [{ piece, id, text: piece.text, compiled: checkable }],
  );
  return validate(cedar, checked, catalog, verdicts).flatMap((findings, index) => {
    const { piece = { text: '', start: 0 }, id } = checked[index] ?? {};
    return findings.map(({ byte, message }) => {
      const at = atIndex(source, piece.start + indexOfByte(piece.text, byte));
      return `${at}: policy \`${id}\`: ${message}`;
    });
  });
};

const syntaxProblem = (source: Source, error: DetailedError): string => {
  const label = error.sourceLocations?.[0];
  return `${atByte(source, label?.start ?? 0)}: ${messageOf(error)}`;
};
