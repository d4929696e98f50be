/** One policy on the bench: its text in the middle, and on the right what is known of the change that is made to it. */
import { type JSX, useRef } from 'react';
import type { ReleaseView } from '../../../src/contract/index.ts';
import { useAccount } from '../frame/account.ts';
import { useKeys } from '../frame/keys.ts';
import { useParam, usePut } from '../frame/params.ts';
import { Empty, Failed, Loading } from '../parts/states.tsx';
import type { Bench, Laid, Subject, Wanted } from './bench.ts';
import { Centre } from './centre.tsx';
import { isChanged, type Part, type Versioned } from './draft.ts';
import type { EditorHandle } from './editor/editor.tsx';
import { whyNot } from './may.ts';
import { type StoredBundle, useBundle, useDiagnosis } from './queries.ts';
import { Rail } from './rail.tsx';
import { isOpen, openRelease } from './releases.ts';
import { type Drafting, useDraft } from './use-draft.ts';
import { useSettled } from './use-settled.ts';

export const Workbench = (props: Laid): JSX.Element => {
  const { entry } = props;
  const { data, error, refetch } = useBundle(entry.name, entry.version);
  if (data === undefined)
    return (
      <section className="panel" aria-label="The selected policy">
        {error === null ? <Loading /> : <Failed thrown={error} onRetry={() => void refetch()} />}
      </section>
    );
  if (data === null)
    return (
      <section className="panel" aria-label="The selected policy">
        <Empty title="Gone">Somebody took this policy away a moment ago.</Empty>
      </section>
    );
  return <Opened {...props} stored={data} />;
};

const SETTLE_MS = 350;

const Opened = (props: Laid & { readonly stored: StoredBundle }): JSX.Element => {
  const { entry, releases, stored } = props;
  const { resource, version } = stored;
  const active: Versioned = {
    ...{ version, policies: resource.spec.policies.text, limits: resource.spec.limits?.text ?? null },
  };
  const drafting = useDraft(entry.name, active);
  const account = useAccount();
  const [asked] = useParam('release');
  const put = usePut();
  const editor = useRef<EditorHandle>(null);
  const wanted = useRef<Wanted | null>(null);
  const text = useSettled(drafting.draft ?? active, SETTLE_MS);
  const diagnosis = useDiagnosis(resource, text, whyNot(account, 'diagnose') === undefined);
  const bench: Bench = { ...props, active, drafting, subject: subjectOf(asked, drafting, active, releases) };
  /** At once where the editor is open on that part, and else as soon as it is. */
  const act = (to: Wanted, part?: Part): void => {
    if (editor.current !== null && (part === undefined || editor.current.part === part)) to(editor.current);
    else wanted.current = to;
  };
  const goTo = (part: Part, line: number, character: number): void => {
    put({ view: '', part: part === 'policies' ? '' : part });
    act((there) => there.goTo(line, character), part);
  };
  useKeys({
    e: () => {
      put({ view: '' });
      act((there) => there.focus());
    },
    d: () => put({ view: 'diff' }),
    h: () => put({ view: 'history' }),
  });
  return (
    <>
      <Centre bench={bench} diagnosis={diagnosis.data} editor={editor} wanted={wanted} />
      <Rail bench={bench} diagnosis={diagnosis} onGoTo={goTo} />
    </>
  );
};

/** What the address names; else the draft as long as nobody staged it, and else what is on its way. */
const subjectOf = (
  asked: string,
  { draft }: Drafting,
  active: Versioned,
  releases: readonly ReleaseView[],
): Subject => {
  const named = asked === '' ? undefined : releases.find(({ id }) => id.startsWith(`sha256:${asked}`));
  if (named !== undefined) return { kind: 'release', release: named };
  if (isChanged(draft, active) || asked === 'draft') return { kind: 'draft' };
  const open = openRelease(releases) ?? releases.find(isOpen);
  return open === undefined ? { kind: 'none' } : { kind: 'release', release: open };
};
