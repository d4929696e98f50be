/** Where policy is written: CodeMirror, with what the hub says about the text drawn into it. Loaded when somebody opens it. */
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching } from '@codemirror/language';
import { lintGutter, nextDiagnostic, setDiagnostics } from '@codemirror/lint';
import { EditorState, Prec } from '@codemirror/state';
import { EditorView, highlightActiveLine, highlightActiveLineGutter, keymap } from '@codemirror/view';
import { type JSX, type Ref, useCallback, useEffect, useImperativeHandle, useRef } from 'react';
import type { Diagnostic } from '../../../../src/contract/index.ts';
import { cedar, yaml } from './cedar.ts';
import { drawn } from './diagnostics.ts';
import { look } from './look.ts';
import { Shadow } from './shadow.tsx';

export interface EditorHandle {
  readonly part: string;
  /** Puts the cursor there; both from 0. */
  readonly goTo: (line: number, character: number) => void;
  readonly focus: () => void;
}

interface EditorProps {
  readonly ref?: Ref<EditorHandle>;
  /** Which text it is. */
  readonly part: string;
  readonly text: string;
  /** Another number: `text` did not come from here. */
  readonly epoch: number;
  readonly label: string;
  readonly language: 'cedar' | 'yaml';
  /** Of this text alone. */
  readonly diagnostics: readonly Diagnostic[];
  readonly onChange: (text: string) => void;
  /** Ctrl or ⌘ with Enter. */
  readonly onRun: () => void;
  /** Escape: to the keys of the page. */
  readonly onLeave: () => void;
}

const Editor = ({
  ref,
  part,
  text,
  epoch,
  label,
  language,
  diagnostics,
  onChange,
  onRun,
  onLeave,
}: EditorProps): JSX.Element => {
  const view = useRef<EditorView | null>(null);
  const latest = useRef({ text, onChange, onRun, onLeave });
  latest.current = { text, onChange, onRun, onLeave };
  useImperativeHandle(
    ref,
    () => ({
      part,
      goTo: (line, character) => view.current !== null && goTo(view.current, line, character),
      focus: () => view.current?.focus(),
    }),
    [part],
  );
  const build = useCallback(
    (root: ShadowRoot) => {
      const made = new EditorView({
        root,
        parent: root,
        state: EditorState.create({
          doc: latest.current.text,
          extensions: [
            Prec.high(
              keymap.of([
                { key: 'Mod-Enter', run: () => done(latest.current.onRun) },
                { key: 'Escape', run: () => done(latest.current.onLeave) },
                { key: 'F8', run: nextDiagnostic },
              ]),
            ),
            keymap.of([...defaultKeymap, ...historyKeymap]),
            history(),
            bracketMatching(),
            highlightActiveLine(),
            highlightActiveLineGutter(),
            lintGutter(),
            language === 'cedar' ? cedar : yaml,
            look(label),
            typedOver,
            EditorView.updateListener.of(({ docChanged, transactions, state }) => {
              const isOurs = transactions.some((one) => one.isUserEvent('from.outside'));
              if (docChanged && !isOurs) latest.current.onChange(state.doc.toString());
            }),
          ],
        }),
      });
      view.current = made;
      return () => {
        view.current = null;
        made.destroy();
      };
    },
    [label, language],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what came from elsewhere goes in; what was typed is there
  useEffect(() => {
    const { doc } = view.current!.state;
    if (doc.toString() === text) return;
    view.current!.dispatch({ changes: { from: 0, to: doc.length, insert: text }, userEvent: 'from.outside' });
  }, [epoch]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another text has another view
  useEffect(() => {
    const { state } = view.current!;
    view.current!.dispatch(setDiagnostics(state, drawn(state, diagnostics)));
  }, [diagnostics, build]);
  return <Shadow className="editor" build={build} />;
};

export default Editor;

/** A browser that types over a selection keeps the look of what was there by styles in the page, which our policy refuses. */
const typedOver = EditorView.domEventHandlers({
  beforeinput: (event, view) => {
    const { inputType, data } = event;
    if (inputType !== 'insertText' || data === null || view.composing || view.state.selection.main.empty) return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(data), { userEvent: 'input.type', scrollIntoView: true });
    return true;
  },
});

const done = (act: () => void): true => {
  act();
  return true;
};

const goTo = (view: EditorView, line: number, character: number): void => {
  const { doc } = view.state;
  const { from, to } = doc.line(Math.min(doc.lines, line + 1));
  view.dispatch({ selection: { anchor: Math.min(to, from + character) }, scrollIntoView: true });
  view.focus();
};
