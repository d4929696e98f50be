/**
 * What is said about a text in an editor.
 *
 * Positions are those of the Language Server Protocol 3.17 with its default encoding: lines and characters from 0, characters are
 * UTF-16 code units, lines end with `\n`, `\r\n` or `\r`, and the end of a range is the first position behind it.
 */

export interface TextPosition {
  readonly line: number;
  readonly character: number;
}

export interface TextRange {
  readonly start: TextPosition;
  readonly end: TextPosition;
}

/** What to write in the place of a range; an empty range is where to insert. */
export interface TextChange {
  readonly range: TextRange;
  readonly text: string;
}

export interface Diagnostic {
  /** As the asker named it. */
  readonly file: string;
  readonly range: TextRange;
  /** `information` is for what a change does to the active policy: nothing is wrong with it. */
  readonly severity: 'error' | 'warning' | 'information' | 'hint';
  /** Stable, for programs: `syntax`, `unknown-attribute`, `shadowed`, `wider`, ... */
  readonly code: string;
  readonly message: string;
  /** There only when one correction is clearly the nearest. */
  readonly suggestion?: TextChange;
}

export interface TextFile {
  /** A path with `/`, by which files refer to each other. */
  readonly name: string;
  readonly text: string;
  /** Of Cedar text that no YAML refers to: the level that it is for. */
  readonly level?: string | undefined;
  /** The same: rules that decide, or limits. Default `policies`. */
  readonly rules?: 'policies' | 'limits' | undefined;
}

export interface Diagnosis {
  /** By file and place. */
  readonly diagnostics: readonly Diagnostic[];
  /** Cedar files that can be read, as Cedar's formatter writes them. */
  readonly formatted?: Readonly<Record<string, string>>;
}

/** Most that a node looks at in one request: a folder of policy, and not a repository. */
export const MAX_DIAGNOSED_FILES = 64;
/** In UTF-8, all files together. */
export const MAX_DIAGNOSED_BYTES = 1024 * 1024;
