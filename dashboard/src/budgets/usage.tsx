/** Usage: which agent uses most tokens, which agents are bottlenecks, which operations cost most, from what the hub counted. */
import { Toggle } from '@base-ui/react/toggle';
import { ToggleGroup } from '@base-ui/react/toggle-group';
import { type JSX, useMemo } from 'react';
import { type UsageOnly, useUsage, useUsageOverTime } from '../api/usage.ts';
import { useLive } from '../api/use-live.ts';
import { useKeys } from '../frame/keys.ts';
import { useGo, useParam, usePut, useRange } from '../frame/params.ts';
import {
  type Asked,
  askedIn,
  BYS,
  KINDS,
  MEASURES,
  pageOf,
  QUESTIONS,
  requestsOf,
  rowsOf,
  topCommand,
  type UsageRow,
} from '../model/usage.ts';
import { Copy } from '../parts/copy.tsx';
import { Empty, Failed, Loading } from '../parts/states.tsx';
import { UsageChart } from './usage-chart.tsx';
import { Caveats } from './usage-said.tsx';
import { UsageTable } from './usage-table.tsx';

/** More rows than anybody reads; the order says which. */
const MOST_SHOWN = 200;
const EVERYBODY: UsageOnly = {};

export const Usage = (): JSX.Element => {
  const { isPaused } = useLive();
  const { range } = useRange();
  const minutes = range.ms / 60_000;
  const [asked, ask] = useAsked();
  const [selected, select] = useParam('sel');
  const go = useGo();
  const by = BYS.find(({ id }) => id === asked.by)!;
  const usage = useUsage({ by: by.asked, sort: MEASURES[asked.sort].asked, minutes }, isPaused);
  const view = usage.data;
  const rows = useMemo(() => (view === undefined ? [] : rowsOf(view, asked)), [view, asked]);
  const shown = rows.slice(0, MOST_SHOWN);
  const at = shown.findIndex(({ name }) => name === selected);
  const only = onlyOf(shown[at]);
  const all = useUsageOverTime(view === undefined ? null : EVERYBODY, minutes, isPaused);
  const one = useUsageOverTime(only, minutes, isPaused);
  const move = (steps: number): void => {
    const next = shown[Math.max(0, Math.min(shown.length - 1, at < 0 ? 0 : at + steps))];
    if (next !== undefined) select(next.name);
  };
  const open = (row: UsageRow | undefined): void => {
    const to = row === undefined ? undefined : (pageOf(row) ?? requestsOf(row));
    if (to !== undefined) go(to);
  };
  useKeys({
    ...{ j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1) },
    ...{ Enter: () => open(shown[at]), Escape: () => select('') },
  });
  if (view === undefined)
    return usage.error === null ? (
      <Loading rows={14} />
    ) : (
      <Failed thrown={usage.error} onRetry={() => void usage.refetch()} />
    );
  return (
    <section className="panel whole usage" aria-label="Usage" aria-busy={usage.isPlaceholderData}>
      <header>
        <h2>Usage</h2>
        <Choice label="Rows" of={BYS} value={asked.by} onChoose={(id) => ask({ ...asked, by: id, kind: '' })} />
        {KINDS[asked.by].length > 0 && (
          <Choice
            label="Of which kind"
            of={KINDS[asked.by]}
            value={asked.kind}
            onChoose={(kind) => ask({ ...asked, kind })}
          />
        )}
        <span className="faint num">
          {rows.length > shown.length ? `the first ${shown.length} of ${rows.length}` : rows.length}
        </span>
        <span className="grow" />
        <Copy text={topCommand(asked, range.id)} />
      </header>
      <Questions asked={asked} onAsk={ask} />
      <Caveats view={view} asked={asked} problem={wordsOf(usage.error)} readAtMs={usage.dataUpdatedAt} />
      {view.items.length === 0 ? (
        <Empty title="Nothing was called in this time" command="airspace request agent/<name>/<operation> --data '{}'">
          No call ended and none began to wait. Look further back, or make a call:
        </Empty>
      ) : (
        <>
          <UsageChart
            all={all.data}
            one={only === null ? undefined : one.data}
            name={shown[at]?.name ?? ''}
            sort={asked.sort}
            problem={wordsOf(all.error ?? one.error)}
          />
          <UsageTable
            rows={shown}
            total={view.total}
            asked={asked}
            selected={selected}
            onSelect={select}
            onSort={(sort) => ask({ ...asked, sort })}
          />
        </>
      )}
    </section>
  );
};

/** Empty: nothing went wrong. */
const wordsOf = (thrown: unknown): string =>
  thrown === null ? '' : thrown instanceof Error ? thrown.message : String(thrown);

/** What is asked, from the address and into it. A selection stays while rows are of the same. */
const useAsked = (): readonly [Asked, (asked: Asked) => void] => {
  const [by] = useParam('by');
  const [sort] = useParam('sort');
  const [kind] = useParam('kind');
  const put = usePut();
  const asked = useMemo(() => askedIn({ by, sort, kind }), [by, sort, kind]);
  return [asked, (next) => put({ ...next, ...(next.by === asked.by ? {} : { sel: '' }) })];
};

/** Null: nothing is selected, or the node takes no such name. */
const onlyOf = (row: UsageRow | undefined): UsageOnly | null => {
  if (row === undefined || row.operation === '') return null;
  const { caller, target, operation } = row.item;
  return {
    ...(caller === undefined ? {} : { caller }),
    ...(target === undefined ? {} : { target }),
    ...(operation === undefined ? {} : { operation }),
  };
};

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly of: readonly { readonly id: T; readonly name: string }[];
  readonly value: string;
  readonly onChoose: (id: T) => void;
}

const Choice = <T extends string>({ label, of, value, onChoose }: ChoiceProps<T>): JSX.Element => (
  <ToggleGroup
    className="segments"
    value={[value]}
    onValueChange={([id]) => id !== undefined && onChoose(id as T)}
    aria-label={label}
  >
    {of.map(({ id, name }) => (
      <Toggle key={id} value={id}>
        {name}
      </Toggle>
    ))}
  </ToggleGroup>
);

interface QuestionsProps {
  readonly asked: Asked;
  readonly onAsk: (asked: Asked) => void;
}

const Questions = ({ asked, onAsk }: QuestionsProps): JSX.Element => (
  <div className="presets">
    {QUESTIONS.map(({ name, by, sort, kind }) => {
      const isOn = asked.by === by && asked.sort === sort && asked.kind === kind;
      return (
        <button
          type="button"
          key={name}
          className={isOn ? 'on' : ''}
          aria-pressed={isOn}
          onClick={() => onAsk({ by, sort, kind })}
        >
          {name}
        </button>
      );
    })}
  </div>
);
