/** Approvals: calls that wait for people, the one with the least time first, and exactly what the selected one would send. */
import { useQueryClient } from '@tanstack/react-query';
import { type JSX, useMemo, useState } from 'react';
import type { ApprovalCard } from '../../../src/contract/index.ts';
import { useApproval, useApprovals } from '../api/queries.ts';
import { useKeys } from '../frame/keys.ts';
import { useParam } from '../frame/params.ts';
import { Empty, Failed, Loading } from '../parts/states.tsx';
import '../style/approvals.css';
import '../style/choices.css';
import { Ballot, type Verdict } from './ballot.tsx';
import { Queue } from './queue.tsx';
import { View } from './view.tsx';

export const ApprovalsScreen = (): JSX.Element => {
  const { data, error, refetch } = useApprovals();
  const [asked, select] = useParam('sel');
  // What is in an address may be anything, and becomes part of a path.
  const selected = /^[0-9a-f]{32}$/.test(asked) ? asked : '';
  const cards = useMemo(() => inOrder(data?.items ?? []), [data]);
  const at = cards.findIndex(({ id }) => id === selected);
  const id = selected === '' ? (cards.find(({ state }) => state === 'pending')?.id ?? '') : selected;
  const [verdict, setVerdict] = useState<{ readonly id: string; readonly verdict: Verdict } | null>(null);
  const move = (by: number): void => {
    const from = at < 0 ? cards.findIndex((card) => card.id === id) : at;
    const next = cards[Math.max(0, Math.min(cards.length - 1, from + by))];
    if (next !== undefined) select(next.id);
  };
  const choose = (to: Verdict): void => {
    if (id === '') return;
    // It stays on the screen when it waits no more.
    select(id);
    setVerdict({ id, verdict: to });
  };
  useKeys({
    ...{ j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1) },
    ...{ y: () => choose('approve'), n: () => choose('deny'), Escape: () => setVerdict(null) },
  });
  if (data === undefined)
    return error === null ? <Loading /> : <Failed thrown={error} onRetry={() => void refetch()} />;
  return (
    <div className="approvals">
      <Queue cards={cards} selected={id} onSelect={select} />
      <section className="panel" aria-label="The selected call">
        {id === '' ? (
          <Nobody cards={cards} />
        ) : (
          <One
            id={id}
            verdict={verdict?.id === id ? verdict.verdict : null}
            onVerdict={(to) => (to === null ? setVerdict(null) : choose(to))}
          />
        )}
      </section>
    </div>
  );
};

/** Those that wait by their deadline, then the decided ones, newest first. */
const inOrder = (cards: readonly ApprovalCard[]): readonly ApprovalCard[] => {
  const waiting = cards.filter(({ state }) => state === 'pending').sort((a, b) => a.expiresAtMs - b.expiresAtMs);
  const others = cards.filter(({ state }) => state !== 'pending').sort((a, b) => b.createdAtMs - a.createdAtMs);
  return [...waiting, ...others];
};

const Nobody = ({ cards }: { readonly cards: readonly ApprovalCard[] }): JSX.Element => {
  const last = cards[0];
  return (
    <Empty title="Nobody waits for you" command="airspace explain policybundle.spec.policies">
      {last === undefined
        ? 'No call has waited here yet. A forbid with @remedy("approval") makes calls wait for people:'
        : `The last one was asked about at ${new Date(last.createdAtMs).toLocaleString()}; choose it on the left to read it again.`}
    </Empty>
  );
};

interface OneProps {
  readonly id: string;
  readonly verdict: Verdict | null;
  readonly onVerdict: (verdict: Verdict | null) => void;
}

const One = ({ id, verdict, onVerdict }: OneProps): JSX.Element => {
  const { data, error, refetch } = useApproval(id);
  const client = useQueryClient();
  if (data === undefined)
    return error === null ? <Loading /> : <Failed thrown={error} onRetry={() => void refetch()} />;
  const done = (): void => {
    onVerdict(null);
    void client.invalidateQueries({ queryKey: ['approvals'] });
    void client.invalidateQueries({ queryKey: ['approval', id] });
  };
  return (
    <>
      <View view={data} />
      <Ballot key={id} view={data} verdict={verdict} onVerdict={onVerdict} onDone={done} />
    </>
  );
};
