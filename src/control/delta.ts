/**
 * What changed between two documents, by their top-level fields and the elements of long lists. Nothing new has to be trusted: a reader puts the whole text together
 * again and checks the signature of the whole, and whoever lacks the document before asks for all of it.
 */
import { z } from 'zod';
import type { FieldDelta, Signed, SignedDelta } from '../contract/index.ts';
import { DOCUMENT_KINDS, type DocumentKind } from './sign.ts';

const MOST_FIELDS = 64;
const MOST_STEPS = 200_000;
/** Shorter lists are told whole. */
const LONG_LIST = 8;
/** A delta that is nearly as long as the whole is not worth a reader's work. */
const WORTH_IT = 0.5;

const DeltaSchema = z.strictObject({
  kind: z.enum(DOCUMENT_KINDS),
  base: z.number().int().min(1),
  fields: z
    .array(
      z.tuple([
        z.string().max(64),
        z.union([
          z.null(),
          z.string(),
          z.array(z.union([z.string(), z.tuple([z.number().int().min(0), z.number().int().min(1)])])).max(MOST_STEPS),
        ]),
      ]),
    )
    .max(MOST_FIELDS),
  keyId: z.string().max(64),
  signature: z.string().max(128),
}) satisfies z.ZodType<SignedDelta>;

/** The text of a field, and of its elements where it is a long list. */
interface Field {
  readonly text: string;
  readonly elements?: readonly ListElement[];
}
/** What was parsed once stays the same object in every document that has it: whoever works something out of it can keep that. */
interface ListElement {
  readonly text: string;
  value?: unknown;
}
/** In the order of the document. */
type Fields = ReadonlyMap<string, Field>;

const split = new WeakMap<Signed, Fields>();
/** What whole documents say, for as long as deltas may begin from them. */
const parsed = new WeakMap<Signed, Readonly<Record<string, unknown>>>();

const fieldsOf = (signed: Signed): Fields => {
  let fields = split.get(signed);
  if (fields === undefined) {
    const document = parsed.get(signed) ?? JSON.parse(signed.payload);
    fields = new Map(Object.entries(document).map(([name, value]) => [name, fieldOf(value)]));
    split.set(signed, fields);
  }
  return fields;
};

const fieldOf = (value: unknown): Field => {
  if (!Array.isArray(value) || value.length < LONG_LIST) return { text: JSON.stringify(value) };
  return listed(value.map((one) => ({ text: JSON.stringify(one), value: one })));
};

const listed = (elements: readonly ListElement[]): Field => ({
  text: `[${elements.map(({ text }) => text).join(',')}]`,
  elements,
});

const parsedOf = (element: ListElement): unknown => {
  element.value ??= JSON.parse(element.text);
  return element.value;
};

const joined = (fields: Fields): string =>
  `{${[...fields].map(([name, { text }]) => `${JSON.stringify(name)}:${text}`).join(',')}}`;

const known = new WeakMap<Signed, WeakMap<Signed, SignedDelta | null>>();

/** Undefined when the whole is the better thing to send. Worked out once for all readers that go the same step. */
export const deltaBetween = (before: Signed, after: Signed): SignedDelta | undefined => {
  let steps = known.get(after);
  if (steps === undefined) {
    steps = new WeakMap();
    known.set(after, steps);
  }
  let delta = steps.get(before);
  if (delta === undefined) {
    delta = compared(before, after);
    steps.set(before, delta);
  }
  return delta ?? undefined;
};

const compared = (before: Signed, after: Signed): SignedDelta | null => {
  const earlier = fieldsOf(before);
  const base = Number(earlier.get('seq')?.text);
  const fields = [...fieldsOf(after)].map(([name, field]) => [name, changed(earlier.get(name), field)] as const);
  const { kind, keyId, signature, payload } = after;
  const delta: SignedDelta = { kind, base, fields, keyId, signature };
  return JSON.stringify(fields).length > payload.length * WORTH_IT ? null : delta;
};

const changed = (before: Field | undefined, after: Field): FieldDelta => {
  if (before?.text === after.text) return null;
  if (before?.elements === undefined || after.elements === undefined) return after.text;
  const places = new Map(before.elements.map(({ text }, at) => [text, at]));
  const steps: (string | [number, number])[] = [];
  for (const { text } of after.elements) {
    const at = places.get(text);
    const last = steps.at(-1);
    if (at === undefined) steps.push(text);
    else if (typeof last === 'object' && last[0] + last[1] === at) last[1] += 1;
    else steps.push([at, 1]);
  }
  return steps;
};

/** Undefined for steps that lead out of what was there. */
const followed = (
  before: Field | undefined,
  delta: z.output<typeof DeltaSchema>['fields'][number][1],
): Field | undefined => {
  if (delta === null) return before;
  if (typeof delta === 'string') return { text: delta };
  const elements: ListElement[] = [];
  for (const step of delta) {
    if (typeof step === 'string') elements.push({ text: step });
    else {
      const run = before?.elements?.slice(step[0], step[0] + step[1]) ?? [];
      if (run.length !== step[1] || elements.length + run.length > MOST_STEPS) return undefined;
      elements.push(...run);
    }
  }
  return listed(elements);
};

/** A reader's side: the last whole documents, received and not yet believed. */
export class Chain {
  readonly #last = new Map<DocumentKind, Signed>();
  readonly #made = new WeakSet<Signed>();

  /** A whole one came. */
  note(kind: DocumentKind, signed: unknown): void {
    if (isSigned(signed)) this.#last.set(kind, signed);
    else this.#last.delete(kind);
  }

  /** The whole that a delta leads to; undefined when the one before is not here, or it is no delta. Its signature is still to be checked. */
  follow(kind: DocumentKind, untrusted: unknown): Signed | undefined {
    const parsed = DeltaSchema.safeParse(untrusted);
    const last = this.#last.get(kind);
    if (!parsed.success || last === undefined || parsed.data.kind !== kind) return undefined;
    const { base, fields, keyId, signature } = parsed.data;
    const earlier = wholeOrNothing(last);
    if (earlier === undefined || Number(earlier.get('seq')?.text) !== base) return undefined;
    const texts = new Map<string, Field>();
    for (const [name, delta] of fields) {
      const field = followed(earlier.get(name), delta);
      if (field === undefined) return undefined;
      texts.set(name, field);
    }
    const signed: Signed = { kind, payload: joined(texts), keyId, signature };
    split.set(signed, texts);
    this.#made.add(signed);
    this.#last.set(kind, signed);
    return signed;
  }

  /** What a document says. Throws for text that is no JSON; its signature must have been checked. */
  read(signed: Signed): unknown {
    const fields = this.#made.has(signed) ? split.get(signed) : undefined;
    if (fields === undefined) return parsedWhole(signed);
    return Object.fromEntries(
      [...fields].map(([name, { text, elements }]) => [name, elements?.map(parsedOf) ?? JSON.parse(text)]),
    );
  }

  /** Was this put together here? */
  hasMade(signed: unknown): boolean {
    return isSigned(signed) && this.#made.has(signed);
  }
}

const parsedWhole = (signed: Signed): unknown => {
  const document = JSON.parse(signed.payload);
  parsed.set(signed, document);
  return document;
};

const isSigned = (value: unknown): value is Signed =>
  typeof value === 'object' && value !== null && 'payload' in value && typeof value.payload === 'string';

const wholeOrNothing = (signed: Signed): Fields | undefined => {
  try {
    return fieldsOf(signed);
  } catch {
    return undefined;
  }
};
