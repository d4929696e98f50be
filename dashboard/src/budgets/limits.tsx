/** Limits: how much of which limit is gone, when it runs out at the pace of the last hour, and who draws on it. */
import { type JSX, useMemo } from 'react';
import { useBudgets, usePayers } from '../api/queries.ts';
import { useLive } from '../api/use-live.ts';
import type { Account, BudgetView } from '../api/views.ts';
import { useKeys } from '../frame/keys.ts';
import { useParam } from '../frame/params.ts';
import { amount, count, duration, instant, percent } from '../model/format.ts';
import { Copy } from '../parts/copy.tsx';
import { Heads } from '../parts/heads.tsx';
import { Empty, Failed, Loading } from '../parts/states.tsx';
import { Text } from '../parts/text.tsx';

export const Limits = (): JSX.Element => {
  const { isPaused, nowMs } = useLive();
  const { data, error, refetch } = useBudgets(isPaused);
  const [selected, select] = useParam('sel');
  const budgets = useMemo(() => inTree(data?.items ?? []), [data]);
  const budget = budgets.find(({ name }) => name === selected) ?? budgets[0];
  const move = (by: number): void => {
    const at = budget === undefined ? -1 : budgets.indexOf(budget);
    const next = budgets[Math.max(0, Math.min(budgets.length - 1, at + by))];
    if (next !== undefined) select(next.name);
  };
  useKeys({ j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1) });
  if (data === undefined)
    return error === null ? <Loading /> : <Failed thrown={error} onRetry={() => void refetch()} />;
  if (budget === undefined)
    return (
      <Empty title="Nothing is limited" command="airspace explain budget.spec">
        There is no Budget in the configuration, so calls cost what they cost. Write one and apply it:
      </Empty>
    );
  return (
    <div className="two-lists">
      <section className="panel" aria-label="Budgets">
        <header>
          <h2>Budgets</h2>
          <span className="faint num">{budgets.length}</span>
        </header>
        <BudgetTable budgets={budgets} selected={budget.name} onSelect={select} />
      </section>
      <section className="panel" aria-label="The selected budget">
        <One budget={budget} nowMs={nowMs} />
      </section>
    </div>
  );
};

/** By place in the organisation, from the top. */
const inTree = (budgets: readonly BudgetView[]): readonly BudgetView[] =>
  budgets.toSorted((a, b) => (a.path.join('\0') < b.path.join('\0') ? -1 : 1) || (a.name < b.name ? -1 : 1));

const shareOf = ({ spent, reserved, limit, extra }: Account): number => (spent + reserved) / Math.max(1, limit + extra);

const WINDOW_WORDS: Readonly<Record<string, string>> = { day: 'today', hour: 'this hour', month: 'this month' };

const SOFT = { event: 'it is told', ask: 'people are asked', model: 'calls go to model' } as const;
const HARD = { refuse: 'calls are refused', pause: 'calls wait' } as const;

interface TableProps {
  readonly budgets: readonly BudgetView[];
  readonly selected: string;
  readonly onSelect: (name: string) => void;
}

