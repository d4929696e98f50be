/** The bundles there are: what is active, what is on its way, how often it decides, and who looks after it. */
import type { JSX } from 'react';
import type { BundleEntry, PolicyOverview, ReleaseView } from '../../../src/contract/index.ts';
import { ago } from '../model/ago.ts';
import { instant } from '../model/format.ts';
import type { Hits } from '../model/hits.ts';
import { Text } from '../parts/text.tsx';
import { openRelease, stateText } from './releases.ts';
import { useTouched } from './touched.ts';

interface ListProps {
  readonly overview: PolicyOverview;
  readonly releases: readonly ReleaseView[];
  readonly hits: Hits;
  readonly selected: string;
  readonly onSelect: (name: string) => void;
}

export const BundleList = ({ overview, releases, hits, selected, onSelect }: ListProps): JSX.Element => {
  const open = openRelease(releases);
  const touched = useTouched(open);
  return (
    <aside className="bundles" aria-label="Policies">
      <h2 className="label">
        Policies · {overview.items.length}
        <span className="num" title="content address of all that decides">
          {overview.active.replace('sha256:', '').slice(0, 8)}
        </span>
      </h2>
      {overview.items.map((entry) => (
        <Card
          key={entry.name}
          entry={entry}
          staged={open !== undefined && touched.has(entry.level) ? open : undefined}
          perMinute={hits.minutes === null ? null : (hits.levels.get(entry.level) ?? 0) / hits.minutes}
          isSelected={entry.name === selected}
          onSelect={() => onSelect(entry.name)}
        />
      ))}
      {overview.twoPerson && <p className="faint">Nobody widens policy alone here: a second person approves it.</p>}
    </aside>
  );
};

interface CardProps {
  readonly entry: BundleEntry;
  readonly staged: ReleaseView | undefined;
  /** Null: not known yet. */
  readonly perMinute: number | null;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
}

const Card = ({ entry, staged, perMinute, isSelected, onSelect }: CardProps): JSX.Element => {
  const { name, level, version, atMs, by, reason } = entry;
  return (
    <button
      type="button"
      className={`bundle${isSelected ? ' selected' : ''}`}
      aria-current={isSelected}
      onClick={onSelect}
    >
      <span className="what">
        {name} <span className="num">v{version}</span>
      </span>
      <span className="num right" title="calls a minute in which a rule of it had the say, over the last five minutes">
        {perMinute === null ? '…' : perMinute === 0 ? '0' : perMinute.toFixed(perMinute < 10 ? 1 : 0)}/min
      </span>
      <span className="who">{ownerOf(entry)}</span>
      {staged !== undefined && (
        <span className="who staged">
          <span className="num">{staged.id.replace('sha256:', '').slice(0, 8)}</span> {stateText(staged)}
        </span>
      )}
      <span className="who" title={instant(atMs)}>
        {ago(atMs, Date.now())} by <Text of={by} most={40} />
        {reason !== '' && (
          <>
            : <Text of={reason} most={80} />
          </>
        )}
      </span>
      <span className="hidden">{level === 'org' ? 'of the whole organisation' : `of domain ${level}`}</span>
    </button>
  );
};

/** Whose level it is, and who answers for it or looks after it. */
const ownerOf = ({ level, owner, stewards }: BundleEntry): string => {
  const whose = level === 'org' ? 'organisation' : `domain ${level}`;
  const who = owner !== '' ? `team ${owner}` : stewards.length === 0 ? 'admins' : stewards.slice(0, 3).join(', ');
  return `${whose} · ${who}`;
};
