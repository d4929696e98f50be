/** Something that is wrong with a policy text: a sentence, its place, and what to write instead. */
import type { TextChange, TextRange } from '../contract/index.ts';
import { atIndex, rangeIn, type Source } from './position.ts';
import type { Span } from './tokens.ts';

export interface Mistake {
  /** Index of the place that sentences name; absent when it is about the whole text. */
  readonly at?: number;
  /** What an editor underlines. Default: nothing but the place. */
  readonly span?: Span;
  readonly code: MistakeCode;
  /** `@id`; empty when it has none. */
  readonly policy: string;
  readonly message: string;
  readonly fix?: Span & { readonly text: string };
}

export type MistakeCode =
  | 'syntax'
  | 'too-large'
  | 'annotation'
  | 'unknown-annotation'
  | 'unknown-name'
  | 'unknown-operation'
  | 'unknown-attribute'
  | 'unknown-fact'
  | 'duplicate-id'
  | 'type'
  | 'never-matches'
  | 'invalid';

/** `file:line:column: policy `id`: ...` */
export const sentenceOf = (source: Source, { at, policy, message }: Mistake): string => {
  const where = at === undefined ? source.name : atIndex(source, at);
  return `${where}: ${policy === '' ? '' : `policy \`${policy}\`: `}${message}`;
};

export interface Placed {
  readonly range: TextRange;
  readonly suggestion?: TextChange;
}

export const placed = ({ text }: Source, { at = 0, span = { start: at, end: at }, fix }: Mistake): Placed => ({
  range: rangeIn(text, span),
  ...(fix === undefined ? {} : { suggestion: { range: rangeIn(text, fix), text: fix.text } }),
});
