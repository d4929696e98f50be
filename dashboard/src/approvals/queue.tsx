/** The calls that wait, each with the time that is left. */
import { type JSX, useEffect, useState } from 'react';
import type { ApprovalCard } from '../../../src/contract/index.ts';
import { duration } from '../model/format.ts';
import { Badge } from '../parts/badge.tsx';
import { Text } from '../parts/text.tsx';

interface QueueProps {
  readonly cards: readonly ApprovalCard[];
  readonly selected: string;
  readonly onSelect: (id: string) => void;
}

export const Queue = ({ cards, selected, onSelect }: QueueProps): JSX.Element => {
  const nowMs = useNow();
  const waiting = cards.filter(({ state }) => state === 'pending');
  const decided = cards.filter(({ state }) => state !== 'pending');
  const card = (one: ApprovalCard): JSX.Element => (
    <Card key={one.id} card={one} nowMs={nowMs} isSelected={one.id === selected} onSelect={() => onSelect(one.id)} />
  );
  return (
    <aside className="queue" aria-label="Queue">
      <h2 className="label">Waiting · {waiting.length}</h2>
      {waiting.map(card)}
      {waiting.length === 0 && <p className="faint">no call waits for a decision</p>}
      {decided.length > 0 && <h2 className="label">Decided · {decided.length}</h2>}
      {decided.map(card)}
    </aside>
  );
};

const SECOND = 1_000;

const useNow = (): number => {
  const [nowMs, setNowMs] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), SECOND);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
};

interface CardProps {
  readonly card: ApprovalCard;
  readonly nowMs: number;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
}

const Card = ({ card, nowMs, isSelected, onSelect }: CardProps): JSX.Element => {
  const { target, caller, state, approvals, quorum, createdAtMs, expiresAtMs } = card;
  const leftMs = state === 'pending' ? Math.max(0, expiresAtMs - nowMs) : 0;
  return (
    <button
      type="button"
      className={`card${isSelected ? ' selected' : ''}`}
      aria-current={isSelected}
      onClick={onSelect}
    >
      <Ring share={leftMs / Math.max(1, expiresAtMs - createdAtMs)} />
      <span className="what">
        <Text of={target} most={80} />
      </span>
      <Badge of={state} />
      <span className="who">
        <Text of={caller} most={50} />
      </span>
      <span className="who num">
        {state === 'pending' ? `${duration(leftMs)} left · ${approvals} of ${quorum}` : `${approvals} of ${quorum}`}
      </span>
    </button>
  );
};

const RADIUS = 8;
const LENGTH = 2 * Math.PI * RADIUS;

/** Time left of the whole time. */
const Ring = ({ share }: { readonly share: number }): JSX.Element => (
  <svg
    className={`ring${share === 0 ? '' : share < 0.1 ? ' late' : share < 0.3 ? ' soon' : ''}`}
    width="20"
    height="20"
    aria-hidden="true"
  >
    <circle cx="10" cy="10" r={RADIUS} />
    {share > 0 && (
      <circle
        className="left"
        cx="10"
        cy="10"
        r={RADIUS}
        transform="rotate(-90 10 10)"
        strokeDasharray={`${share * LENGTH} ${LENGTH}`}
      />
    )}
  </svg>
);
