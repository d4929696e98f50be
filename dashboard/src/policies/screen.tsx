/** Policies: what decides, who changed it, and the way of a change from a draft over its evidence to every node, and back. */
import { type JSX, useMemo } from 'react';
import type { BundleEntry, PolicyOverview, ReleaseView } from '../../../src/contract/index.ts';
import { useLive } from '../api/use-live.ts';
import { useKeys } from '../frame/keys.ts';
import { useParam } from '../frame/params.ts';
import { hitsOf } from '../model/hits.ts';
import { Empty, Failed, Loading } from '../parts/states.tsx';
import '../style/choices.css';
import '../style/lists.css';
import '../style/policies.css';
import '../style/steps.css';
import { BundleList } from './list.tsx';
import { useOverview, useReleases } from './queries.ts';
import { Workbench } from './workbench.tsx';

/** Hits are of the last five minutes, or of as much of them as the page has seen. */
const WINDOW_MS = 300_000;

export const PoliciesScreen = (): JSX.Element => {
  const overview = useOverview();
  const releases = useReleases();
  if (overview.data === undefined || releases.data === undefined) {
    const thrown = overview.error ?? releases.error;
    const retry = (): void => void Promise.all([overview.refetch(), releases.refetch()]);
    return thrown === null ? <Loading /> : <Failed thrown={thrown} onRetry={retry} />;
  }
  return (
    <>
      {(overview.error ?? releases.error) !== null && (
        <p className="stale" role="alert">
          The node does not answer: this is how policy was at {new Date(overview.dataUpdatedAt).toLocaleTimeString()}.
        </p>
      )}
      <Screen overview={overview.data} releases={releases.data.items} />
    </>
  );
};

interface ScreenProps {
  readonly overview: PolicyOverview;
  readonly releases: readonly ReleaseView[];
}

const Screen = ({ overview, releases }: ScreenProps): JSX.Element => {
  const { events, nowMs, fromMs } = useLive();
  const [asked, select] = useParam('sel');
  const { items } = overview;
  const entry = items.find(({ name }) => name === asked) ?? (asked === '' ? first(items) : undefined);
  const hits = useMemo(() => hitsOf(events, { nowMs, windowMs: WINDOW_MS, fromMs }), [events, nowMs, fromMs]);
  const move = (by: number): void => {
    const at = entry === undefined ? -1 : items.indexOf(entry);
    const next = items[Math.max(0, Math.min(items.length - 1, at + by))];
    if (next !== undefined) select(next.name);
  };
  useKeys({ j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1) });
  if (items.length === 0)
    return (
      <Empty title="No policy here" command="airspace policy stage -f policies.yaml --reason '...'">
        There is no PolicyBundle that you may see, and what no policy permits is denied. Propose the first one from a
        file:
      </Empty>
    );
  return (
    <div className="policies">
      <BundleList overview={overview} releases={releases} hits={hits} selected={entry?.name ?? ''} onSelect={select} />
      {entry === undefined ? (
        <section className="panel" aria-label="The selected policy">
          <Empty title="Not here" command="airspace get policies">
            There is no such policy, or it is of a level that you do not look after. Choose one on the left.
          </Empty>
        </section>
      ) : (
        <Workbench key={entry.name} entry={entry} overview={overview} releases={releases} hits={hits} />
      )}
    </div>
  );
};

/** The organisation's comes first: it has a say in every call. */
const first = (items: readonly BundleEntry[]): BundleEntry | undefined =>
  items.find(({ level }) => level === 'org') ?? items[0];
