/** Agents, models and tools: how each does, where it runs, and with whom it talks. */
import { type JSX, useMemo } from 'react';
import type { TopTarget } from '../../../src/contract/index.ts';
import { useTargets, useTop } from '../api/queries.ts';
import { useLive } from '../api/use-live.ts';
import type { DescribedTarget } from '../api/views.ts';
import { useKeys } from '../frame/keys.ts';
import { useGo, useParam } from '../frame/params.ts';
import { count, duration, money, percent, rate } from '../model/format.ts';
import { healthOf } from '../model/health.ts';
import { type Edge, type Traffic, trafficOf } from '../model/traffic.ts';
import { Copy } from '../parts/copy.tsx';
import { Search } from '../parts/search.tsx';
import { Empty, Failed, Loading } from '../parts/states.tsx';
import { Text } from '../parts/text.tsx';
import '../style/lists.css';
import { Heads } from '../parts/heads.tsx';
import type { Known } from './known.ts';
import { One } from './one.tsx';

const WINDOW_MS = 300_000;

export const AgentsScreen = (): JSX.Element => {
  const { events, nowMs, fromMs, isPaused } = useLive();
  const targets = useTargets();
  const top = useTop(isPaused);
  const [selected, select] = useParam('sel');
  const [filter, setFilter] = useParam('filter');
  const go = useGo();
  const traffic = useMemo(() => trafficOf(events, { nowMs, windowMs: WINDOW_MS, fromMs }), [events, nowMs, fromMs]);
  const known = useKnown(targets.data?.items, top.data?.targets, traffic);
  const shown = known.filter(({ id, target: { domain } }) =>
    `${id} ${domain}`.toLowerCase().includes(filter.toLowerCase()),
  );
  const at = shown.findIndex(({ id }) => id === selected);
  const move = (by: number): void => {
    const next = shown[Math.max(0, Math.min(shown.length - 1, at < 0 ? 0 : at + by))];
    if (next !== undefined) select(next.id);
  };
  useKeys({
    ...{
      j: () => move(1),
      k: () => move(-1),
      ArrowDown: () => move(1),
      ArrowUp: () => move(-1),
      Escape: () => select(''),
    },
    Enter: () => selected !== '' && go(`/requests?filter=${encodeURIComponent(`target:${nameIn(selected)}`)}`),
  });
  const refused = targets.error ?? top.error;
  if (refused !== null) return <Failed thrown={refused} onRetry={() => void targets.refetch()} />;
  if (targets.data === undefined || top.data === undefined) return <Loading />;
  if (known.length === 0)
    return (
      <Empty title="Nothing is registered" command="airspace register <address>">
        Agents, models and tools appear here once they are known:
      </Empty>
    );
  const one = known.find(({ id }) => id === selected);
  return (
    <div className={one === undefined ? 'one-list' : 'two-lists'}>
      <section className="panel" aria-label="Agents, models and tools">
        <header>
          <h2>Agents, models and tools</h2>
          <span className="faint num">
            {shown.length} · rates of {Math.round(traffic.windowMs / 1_000)} s
          </span>
          <span className="grow" />
          <Search label="Filter by name or domain" hint="name or domain" value={filter} onChange={setFilter} />
        </header>
        <KnownTable known={shown} selected={selected} isNarrow={one !== undefined} onSelect={select} />
      </section>
      {one !== undefined && (
        <section className="panel" aria-label="The selected one">
          <header>
            <h2>
              <Text of={one.id} most={80} />
            </h2>
            <span className="grow" />
            <Copy text={`airspace describe ${one.target.kind} ${one.target.name}`} label="CLI" />
            <button
              type="button"
              className="plain"
              onClick={() => go(`/requests?filter=${encodeURIComponent(`target:${nameIn(one.id)}`)}`)}
            >
              Its requests
            </button>
          </header>
          <One known={one} edges={edgesAt(traffic.edges, one.id)} />
        </section>
      )}
    </div>
  );
};

const nameIn = (id: string): string => id.slice(id.indexOf('/') + 1);

const edgesAt = (edges: readonly Edge[], id: string): readonly Edge[] =>
  edges.filter(({ from, to }) => from === id || to === id);

/** What is configured, with what routing and traffic say of it. */
const useKnown = (
  targets: readonly DescribedTarget[] | undefined,
  top: readonly TopTarget[] | undefined,
  traffic: Traffic,
): readonly Known[] =>
  useMemo(() => {
    const seen = new Map(top?.map((one) => [one.target, one]));
    return (targets ?? [])
      .map((target) => {
        const id = `${target.kind}/${target.name}`;
        return { id, target, seen: seen.get(id), flow: traffic.targets.get(id) };
      })
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }, [targets, top, traffic]);

const NUMBERS = ['calls/s', 'p50', 'p95', 'failed', 'denied'];
/** Where there is room. */
const MORE = ['in flight', 'tokens', 'cost', 'calls since start'];

interface TableProps {
  readonly known: readonly Known[];
  readonly selected: string;
  readonly isNarrow: boolean;
  readonly onSelect: (id: string) => void;
}

const KnownTable = ({ known, selected, isNarrow, onSelect }: TableProps): JSX.Element => (
  <div className="scroll">
    <table className="grid-table">
      <Heads of={['name', 'domain', 'health']} numbers={[...NUMBERS, ...(isNarrow ? [] : MORE)]} />
      <tbody>
        {known.map(({ id, target, seen, flow }) => {
          const health = healthOf(seen);
          return (
            <tr key={id} className={id === selected ? 'selected' : ''}>
              <td>
                <button
                  type="button"
                  aria-current={id === selected}
                  onClick={() => onSelect(id === selected ? '' : id)}
                >
                  <i className={`kind k-${target.kind}`} /> <Text of={target.name} most={60} />
                </button>
              </td>
              <td className="mute">
                <Text of={target.domain} most={40} />
              </td>
              <td>
                <span className={`badge ${health.state === 'none' ? '' : health.state}`}>{health.word}</span>
              </td>
              <td className="right num">{rate(flow?.perSecond ?? 0)}</td>
              <td className="right num">{flow?.p50Ms == null ? '–' : duration(flow.p50Ms)}</td>
              <td className="right num">{flow?.p95Ms == null ? '–' : duration(flow.p95Ms)}</td>
              <td className={`right num${(flow?.failed ?? 0) > 0 ? ' bad' : ''}`}>
                {percent(flow?.failed ?? 0, flow?.calls ?? 0)}
              </td>
              <td className={`right num${(flow?.denied ?? 0) > 0 ? ' warn' : ''}`}>
                {percent(flow?.denied ?? 0, flow?.calls ?? 0)}
              </td>
              {!isNarrow && (
                <>
                  <td className="right num">{seen?.inFlight ?? 0}</td>
                  <td className="right num">{count(flow?.tokens ?? 0)}</td>
                  <td className="right num">
                    {flow === undefined || flow.costMicros === 0 ? '–' : money(flow.costMicros)}
                  </td>
                  <td className="right num">{count(seen?.calls ?? 0)}</td>
                </>
              )}
            </tr>
          );
        })}
      </tbody>
    </table>
  </div>
);
