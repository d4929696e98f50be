/** Where something that was said about a part of the files is in the files: resources in YAML, Cedar text in files and inside of YAML. */
import type { Diagnostic, TextFile, TextPosition, TextRange } from '../../contract/index.ts';
import type { YamlDocument, YamlPlace } from '../../control/index.ts';
import { rangeIn } from '../../policy/index.ts';

/** One document of a YAML file. */
export interface Written {
  readonly file: TextFile;
  readonly document: YamlDocument;
}

type Said = Pick<Diagnostic, 'severity' | 'code' | 'message'>;

export const WHOLE: TextRange = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

/** About a field, or what it holds. */
export const atField = (
  { file, document }: Written,
  path: readonly PropertyKey[],
  said: Said,
  { part = 'value', fix }: { readonly part?: 'key' | 'value'; readonly fix?: string | undefined } = {},
): Diagnostic => {
  const place = document.place(path);
  const range = rangeIn(file.text, shortened(file.text, place[part]));
  const suggestion = fix === undefined ? {} : { suggestion: { range, text: fix } };
  return { file: file.name, range, ...said, ...suggestion };
};

/** A whole map would underline half of the file: its first line is enough. */
const shortened = (text: string, { start, end }: YamlPlace['key']): YamlPlace['key'] => {
  const line = text.slice(start, end).search(/[\r\n]/);
  return { start, end: line < 0 ? end : start + line };
};

/** Cedar text of one bundle, with where it stands. */
export interface Embedded {
  readonly file: TextFile;
  /** Of text inside of YAML. Absent: it is a file of its own. */
  readonly place?: YamlPlace;
}

/** A range in Cedar text as one in its file. Text that YAML folds or quotes has no lines to point at, so all of it is meant. */
export const inFile = ({ file, place }: Embedded, range: TextRange = WHOLE): TextRange => {
  if (place === undefined) return range;
  const whole = rangeIn(file.text, shortened(file.text, place.value));
  const { block } = place;
  if (block === undefined) return whole;
  const { line } = rangeIn(file.text, { start: block.start, end: block.start }).start;
  const moved = (position: TextPosition): TextPosition => ({
    line: line + position.line,
    character: block.indent + position.character,
  });
  return { start: moved(range.start), end: moved(range.end) };
};
