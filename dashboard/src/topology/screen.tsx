/** Topology: who calls whom right now, what came in last, and the selected request in full; its path is the only thing in colour. */
import { type JSX, useMemo, useState } from 'react';
import { useTargets, useTop, useTrace } from '../api/queries.ts';
import { useRequests } from '../api/use-live.ts';
import { useGo, useParam, useRange } from '../frame/params.ts';
import type { LitPath } from '../model/lit.ts';
import type { Span } from '../model/spans.ts';
import { targetOf, trafficOf } from '../model/traffic.ts';
import { Empty, Failed, Loading } from '../parts/states.tsx';
import { Histogram } from '../requests/histogram.tsx';
import { RequestTable } from '../requests/table.tsx';
import '../style/topology.css';
import { TracePanel, useNews } from '../trace/panel.tsx';
import { MapPanel, WINDOW_MS } from './map-panel.tsx';
import { Strip } from './strip.tsx';

export const TopologyScreen = (): JSX.Element => {
  const go = useGo();
  const { range } = useRange();
  const seen = useRequests(range.ms);
  const { rows, events, nowMs, fromMs, isPaused, problem } = seen;
  const targets = useTargets();
  const top = useTop(isPaused);
  const [selected, select] = useParam('sel');
  const [hovered, hover] = useState<Span | null>(null);
  const traffic = useMemo(() => trafficOf(events, { nowMs, windowMs: WINDOW_MS, fromMs }), [events, nowMs, fromMs]);
  const lit = useLit(selected, hovered);
  const refused = targets.error ?? (rows.length === 0 ? problem : null);
  if (refused !== null) return <Failed thrown={refused} onRetry={() => location.reload()} />;
  if (targets.data === undefined) return <Loading />;
  return (
    <>
      <Strip seen={seen} traffic={traffic} top={top.data} />
      <div className="topology">
        <MapPanel
          targets={targets.data.items}
          top={top.data}
          lit={lit}
          selected={selected}
          onForget={() => select('')}
        />
        <section className="panel" aria-label="Newest requests">
          <header>
            <h2>Requests</h2>
            <span className="faint num">
              {rows.length} in {range.name}
            </span>
            <span className="grow" />
            <button type="button" className="plain" onClick={() => go('/requests')}>
              All, with filters
            </button>
          </header>
          <Histogram rows={rows} nowMs={nowMs} rangeMs={range.ms} />
          <RequestTable
            rows={rows}
            isFiltered={false}
            selected={selected}
            onSelect={select}
            onOpen={({ trace }) => go(`/requests/${trace}`)}
          />
        </section>
        <section className="panel beside-map" aria-label="The selected request">
          {selected === '' ? (
            <Empty title="No request is selected">
              Choose one on the left, or move with j and k: its path lights up on the map, and its trace is here.
            </Empty>
          ) : (
            <TracePanel id={selected} onHover={hover} />
          )}
        </section>
      </div>
    </>
  );
};

/** No id begins so. */
const NOBODY = '-';

/** What the selected request touched, in the order in which it was called. */
const useLit = (selected: string, hovered: Span | null): LitPath | null => {
  const id = /^[0-9a-f]{8,32}$/.test(selected) ? selected : '';
  const { data } = useTrace(id, useNews(id === '' ? NOBODY : id));
  return useMemo(() => {
    if (selected === '' || data === undefined) return null;
    const sorted = data.events.toSorted((a, b) => a.startedAtMs - b.startedAtMs || b.durationMs - a.durationMs);
    const names = [...new Set(sorted.map(targetOf))];
    return {
      order: new Map(names.map((name, at) => [name, at + 1])),
      calls: [...Map.groupBy(sorted, ({ callId }) => callId).values()],
      hovered: hovered === null ? '' : targetOf(hovered.event),
    };
  }, [selected, data, hovered]);
};
