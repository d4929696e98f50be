/** Two texts side by side, line by line. Loaded with the editor. */
import { MergeView } from '@codemirror/merge';
import { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { type JSX, useCallback } from 'react';
import { cedar, yaml } from './cedar.ts';
import { look } from './look.ts';
import { Shadow } from './shadow.tsx';

export interface Side {
  /** What it is, for whoever hears it. */
  readonly label: string;
  readonly text: string;
}

interface DiffProps {
  readonly before: Side;
  readonly after: Side;
  readonly language: 'cedar' | 'yaml';
  /** All lines, or only those around a difference. */
  readonly isWhole: boolean;
}

const CHANGES = EditorView.theme({
  '&': { height: 'auto' },
  '&.cm-merge-a .cm-changedLine, .cm-deletedChunk': { backgroundColor: 'var(--bad-soft)' },
  '&.cm-merge-b .cm-changedLine': { backgroundColor: 'var(--ok-soft)' },
  '&.cm-merge-a .cm-changedText': { background: 'light-dark(#cc2f3c26, #f2606b38)' },
  '&.cm-merge-b .cm-changedText': { background: 'light-dark(#2c8a5726, #4fae7c38)' },
  '&.cm-merge-a .cm-changedLineGutter': { background: 'var(--bad)' },
  '&.cm-merge-b .cm-changedLineGutter': { background: 'var(--ok)' },
  '.cm-collapsedLines': {
    padding: '3px 12px',
    background: 'var(--bg)',
    color: 'var(--mute)',
    fontSize: '11px',
    fontFamily: 'var(--ui)',
  },
  '.cm-collapsedLines:before, .cm-collapsedLines:after': { content: '""' },
});

const FILL = new CSSStyleSheet();
FILL.replaceSync(`
  .cm-mergeView { height: 100%; overflow: auto; scrollbar-width: thin; }
  .cm-mergeViewEditors { min-height: 100%; }
  .cm-mergeViewEditor + .cm-mergeViewEditor { border-left: 1px solid var(--line); }
`);

const Diff = ({ before, after, language, isWhole }: DiffProps): JSX.Element => {
  const { label: beforeLabel, text: beforeText } = before;
  const { label: afterLabel, text: afterText } = after;
  const build = useCallback(
    (root: ShadowRoot) => {
      const side = (label: string, doc: string) => ({
        doc,
        extensions: [EditorState.readOnly.of(true), language === 'cedar' ? cedar : yaml, look(label), CHANGES],
      });
      root.adoptedStyleSheets = [...root.adoptedStyleSheets.filter((sheet) => sheet !== FILL), FILL];
      const made = new MergeView({
        ...{ a: side(beforeLabel, beforeText), b: side(afterLabel, afterText) },
        ...{ root, parent: root, highlightChanges: true, gutter: true },
        ...(isWhole ? {} : { collapseUnchanged: { margin: 3, minSize: 5 } }),
      });
      return () => made.destroy();
    },
    [beforeLabel, beforeText, afterLabel, afterText, language, isWhole],
  );
  return <Shadow className="editor" build={build} />;
};

export default Diff;
