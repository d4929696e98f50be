/** What lint says: one thing about one rule, at one place. */

import type { TextChange, TextRange } from '../../contract/index.ts';
import type { MistakeCode } from '../mistake.ts';

export type LintRule =
  /** Syntax, types, annotations: what `apply` refuses too. */
  | 'invalid'
  /** A name that nobody has. */
  | 'unknown-name'
  /** An operation that no target declares. */
  | 'unknown-operation'
  /** No request at all satisfies it. */
  | 'never-matches'
  /** Nobody and nothing that is registered satisfies it. */
  | 'matches-nothing'
  /** A permit that a forbid takes back whenever it holds. */
  | 'shadowed'
  /** The same rule twice. */
  | 'duplicate'
  /** Another rule already says it. */
  | 'implied'
  | 'empty-bundle'
  /** A level without any permit denies everything that touches it. */
  | 'no-permit';

export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly rule: LintRule;
  /** Finer than the rule, where the text itself is wrong. */
  readonly code?: MistakeCode;
  /** As the author knows it. */
  readonly file: string;
  /** From 1; 0 when it is about the whole file. */
  readonly line: number;
  readonly column: number;
  /** What an editor underlines; absent when it is about the whole file. */
  readonly range?: TextRange;
  readonly suggestion?: TextChange;
  readonly level: string;
  /** `@id` of the policy; empty when it is about none. */
  readonly policy: string;
  readonly message: string;
}

/** Where something stands: `file:line:column`, or a file alone. */
export const placeOf = (at: string): Pick<Finding, 'file' | 'line' | 'column'> => {
  const found = /^(.*):(\d+):(\d+)$/s.exec(at);
  return found === null
    ? { file: at, line: 0, column: 0 }
    : { file: found[1] ?? '', line: Number(found[2]), column: Number(found[3]) };
};

/** In the order of files and lines. */
export const inOrder = (a: Finding, b: Finding): number =>
  a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column;
