/** Incidents: what is wrong now, first; since when, why, what it touched, and what nodes did about it by themselves. */
import { type JSX, useMemo } from 'react';
import { useIncidents } from '../api/incidents.ts';
import { useLive } from '../api/use-live.ts';
import { useKeys } from '../frame/keys.ts';
import { useParam } from '../frame/params.ts';
import { coarse, instant } from '../model/format.ts';
import { type Effects, effectsOf, type IncidentRow, isTouched } from '../model/incidents.ts';
import { Heads } from '../parts/heads.tsx';
import { Search } from '../parts/search.tsx';
import { Standing } from '../parts/standing.tsx';
import { Empty, Failed, Loading } from '../parts/states.tsx';
import { Text } from '../parts/text.tsx';
import '../style/lists.css';
import '../style/incidents.css';
import { One } from './one.tsx';

export const IncidentsScreen = (): JSX.Element => {
  const { events, nowMs, isPaused, fromMs } = useLive();
  const { rows, isLoading, missing } = useIncidents(isPaused);
  const [selected, select] = useParam('sel');
  const [filter, setFilter] = useParam('filter');
  const shown = useMemo(() => rows.filter((row) => fits(row, filter)), [rows, filter]);
  const touched = useMemo(
    () => new Map(shown.map((row) => [row.id, effectsOf(row, events.filter(isTouched(row)))])),
    [shown, events],
  );
  const at = shown.findIndex(({ id }) => id === selected);
  const move = (by: number): void => {
    const next = shown[Math.max(0, Math.min(shown.length - 1, at < 0 ? 0 : at + by))];
    if (next !== undefined) select(next.id);
  };
  useKeys({
    ...{ j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1) },
    Escape: () => select(''),
  });
  if (isLoading) return <Loading rows={10} />;
  if (missing.length === PARTS) return <Failed thrown={missing[0]!.error} onRetry={() => location.reload()} />;
  const open = rows.filter(({ isOpen }) => isOpen).length;
  const one = rows.find(({ id }) => id === selected);
  return (
    <div className={selected === '' ? 'one-list' : 'two-lists'}>
      <section className="panel" aria-label="Incidents">
        <header>
          <h2>Incidents</h2>
          <span className="faint num">
            {open} open · {rows.length - open} over
          </span>
          <span className="grow" />
          <Search label="Filter incidents" hint="open, breaker, agent/orders" value={filter} onChange={setFilter} />
        </header>
        {missing.map(({ what, error }) => (
          <p key={what} className="partial" role="status">
            Without {what}: <Text of={error.message} most={300} />
          </p>
        ))}
        {shown.length === 0 ? (
          rows.length === 0 ? (
            <Empty title="Nothing is wrong" command="airspace explain alert.spec">
              No alert fires, every breaker is closed, no budget is used up and nobody is stopped. An alert says what
              else is worth an incident:
            </Empty>
          ) : (
            <Empty title="Nothing matches">Take a word away.</Empty>
          )
        ) : (
          <List
            rows={shown}
            touched={touched}
            nowMs={nowMs}
            selected={selected}
            isNarrow={selected !== ''}
            onSelect={select}
          />
        )}
        <footer className="legend">
          <span>requests and callers: of what this page has seen since {new Date(fromMs).toLocaleTimeString()}</span>
        </footer>
      </section>
      {selected !== '' && (
        <section className="panel" aria-label="The selected incident">
          {one === undefined ? (
            <Empty title="It is over, or was never here">
              Breakers and budgets that are well again, and orders that were lifted, leave no row; the audit has what
              people did.
            </Empty>
          ) : (
            <One key={one.id} row={one} nowMs={nowMs} onClose={() => select('')} />
          )}
        </section>
      )}
    </div>
  );
};

/** As many as `useIncidents` asks for rows. */
const PARTS = 4;

const fits = ({ id, kind, resource, state, cause, isOpen }: IncidentRow, filter: string): boolean =>
  filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) =>
      `${id} ${kind} ${resource} ${state} ${cause} ${isOpen ? 'open' : 'over'}`.toLowerCase().includes(word),
    );

interface ListProps {
  readonly rows: readonly IncidentRow[];
  readonly touched: ReadonlyMap<string, Effects>;
  readonly nowMs: number;
  readonly selected: string;
  readonly isNarrow: boolean;
  readonly onSelect: (id: string) => void;
}

const List = ({ rows, touched, nowMs, selected, isNarrow, onSelect }: ListProps): JSX.Element => (
  <div className="scroll">
    <table className="grid-table incidents">
      <Heads
        of={['state', 'what', 'since']}
        numbers={['requests', 'callers']}
        then={['cause', ...(isNarrow ? [] : ['done by itself'])]}
      />
      <tbody>
        {rows.map((row) => {
          const { id, kind, resource, state, mood, isOpen, sinceMs, endedMs, cause } = row;
          const { requests, callers, actions } = touched.get(id)!;
          return (
            <tr key={id} className={`${id === selected ? 'selected' : ''}${isOpen ? '' : ' over'}`}>
              <td>
                <Standing mood={mood} word={state} />
              </td>
              <td>
                <button
                  type="button"
                  aria-current={id === selected}
                  onClick={() => onSelect(id === selected ? '' : id)}
                >
                  <Text of={resource === '' ? 'all calls' : resource} most={60} />
                </button>{' '}
                <span className="faint">{kind}</span>
              </td>
              <td className="num mute" title={sinceMs === null ? undefined : instant(sinceMs)}>
                {sinceMs === null ? '–' : coarse(Math.max(1_000, (endedMs ?? nowMs) - sinceMs))}
                {endedMs !== null && ' long'}
              </td>
              <td className="right num">{requests}</td>
              <td className="right num">{callers}</td>
              <td className="mute">
                <Text of={cause} most={200} />
              </td>
              {!isNarrow && (
                <td className="mute">
                  <Text of={actions.join('; ')} most={200} />
                </td>
              )}
            </tr>
          );
        })}
      </tbody>
    </table>
  </div>
);
