/** The numbers above the map. Each is of what this page has seen, and says over how long. */
import type { JSX, ReactNode } from 'react';
import type { TopRead } from '../../../src/contract/index.ts';
import { useBreakers } from '../api/incidents.ts';
import { useApprovals, useBudgets } from '../api/queries.ts';
import type { LiveRequests } from '../api/use-live.ts';
import { useAccount } from '../frame/account.ts';
import { tokensOf } from '../model/facts.ts';
import { amount, count, duration, money, percent, rate } from '../model/format.ts';
import { breakersCounted } from '../model/incidents.ts';
import { seriesOf, type Traffic } from '../model/traffic.ts';
import { Spark } from '../parts/spark.tsx';
import { Text } from '../parts/text.tsx';

interface StripProps {
  readonly seen: LiveRequests;
  readonly traffic: Traffic;
  readonly top: TopRead | undefined;
}

const SLICES = 24;

export const Strip = ({ seen: { rows, events, nowMs, rangeMs, isPaused }, traffic, top }: StripProps): JSX.Element => {
  const { all } = traffic;
  // As long as anything is known of it: a line that begins with nothing says that nothing was.
  const firstMs = events.reduce((first, { startedAtMs }) => Math.min(first, startedAtMs), nowMs);
  const window = { nowMs, windowMs: Math.max(30_000, Math.min(rangeMs, 300_000, nowMs - firstMs)) };
  const line = (of: Parameters<typeof seriesOf>[3]) => seriesOf(events, window, SLICES, of);
  const failing = [...traffic.targets]
    .filter(([, { failed }]) => failed > 0)
    .sort((a, b) => b[1].failed - a[1].failed)[0];
  return (
    <div className="strip">
      <Figure
        name="Calls"
        value={rate(all.perSecond)}
        unit="/s"
        spark={line((calls) => new Set(calls.map(({ callId }) => callId)).size)}
      >
        {rows.length} requests in {duration(rangeMs)}
      </Figure>
      <Figure name="Latency p95" value={all.p95Ms === null ? '–' : duration(all.p95Ms)} spark={line(slowest)}>
        median <b>{all.p50Ms === null ? '–' : duration(all.p50Ms)}</b>
      </Figure>
      <Figure
        name="Failed"
        value={percent(all.failed, all.calls)}
        mood={all.failed > 0 ? 'bad' : ''}
        spark={line(failedIn)}
      >
        {failing === undefined ? (
          'nothing fails'
        ) : (
          <>
            <Text of={failing[0].replace(/^[a-z]+\//, '')} most={24} />{' '}
            <b className="bad">{percent(failing[1].failed, failing[1].calls)}</b>
          </>
        )}
      </Figure>
      <Figure
        name="Denied by policy"
        value={percent(all.denied, all.calls)}
        spark={line((calls) => calls.filter(({ status }) => status === 'denied').length)}
      >
        {all.denied} of {all.calls} calls
      </Figure>
      <Spend isPaused={isPaused} costMicros={all.costMicros} />
      <Figure
        name="Tokens"
        value={count((all.tokens * 60_000) / traffic.windowMs)}
        unit="/min"
        spark={line((calls) => calls.reduce((sum, event) => sum + tokensOf(event), 0))}
      >
        {count(all.tokens)} in {Math.round(traffic.windowMs / 1_000)} s
      </Figure>
      <Waiting nowMs={nowMs} />
      <Breakers top={top} isPaused={isPaused} />
    </div>
  );
};

type Series = Parameters<typeof seriesOf>[3];
const slowest: Series = (calls) => calls.reduce((most, { durationMs }) => Math.max(most, durationMs), 0);
const failedIn: Series = (calls) =>
  calls.filter(({ status }) => status === 'failed' || status === 'unknown' || status === 'refused').length;

interface FigureProps {
  readonly name: string;
  readonly value: string;
  readonly unit?: string;
  readonly mood?: string;
  readonly spark?: readonly number[];
  readonly children: ReactNode;
}

const Figure = ({ name, value, unit = '', mood = '', spark, children }: FigureProps): JSX.Element => (
  <div className={`number ${mood}`}>
    <span className="title">{name}</span>
    <span className="value">
      {value}
      <small>{unit}</small>
    </span>
    <span className="below">{children}</span>
    {spark !== undefined && <Spark values={spark} />}
  </div>
);

/** The budget that is nearest to its limit; without budgets, what the calls of the window cost. */
const Spend = ({ isPaused, costMicros }: { readonly isPaused: boolean; readonly costMicros: number }): JSX.Element => {
  const budgets = useBudgets(isPaused).data?.items ?? [];
  const [fullest] = budgets
    .flatMap((budget) => (budget.accounts[0] === undefined ? [] : [{ budget, account: budget.accounts[0] }]))
    .sort((a, b) => shareOf(b.account) - shareOf(a.account));
  if (fullest === undefined)
    return (
      <Figure name="Spend" value={money(costMicros)}>
        no budget limits it
      </Figure>
    );
  const { budget, account } = fullest;
  const share = shareOf(account);
  const spent = Math.min(100, (100 * account.spent) / Math.max(1, account.limit + account.extra));
  return (
    <Figure
      name={`Budget ${budget.name}`}
      value={amount(account.spent, budget.unit)}
      unit={` of ${amount(account.limit + account.extra, budget.unit)}`}
    >
      <span
        className={`meter${share >= 1 ? ' bad' : share > 0.8 ? ' warn' : ''}`}
        title="spent, and set aside for calls that run"
      >
        <i style={{ width: `${spent}%` }} />
        <i
          className="reserved"
          style={{ left: `${spent}%`, width: `${Math.min(100 - spent, share * 100 - spent)}%` }}
        />
      </span>
    </Figure>
  );
};

const shareOf = ({
  spent,
  reserved,
  limit,
  extra,
}: {
  spent: number;
  reserved: number;
  limit: number;
  extra: number;
}): number => (spent + reserved) / Math.max(1, limit + extra);

const Waiting = ({ nowMs }: { readonly nowMs: number }): JSX.Element => {
  const pending = (useApprovals().data?.items ?? []).filter(({ state }) => state === 'pending');
  const oldest = pending.reduce((oldestMs, { createdAtMs }) => Math.min(oldestMs, createdAtMs), nowMs);
  return (
    <Figure name="Approvals waiting" value={String(pending.length)} mood={pending.length > 0 ? 'warn' : ''}>
      {pending.length === 0 ? (
        'nobody waits for people'
      ) : (
        <>
          oldest <b className="warn">{duration(Math.max(1_000, nowMs - oldest))}</b>
        </>
      )}
    </Figure>
  );
};

interface BreakersProps {
  readonly top: TopRead | undefined;
  readonly isPaused: boolean;
}

/** Of every node below: each has breakers of its own. Those that were always closed are counted of this hub alone. */
const Breakers = ({ top, isPaused }: BreakersProps): JSX.Element => {
  const { holds } = useAccount();
  const { data } = useBreakers(isPaused);
  const endpoints = top?.targets.flatMap((target) => target.endpoints) ?? [];
  const { open, half, held } = breakersCounted(data?.items ?? []);
  const closed = endpoints.filter(({ breaker }) => breaker === 'closed').length;
  return (
    <Figure name="Breakers" value={data === undefined ? '–' : String(open)} unit=" open" mood={open > 0 ? 'bad' : ''}>
      {holds.length === 0
        ? 'your roles show none'
        : `${half} half-open · ${held > 0 ? `${held} held` : `${closed} closed here`}`}
    </Figure>
  );
};
