/** Cedar text to policy entries: syntax and types by Cedar itself, annotations and names by our own contract. For the hub only. */
import type { DetailedError, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { Fault, type PolicyEntry } from '../contract/index.ts';
import { groupProblems } from './actions.ts';
import { annotationMistakes, type EntryKind } from './annotations.ts';
import type { Catalog } from './catalog.ts';
import { type Cedar, messageOf, withCedar } from './cedar.ts';
import { type CompiledPolicy, compileOrMark } from './compile/index.ts';
import type { Est } from './est.ts';
import { factsRead } from './facts/index.ts';
import { type Mistake, sentenceOf } from './mistake.ts';
import { type KnownNames, literalsIn, nameProblem, suggestion } from './names.ts';
import { onlyNearest } from './nearest.ts';
import { atIndex, indexOfByte, type Source } from './position.ts';
import { CONTEXT_NAMES } from './schema.ts';
import { sizeProblem } from './size.ts';
import {
  type AnnotationPlace,
  annotationPlaces,
  attributePlace,
  literalPlace,
  missingSemicolon,
  type Span,
  type Token,
  tokensOf,
} from './tokens.ts';
import { type Finding, type Verdicts, validate } from './validate.ts';

export interface LocatedEntry extends PolicyEntry {
  /** `file:line:column` where it begins. */
  readonly at: string;
  /** Its first line, as indices into the text. */
  readonly head: Span;
}

export interface Parsed {
  readonly entries: readonly LocatedEntry[];
  /** When there is one, the entries are of no use. */
  readonly mistakes: readonly Mistake[];
  /** The same as sentences; each begins with `file:line:column:`. */
  readonly problems: readonly string[];
}

/** Parses, validates strictly, and holds annotations and names against our own contract. Never throws for what a text says. */
export const parsePolicies = (source: Source, kind: EntryKind, catalog: Catalog, verdicts: Verdicts): Parsed => {
  const { entries, mistakes } = parseSized(source, kind, catalog, verdicts);
  return { entries, mistakes, problems: mistakes.map((mistake) => sentenceOf(source, mistake)) };
};

type Found = Omit<Parsed, 'problems'>;

const parseSized = (source: Source, kind: EntryKind, catalog: Catalog, verdicts: Verdicts): Found => {
  const large = sizeProblem(source);
  if (large !== undefined) return refused([{ code: 'too-large', policy: '', ...large }]);
  // Cedar would read something else in its place.
  if (!source.text.isWellFormed()) return whole('there is half a character (a lone surrogate) in this text');
  return (
    withCedar((cedar) => parseWith(cedar, source, kind, catalog, verdicts)) ??
    whole('cedar could not read this text at all; simplify or split it')
  );
};

const refused = (mistakes: readonly Mistake[]): Found => ({ entries: [], mistakes });
const whole = (message: string): Found => refused([{ code: 'syntax', policy: '', message }]);

const parseWith = (cedar: Cedar, source: Source, kind: EntryKind, catalog: Catalog, verdicts: Verdicts): Found => {
  const parts = cedar.policySetTextToParts(source.text);
  if (parts.type === 'failure') return refused(parts.errors.map((error) => syntaxMistake(source.text, 0, error)));
  if (parts.policy_templates.length > 0)
    return whole('templates (`?principal`, `?resource`) are not supported; name whom you mean');
  const pieces = locate(source, parts.policies);
  const read = pieces.map((piece) => readPiece(cedar, source, kind, piece, catalog.names));
  return {
    entries: read.flatMap((each) => each.entry ?? []),
    mistakes: [
      ...read.flatMap((each) => each.mistakes),
      ...duplicates(read),
      ...validationMistakes(cedar, catalog, verdicts, read),
    ],
  };
};

/** One policy of the text. */
class Piece {
  readonly text: string;
  /** Index in the source where it begins. */
  readonly start: number;
  #tokens: readonly Token[] | undefined;

  constructor(text: string, start: number) {
    this.text = text;
    this.start = start;
  }

  /** Looked for only when there is something to point at. */
  get tokens(): readonly Token[] {
    this.#tokens ??= tokensOf(this.text);
    return this.#tokens;
  }

  get head(): Span {
    return this.inSource({ start: 0, end: (/^[^\r\n]*/.exec(this.text)?.[0] ?? '').trimEnd().length });
  }

  annotation(name: string): AnnotationPlace | undefined {
    return annotationPlaces(this.tokens).get(name);
  }

  inSource({ start, end }: Span): Span {
    return { start: this.start + start, end: this.start + end };
  }
}

/** Cedar hands the policies out sorted by id (`policy0`, `policy1`, `policy10`, ...); back to the order of the text. */
const locate = (source: Source, parts: readonly string[]): Piece[] => {
  const sorted = parts.map((_, index) => index).sort((a, b) => (`${a}` < `${b}` ? -1 : 1));
  const inOrder = parts.map((_, position) => parts[sorted.indexOf(position)] ?? '');
  let from = 0;
  return inOrder.map((text) => {
    const start = Math.max(source.text.indexOf(text, from), from);
    from = start + text.length;
    return new Piece(text, start);
  });
};

interface Read {
  readonly piece: Piece;
  readonly id?: string;
  readonly entry?: LocatedEntry;
  /** Absent when Cedar's judgement would only repeat what is already known to be wrong. */
  readonly checkable?: CompiledPolicy;
  readonly mistakes: readonly Mistake[];
}

const readPiece = (cedar: Cedar, source: Source, kind: EntryKind, piece: Piece, known: KnownNames): Read => {
  const answer = cedar.policyToJson(piece.text);
  if (answer.type === 'failure')
    return {
      piece,
      mistakes: answer.errors.map((error) => ({ ...syntaxMistake(piece.text, piece.start, error), at: piece.start })),
    };
  const { annotations = {}, ...est } = answer.json;
  const id = annotations['id'] ?? '';
  if (id === '') return { piece, mistakes: [{ ...onPiece(piece, '', NO_ID), code: 'annotation' }] };
  const entry = { id, effect: est.effect, annotations: textOf(annotations), est };
  const compiled = tryCompile(entry);
  const uncompiled = 'problem' in compiled ? [onPiece(piece, id, compiled.problem)] : [];
  const groups = groupProblems(est as unknown as Est).map((problem) => onPiece(piece, id, problem));
  const facts = factMistakes(piece, entry, known);
  const wrong = uncompiled.length + groups.length + facts.length > 0 || namesUnknownAction(entry, known);
  return {
    piece,
    id,
    entry: { ...entry, at: atIndex(source, piece.start), head: piece.head },
    ...('problem' in compiled || wrong ? {} : { checkable: compiled }),
    mistakes: [
      ...annotationsOf(piece, kind, entry),
      ...uncompiled,
      ...groups,
      ...nameMistakes(piece, entry, known),
      ...facts,
    ],
  };
};

const NO_ID = 'the policy has no @id; give it one that is unique in its level';

const onPiece = ({ start, head }: Piece, policy: string, message: string): Mistake => ({
  at: start,
  span: head,
  code: 'invalid',
  policy,
  message,
});

/** Sentences name the policy, editors underline the annotation, or what it says. */
const annotationsOf = (piece: Piece, kind: EntryKind, entry: PolicyEntry): Mistake[] =>
  annotationMistakes(kind, entry).map(({ name = '', message, known }): Mistake => {
    const { name: word, value } = piece.annotation(name) ?? {};
    const place = known === undefined ? (value ?? word) : word;
    const near = known === undefined ? undefined : onlyNearest(name, known);
    return {
      ...onPiece(piece, entry.id, message),
      code: known === undefined ? 'annotation' : 'unknown-annotation',
      ...(place === undefined ? {} : { span: piece.inSource(place) }),
      ...(word === undefined || near === undefined ? {} : { fix: { ...piece.inSource(word), text: near } }),
    };
  });

const namesUnknownAction = ({ est }: PolicyEntry, known: KnownNames): boolean =>
  literalsIn(est).some((literal) => literal.type === 'Action' && nameProblem(known, literal) !== undefined);

/** An annotation without a value is null in Cedar's JSON form. */
export const textOf = (annotations: NonNullable<PolicyJson['annotations']>): Record<string, string> =>
  Object.fromEntries(Object.entries(annotations).map(([name, text]) => [name, text ?? '']));

/** What Cedar accepts and the compiler does not: integers that JavaScript would round. */
const tryCompile = (entry: PolicyEntry): CompiledPolicy | { readonly problem: string } => {
  try {
    return compileOrMark(entry);
  } catch (thrown) {
    return { problem: Fault.from(thrown).message.replace(/^policy `[^`]*` cannot be compiled: /, '') };
  }
};

const duplicates = (read: readonly Read[]): Mistake[] => {
  const first = new Map<string, string>();
  return read.flatMap(({ piece, entry }): Mistake[] => {
    if (entry === undefined) return [];
    const before = first.get(entry.id);
    if (before === undefined) first.set(entry.id, entry.at);
    if (before === undefined) return [];
    const value = piece.annotation('id')?.value;
    const mistake = onPiece(piece, entry.id, `the same @id is used at ${before}`);
    return [{ ...mistake, code: 'duplicate-id', ...(value === undefined ? {} : { span: piece.inSource(value) }) }];
  });
};

const nameMistakes = (piece: Piece, entry: PolicyEntry, known: KnownNames): Mistake[] => [
  ...literalsIn(entry.est).flatMap((literal): Mistake[] => {
    const problem = nameProblem(known, literal);
    if (problem === undefined) return [];
    const place = literalPlace(piece.tokens, literal.type, literal.id);
    const near = onlyNearest(literal.id, known.get(literal.type) ?? []);
    const isOperation = literal.type === 'Action' || literal.type === 'Operation';
    return [
      {
        ...onPiece(piece, entry.id, problem),
        code: isOperation ? 'unknown-operation' : 'unknown-name',
        ...(place === undefined ? {} : { at: piece.start + place.start, span: piece.inSource(place.id) }),
        ...(place === undefined || near === undefined
          ? {}
          : { fix: { ...piece.inSource(place.id), text: JSON.stringify(near).slice(1, -1) } }),
      },
    ];
  }),
  ...modelMistakes(piece, entry, known.get('Model') ?? new Set()),
];

const modelMistakes = (piece: Piece, { id, annotations }: PolicyEntry, models: ReadonlySet<string>): Mistake[] =>
  (annotations['models'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && !models.has(name))
    .map((name): Mistake => {
      const message = `@models: there is no model \`${name}\`${suggestion(name, models)}`;
      const value = piece.annotation('models')?.value;
      const inside = value === undefined ? -1 : piece.text.slice(0, value.end).indexOf(name, value.start);
      const near = onlyNearest(name, models);
      const mistake: Mistake = { ...onPiece(piece, id, message), code: 'unknown-name' };
      if (inside < 0) return mistake;
      const span = piece.inSource({ start: inside, end: inside + name.length });
      return { ...mistake, span, ...(near === undefined ? {} : { fix: { ...span, text: near } }) };
    });

/** Cedar would only say that the context has no such attribute; which facts there are is known here. */
const factMistakes = (piece: Piece, { id, est }: PolicyEntry, known: KnownNames): Mistake[] => {
  const read = factsRead(est as Est);
  if (read === 'all') return [];
  const facts = known.get('Fact') ?? new Set();
  return [...read].flatMap((name): Mistake[] => {
    if (facts.has(name)) return [];
    const place = attributePlace(piece.tokens, name, { start: 0, end: piece.text.length });
    const near = onlyNearest(name, facts);
    const at = piece.start + Math.max(piece.text.indexOf(`facts.${name}`), 0);
    return [
      {
        ...onPiece(piece, id, `there is no fact \`${name}\`${suggestion(name, facts)}`),
        at,
        code: 'unknown-fact',
        ...(place === undefined ? {} : { span: piece.inSource(place) }),
        ...(place === undefined || near === undefined ? {} : { fix: { ...piece.inSource(place), text: near } }),
      },
    ];
  });
};

const validationMistakes = (
  cedar: Cedar,
  catalog: Catalog,
  verdicts: Verdicts,
  read: readonly Read[],
): readonly Mistake[] => {
  const checked = read.flatMap(({ piece, id = '', checkable }) =>
    checkable === undefined ? [] : [{ piece, id, text: piece.text, compiled: checkable }],
  );
  return validate(cedar, checked, catalog, verdicts).flatMap((findings, index) => {
    const { piece, id } = checked[index] as (typeof checked)[number];
    return findings.map((finding) => validationMistake(piece, id, finding));
  });
};

const ATTRIBUTE = /^attribute `([^`]+)` (.*?)not found/s;

const validationMistake = (piece: Piece, policy: string, { byte, end, message }: Finding): Mistake => {
  const span = { start: indexOfByte(piece.text, byte), end: indexOfByte(piece.text, end) };
  const mistake: Mistake = { at: piece.start + span.start, span: piece.inSource(span), code: 'type', policy, message };
  if (/\bimpossible\b/.test(message)) return { ...mistake, code: 'never-matches', span: piece.head };
  const [, path = '', owner = ''] = ATTRIBUTE.exec(message) ?? [];
  const name = path.split('.').at(-1) ?? '';
  const place = name === '' ? undefined : attributePlace(piece.tokens, name, span);
  if (place === undefined) return mistake;
  const hint = /did you mean `([^`]+)`\?/.exec(message)?.[1];
  const isOfContext = path === name && owner.startsWith('in context');
  const near = isOfContext ? onlyNearest(name, CONTEXT_NAMES) : onlyNearest(name, hint === undefined ? [] : [hint]);
  return {
    ...mistake,
    code: 'unknown-attribute',
    span: piece.inSource(place),
    ...(near === undefined ? {} : { fix: { ...piece.inSource(place), text: near } }),
  };
};

/** `start` is where the text begins in its source. */
const syntaxMistake = (text: string, start: number, error: DetailedError): Mistake => {
  const label = error.sourceLocations?.[0];
  const from = indexOfByte(text, label?.start ?? 0);
  const mistake: Mistake = {
    at: start + from,
    span: { start: start + from, end: start + indexOfByte(text, label?.end ?? label?.start ?? 0) },
    code: 'syntax',
    policy: '',
    message: messageOf(error),
  };
  const missing = missingSemicolon(tokensOf(text), from, label?.label ?? '');
  if (missing === undefined) return mistake;
  const span = { start: start + missing, end: start + missing };
  return { ...mistake, span, fix: { ...span, text: ';' } };
};
