/** The left rail: the screens that there are, what waits in them, and how the stream is. */
import type { JSX } from 'react';
import { Link } from 'wouter';
import { useIncidents } from '../api/incidents.ts';
import { useApprovals, useStatus } from '../api/queries.ts';
import { useLive } from '../api/use-live.ts';
import { Icon, Mark } from '../parts/icon.tsx';
import { useHref } from './params.ts';
import { SCREENS, type Screen } from './screens.ts';

/** A count may be a little old. */
const COUNTED_MS = 15_000;

export const Rail = ({ current }: { readonly current: Screen | undefined }): JSX.Element => {
  const href = useHref();
  const { isPaused } = useLive();
  const open = useIncidents(isPaused, COUNTED_MS).rows.filter(({ isOpen }) => isOpen);
  const waiting = useApprovals().data?.items.filter(({ state }) => state === 'pending').length ?? 0;
  return (
    <nav className="rail" aria-label="Screens">
      <div className="brand">
        <Mark />
        <span>airspace</span>
      </div>
      {SCREENS.map((screen) => {
        const badge = screen.id === 'approvals' ? waiting : screen.id === 'incidents' ? open.length : 0;
        const isBad = screen.id === 'incidents' && open.some(({ mood }) => mood === 'bad');
        const isHere = screen === current;
        return (
          <Link
            key={screen.id}
            href={href(screen.path)}
            className={isHere ? 'on' : ''}
            aria-current={isHere ? 'page' : undefined}
          >
            <Icon name={screen.id} />
            <span>{screen.name}</span>
            {badge > 0 && <span className={`count ${isBad ? 'bad' : 'warn'}`}>{badge}</span>}
          </Link>
        );
      })}
      <Foot />
    </nav>
  );
};

const Foot = (): JSX.Element => {
  const { state, isPaused, missed } = useLive();
  const version = useStatus().data?.version ?? '';
  const word = isPaused ? 'paused' : state;
  return (
    <div className="foot" role="status">
      <i className={`lamp ${isPaused ? 'warn' : state === 'live' ? 'ok' : 'bad'}`} />
      <span>
        {word}
        {missed > 0 && ` · ${missed} missed`}
      </span>
      <span className="mono">{version}</span>
    </div>
  );
};
