/** The middle of the bench: the text, two texts side by side, or what it said before. */
import { Toggle } from '@base-ui/react/toggle';
import { ToggleGroup } from '@base-ui/react/toggle-group';
import { type JSX, lazy, type RefObject, Suspense, useCallback, useMemo, useRef } from 'react';
import type { Diagnosis } from '../../../src/contract/index.ts';
import { useParam } from '../frame/params.ts';
import { Copy } from '../parts/copy.tsx';
import { Loading } from '../parts/states.tsx';
import type { Bench, Wanted } from './bench.ts';
import { draftCommand } from './commands.ts';
import { Conflict } from './conflict.tsx';
import { Difference } from './difference.tsx';
import { isChanged, type Part, textOfPart } from './draft.ts';
import type { EditorHandle } from './editor/editor.tsx';
import { fileOf, proposalOf } from './proposal.ts';
import { Versions } from './versions.tsx';

// Whoever opens this screen sees a text, so what draws it comes while it is asked for the text.
const editing = import('./editor/editor.tsx');
editing.catch(() => {});
const Editor = lazy(() => editing);

const VIEWS = [
  { id: 'edit', name: 'Edit', key: 'e' },
  { id: 'diff', name: 'Diff', key: 'd' },
  { id: 'history', name: 'History', key: 'h' },
] as const;

interface CentreProps {
  readonly bench: Bench;
  readonly diagnosis: Diagnosis | undefined;
  readonly editor: RefObject<EditorHandle | null>;
  /** What is to be done with the editor, once there is one. */
  readonly wanted: RefObject<Wanted | null>;
}

export const Centre = ({ bench, diagnosis, editor, wanted }: CentreProps): JSX.Element => {
  const { entry, active, drafting } = bench;
  const [view, setView] = useParam('view', 'edit');
  const panel = useRef<HTMLElement>(null);
  return (
    <section className="panel bench" aria-label="The selected policy" tabIndex={-1} ref={panel}>
      <header>
        <h2>{entry.name}</h2>
        <span className="num faint">v{active.version}</span>
        {isChanged(drafting.draft, active) && <span className="badge info">draft</span>}
        <span className="grow" />
        <ToggleGroup
          className="segments"
          value={[view]}
          onValueChange={([id]) => id !== undefined && setView(id)}
          aria-label="Look at"
        >
          {VIEWS.map(({ id, name, key }) => (
            <Toggle key={id} value={id} title={key}>
              {name}
            </Toggle>
          ))}
        </ToggleGroup>
      </header>
      <Conflict bench={bench} />
      {view === 'diff' && <Difference bench={bench} />}
      {view === 'history' && <Versions bench={bench} />}
      {view !== 'diff' && view !== 'history' && (
        <Writing bench={bench} diagnosis={diagnosis} editor={editor} wanted={wanted} panel={panel} />
      )}
    </section>
  );
};

const PARTS = [
  { id: 'policies', name: 'Policies' },
  { id: 'limits', name: 'Limits' },
  { id: 'cases', name: 'Cases' },
] as const satisfies readonly { readonly id: Part; readonly name: string }[];

const partOf = (asked: string): Part => PARTS.find(({ id }) => id === asked)?.id ?? 'policies';

interface WritingProps extends CentreProps {
  readonly panel: RefObject<HTMLElement | null>;
}

const Writing = ({ bench, diagnosis, editor, wanted, panel }: WritingProps): JSX.Element => {
  const { entry, active, drafting, stored } = bench;
  const { draft, thrown, epoch, write } = drafting;
  const [asked, setPart] = useParam('part', 'policies');
  const part = partOf(asked);
  const file = fileOf(entry.name, part);
  const own = useMemo(() => diagnosis?.diagnostics.filter((one) => one.file === file) ?? [], [diagnosis, file]);
  const take = useCallback(
    (opened: EditorHandle | null) => {
      editor.current = opened;
      const act = opened === null ? null : wanted.current;
      if (opened === null || act === null) return;
      wanted.current = null;
      act(opened);
    },
    [editor, wanted],
  );
  const isDraft = isChanged(draft, active);
  return (
    <>
      <div className="parts">
        <ToggleGroup
          className="segments"
          value={[part]}
          onValueChange={([id]) => id !== undefined && setPart(id)}
          aria-label="Part"
        >
          {PARTS.map(({ id, name }) => (
            <Toggle key={id} value={id}>
              {name}
            </Toggle>
          ))}
        </ToggleGroup>
        <span className="faint">{noteOf(bench, part)}</span>
        <span className="grow" />
        {thrown !== null && draft === null && (
          <button type="button" className="plain" onClick={drafting.bringBack}>
            Bring the draft back
          </button>
        )}
        <OpenFile part={part} onText={(text) => drafting.load(part, text)} />
        {draft !== null && (isDraft || draft.cases !== '') && (
          <>
            <Copy text={draftCommand('stage', proposalOf(stored.resource, draft), { reason: 'why' })} label="CLI" />
            <button type="button" className="plain" onClick={drafting.discard}>
              Throw the draft away
            </button>
          </>
        )}
      </div>
      <Suspense fallback={<Loading rows={14} />}>
        <Editor
          key={part}
          ref={take}
          part={part}
          text={textOfPart(draft, active, part)}
          epoch={epoch}
          label={file}
          language={part === 'cases' ? 'yaml' : 'cedar'}
          diagnostics={own}
          onChange={(text) => write(part, text)}
          onRun={() => document.querySelector<HTMLElement>('[data-run]')?.click()}
          onLeave={() => panel.current?.focus()}
        />
      </Suspense>
    </>
  );
};

interface OpenFileProps {
  readonly part: Part;
  readonly onText: (text: string) => void;
}

/** A file stays on the machine of whoever opens it; its text becomes that of the draft. */
const OpenFile = ({ part, onText }: OpenFileProps): JSX.Element => {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        className="hidden"
        tabIndex={-1}
        aria-label={`file with ${part}`}
        accept={part === 'cases' ? '.yaml,.yml' : '.cedar'}
        onChange={({ target }) => {
          void target.files?.[0]?.text().then(onText);
          target.value = '';
        }}
      />
      <button type="button" className="plain" onClick={() => input.current?.click()}>
        Open a file …
      </button>
    </>
  );
};

const noteOf = ({ drafting: { draft, trouble }, active }: Bench, part: Part): string => {
  if (trouble !== '') return trouble;
  if (part === 'cases' && (draft?.cases ?? '') === '')
    return 'the hub keeps no cases: write or paste them here, they stay with the draft';
  if (draft === null || (!isChanged(draft, active) && part !== 'cases'))
    return 'what is active; writing begins a draft';
  return `draft over v${draft.base.version}, kept by this browser`;
};
