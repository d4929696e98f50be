/**
 * What somebody writes before it is proposed. It is kept by their browser until the same text is active or they throw it away; a change of
 * the active text meanwhile is a conflict that they look at, and never the end of their words.
 */

export interface PolicyText {
  readonly policies: string;
  /** Null: the bundle has none. */
  readonly limits: string | null;
}

/** A text and the version of the bundle that has it. */
export interface Versioned extends PolicyText {
  readonly version: number;
}

export interface Draft extends PolicyText {
  /** What was active when it began. */
  readonly base: Versioned;
  /** YAML, as in `NAME.cases.yaml`: the hub keeps no cases, so they are here or nowhere. */
  readonly cases: string;
  /** Unix ms. */
  readonly savedAtMs: number;
}

export type Part = 'policies' | 'limits' | 'cases';

export const isSameText = (a: PolicyText, b: PolicyText): boolean =>
  a.policies === b.policies && (a.limits ?? '') === (b.limits ?? '');

/** Would it change what is active? */
export const isChanged = (draft: Draft | null, active: PolicyText): boolean =>
  draft !== null && !isSameText(draft, active);

/** Somebody else moved what it was made from, and it would undo that. */
export const isInConflict = (draft: Draft | null, active: Versioned): boolean =>
  draft !== null &&
  isChanged(draft, active) &&
  draft.base.version !== active.version &&
  !isSameText(draft.base, active);

export const textOfPart = (draft: Draft | null, active: PolicyText, part: Part): string => {
  if (part === 'cases') return draft?.cases ?? '';
  return (draft ?? active)[part] ?? '';
};

/** A draft that says what is active begins anew at what is active now. */
export const edited = (
  draft: Draft | null,
  active: Versioned,
  change: Partial<PolicyText> & { readonly cases?: string },
) => {
  const base = draft !== null && isChanged(draft, active) ? draft.base : baseOf(active);
  const { policies, limits, cases } = { ...(draft ?? { ...active, cases: '' }), ...change };
  const isNone = limits === '' && base.limits === null;
  return { base, policies, limits: isNone ? null : limits, cases };
};

export const baseOf = ({ version, policies, limits }: Versioned): Versioned => ({ version, policies, limits });

/** What storage holds may be anything. Undefined: it is no draft. */
export const draftIn = (text: string | null): Draft | undefined => {
  try {
    const found: unknown = JSON.parse(text ?? 'null');
    return isDraft(found) ? found : undefined;
  } catch {
    return undefined;
  }
};

const isDraft = (found: unknown): found is Draft =>
  isText(found) &&
  'cases' in found &&
  typeof found.cases === 'string' &&
  'savedAtMs' in found &&
  typeof found.savedAtMs === 'number' &&
  'base' in found &&
  isText(found.base) &&
  'version' in found.base &&
  typeof found.base.version === 'number';

const isText = (found: unknown): found is PolicyText =>
  typeof found === 'object' &&
  found !== null &&
  'policies' in found &&
  typeof found.policies === 'string' &&
  'limits' in found &&
  (found.limits === null || typeof found.limits === 'string');