const BudgetTable = ({ budgets, selected, onSelect }: TableProps): JSX.Element => (
  <div className="scroll">
    <table className="grid-table">
      <Heads of={['budget', 'of', 'used']} numbers={['spent', 'reserved', 'limit']} then={['at the limit']} />
      <tbody>
        {budgets.map((budget) => {
          const { name, path, unit, hard, limit, accounts } = budget;
          // The fullest account is the one that binds.
          const binding = accounts[0];
          return (
            <tr key={name} className={name === selected ? 'selected' : ''}>
              <td style={{ paddingLeft: 10 + Math.max(0, path.length - 1) * 12 }}>
                <button type="button" aria-current={name === selected} onClick={() => onSelect(name)}>
                  <Text of={name} most={60} />
                </button>
              </td>
              <td className="mute">
                <Text of={budget.scope} most={60} />{' '}
                <span className="faint">{WINDOW_WORDS[budget.window.every] ?? budget.window.every}</span>
              </td>
              <td className="used-bar">
                <Meter account={binding} />
              </td>
              <td className="right num">{amount(binding?.spent ?? 0, unit)}</td>
              <td className="right num">{amount(binding?.reserved ?? 0, unit)}</td>
              <td className="right num">{amount(limit, unit)}</td>
              <td className="mute">{HARD[hard]}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  </div>
);

const Meter = ({ account }: { readonly account: Account | undefined }): JSX.Element => {
  const share = account === undefined ? 0 : shareOf(account);
  const whole = Math.max(1, (account?.limit ?? 0) + (account?.extra ?? 0));
  const spent = Math.min(100, (100 * (account?.spent ?? 0)) / whole);
  const reserved = Math.min(100 - spent, (100 * (account?.reserved ?? 0)) / whole);
  return (
    <span className="metered">
      <span className={`meter${share >= 1 ? ' bad' : share > 0.8 ? ' warn' : ''}`}>
        <i style={{ width: `${spent}%` }} />
        <i className="reserved" style={{ left: `${spent}%`, width: `${reserved}%` }} />
      </span>
      <span className="num">{percent(share, 1)}</span>
    </span>
  );
};

const One = ({ budget, nowMs }: { readonly budget: BudgetView; readonly nowMs: number }): JSX.Element => {
  const { name, unit, accounts, accountCount, window, soft, hard, path, per } = budget;
  const soon = accounts.flatMap(({ runsOutAtMs }) => (runsOutAtMs === null ? [] : [runsOutAtMs]));
  return (
    <>
      <header>
        <h2>
          <Text of={name} most={80} />
        </h2>
        <span className="mute">
          <Text of={path.join(' › ')} most={100} />
        </span>
        <span className="grow" />
        <Copy text={`airspace budget who-pays ${name}`} label="CLI" />
      </header>
      <div className="scroll padded">
        <dl>
          <dt>window</dt>
          <dd>
            {window.every}, since <span className="num">{instant(window.startMs)}</span>
            {window.endMs !== null && <> · {duration(Math.max(0, window.endMs - nowMs))} left</>}
          </dd>
          <dt>beyond</dt>
          <dd>
            {soft !== null && `from ${soft.percent}%: ${SOFT[soft.do]}${soft.model === '' ? '' : ` ${soft.model}`}; `}at
            the limit: {HARD[hard]}
          </dd>
          <dt>accounts</dt>
          <dd>
            {count(accountCount)}
            {per !== null && `, one for each ${per}`}
          </dd>
          <dt>forecast</dt>
          <dd className={soon.length > 0 ? 'warn' : ''}>
            {soon.length === 0
              ? 'at the pace of the last hour it lasts until its window ends'
              : `at the pace of the last hour the first account is empty in ${duration(Math.max(0, Math.min(...soon) - nowMs))}`}
          </dd>
        </dl>
        <h3>Accounts, the fullest first</h3>
        <table className="grid-table">
          <Heads of={['holder', 'used']} numbers={['left', 'per hour', 'empty in']} />
          <tbody>
            {accounts.map((account) => (
              <tr key={account.holder}>
                <td>
                  <Text of={account.holder || 'everybody'} most={60} />
                </td>
                <td className="used-bar">
                  <Meter account={account} />
                </td>
                <td className="right num">{amount(account.left, unit)}</td>
                <td className="right num">{amount(account.perHour, unit)}</td>
                <td className="right num">
                  {account.runsOutAtMs === null ? '–' : duration(Math.max(0, account.runsOutAtMs - nowMs))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <Payers budget={budget} />
      </div>
    </>
  );
};

const BY = ['principal', 'user', 'target', 'tree', 'session'] as const;

const Payers = ({ budget: { name, unit } }: { readonly budget: BudgetView }): JSX.Element => {
  const [by, setBy] = useParam('by', 'principal');
  const { data, error } = usePayers(name, by);
  const most = data?.items.reduce((sum, { spent, reserved }) => Math.max(sum, spent + reserved), 1) ?? 1;
  return (
    <>
      <h3 className="with-choice">
        Who draws on it
        <span className="grow" />
        <label>
          <span className="hidden">by</span>
          <select value={by} onChange={({ target }) => setBy(target.value)}>
            {BY.map((one) => (
              <option key={one} value={one}>
                by {one}
              </option>
            ))}
          </select>
        </label>
      </h3>
      {error !== null && <Failed thrown={error} />}
      {data?.items.length === 0 && <p className="faint">nobody in this window</p>}
      {data !== undefined && data.items.length > 0 && (
        <table className="grid-table">
          <Heads of={['who', 'share']} numbers={['spent', 'reserved', 'calls']} />
          <tbody>
            {data.items.slice(0, 50).map(({ who, spent, reserved, calls }) => (
              <tr key={who}>
                <td>
                  <Text of={who || 'nobody'} most={60} />
                </td>
                <td className="used-bar">
                  <span className="meter">
                    <i style={{ width: `${(100 * (spent + reserved)) / most}%` }} />
                  </span>
                </td>
                <td className="right num">{amount(spent, unit)}</td>
                <td className="right num">{amount(reserved, unit)}</td>
                <td className="right num">{count(calls)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
};
