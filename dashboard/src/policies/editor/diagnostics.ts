/** What the hub says about a text, as the editor draws it: words as text, and a correction that one press writes. */
import type { Action, Diagnostic as Drawn } from '@codemirror/lint';
import type { EditorState, Text } from '@codemirror/state';
import type { Diagnostic, TextPosition, TextRange } from '../../../../src/contract/index.ts';
import { cut, plain } from '../../model/visible.ts';

const SEVERITIES = { error: 'error', warning: 'warning', information: 'info', hint: 'hint' } as const;
const LONGEST = 600;

/** The text may be ahead of what was asked about: what is beyond its end is drawn at its end. */
export const drawn = ({ doc }: EditorState, diagnostics: readonly Diagnostic[]): readonly Drawn[] =>
  diagnostics.map(({ range, severity, message, suggestion }) => ({
    ...placeOf(doc, range),
    severity: SEVERITIES[severity],
    message: plain(cut(message, LONGEST)),
    ...(suggestion === undefined ? {} : { actions: [correction(suggestion)] }),
  }));

const correction = ({ range, text }: NonNullable<Diagnostic['suggestion']>): Action => ({
  name: `write ${plain(cut(text, 60))}`,
  apply: (view) => view.dispatch({ changes: { ...placeOf(view.state.doc, range), insert: text }, userEvent: 'input' }),
});

const placeOf = (doc: Text, { start, end }: TextRange): { readonly from: number; readonly to: number } => {
  const from = offsetOf(doc, start);
  return { from, to: Math.max(from, offsetOf(doc, end)) };
};

const offsetOf = (doc: Text, { line, character }: TextPosition): number => {
  if (line >= doc.lines) return doc.length;
  const { from, to } = doc.line(line + 1);
  return Math.min(to, from + character);
};
