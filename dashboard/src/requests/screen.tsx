/** Requests: what was asked for in the chosen time, how it went, and one of them in full beside the list. */
import { type JSX, useMemo } from 'react';
import { useRequests } from '../api/use-live.ts';
import { useKeys } from '../frame/keys.ts';
import { useGo, useParam, useRange } from '../frame/params.ts';
import { filterOf } from '../model/filter.ts';
import type { RequestRow } from '../model/requests.ts';
import { Icon } from '../parts/icon.tsx';
import { Failed } from '../parts/states.tsx';
import { TracePanel } from '../trace/panel.tsx';
import { Facets } from './facets.tsx';
import { FilterLine, Presets } from './filter-line.tsx';
import { Histogram } from './histogram.tsx';
import { RequestTable } from './table.tsx';

export const RequestsScreen = (): JSX.Element => {
  const go = useGo();
  const { range } = useRange();
  const { rows, nowMs, fromMs, problem } = useRequests(range.ms);
  const [filter, setFilter] = useParam('filter');
  const [selected, select] = useParam('sel');
  const { matches, problem: slip } = useMemo(() => filterOf(filter), [filter]);
  const shown = useMemo(() => rows.filter(matches), [rows, matches]);
  const [marked, mark] = useParam('with');
  const open = ({ trace }: RequestRow): void => go(`/requests/${trace}`);
  useKeys({
    c: () => {
      if (marked === '' || marked === selected) mark(selected);
      else if (selected !== '') go(`/compare?a=${encodeURIComponent(marked)}&b=${encodeURIComponent(selected)}`);
    },
  });
  if (problem !== null && rows.length === 0) return <Failed thrown={problem} onRetry={() => location.reload()} />;
  return (
    <div className={`requests${selected === '' ? '' : ' peeking'}`}>
      <Facets rows={rows} filter={filter} onFilter={setFilter} />
      <section className="panel" aria-label="Requests">
        <header>
          <h2>Requests</h2>
          <span className="faint num">
            {shown.length} of {rows.length}
            {fromMs > nowMs - range.ms + 2_000 && ' · the newest of a longer list'}
          </span>
          {marked !== '' && (
            <span className="chip">
              compare <b className="num">{marked.slice(0, 8)}</b> with: choose, then c
              <button type="button" aria-label="compare nothing" onClick={() => mark('')}>
                <Icon name="close" size={10} />
              </button>
            </span>
          )}
          <span className="grow" />
          <FilterLine value={filter} problem={slip} onChange={setFilter} />
        </header>
        <Presets filter={filter} onFilter={setFilter} />
        <Histogram rows={shown} nowMs={nowMs} rangeMs={range.ms} />
        <RequestTable rows={shown} isFiltered={filter !== ''} selected={selected} onSelect={select} onOpen={open} />
      </section>
      {selected !== '' && (
        <section className="panel peek" aria-label="The selected request">
          <TracePanel
            id={selected}
            actions={
              <>
                <button type="button" className="plain" onClick={() => go(`/requests/${selected}`)}>
                  Open
                </button>
                <button type="button" className="square" aria-label="close" onClick={() => select('')}>
                  <Icon name="close" size={12} />
                </button>
              </>
            }
          />
        </section>
      )}
    </div>
  );
};
