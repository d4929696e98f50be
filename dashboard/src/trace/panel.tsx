/** One trace: its head, its waterfall, and what is known of the selected span. The same beside a list and on a page of its own. */
import { type JSX, type ReactNode, useMemo } from 'react';
import { Link } from 'wouter';
import { useTrace } from '../api/queries.ts';
import { useLive } from '../api/use-live.ts';
import { useHref, useParam } from '../frame/params.ts';
import { clock, count, duration, instant, money } from '../model/format.ts';
import { requestsOf } from '../model/requests.ts';
import { type Span, spansOf, type TraceTotals, totalsOf, withoutDetails } from '../model/spans.ts';
import { Badge } from '../parts/badge.tsx';
import { Copy } from '../parts/copy.tsx';
import { Empty, Failed, Loading } from '../parts/states.tsx';
import { Text } from '../parts/text.tsx';
import { Detail } from './detail.tsx';
import { ExportOtlp } from './export.tsx';
import { Replay } from './replay.tsx';
import { Waterfall } from './waterfall.tsx';

interface PanelProps {
  /** Trace or call, at least eight hex digits of it. */
  readonly id: string;
  readonly actions?: ReactNode;
  /** The caller whose span somebody points at. */
  readonly onHover?: (span: Span | null) => void;
}

/** What is in an address may be anything, and becomes part of a path. */
export const TracePanel = (props: PanelProps): JSX.Element =>
  /^[0-9a-f]{8,32}$/.test(props.id) ? (
    <Known {...props} />
  ) : (
    <Empty title="This is no request">An id has 8 to 32 hex digits; the list of requests has them all.</Empty>
  );

const Known = ({ id, actions, onHover }: PanelProps): JSX.Element => {
  const { data, error, refetch } = useTrace(id, useNews(id));
  const [selected, select] = useParam('span');
  const [every, setEvery] = useParam('steps');
  const all = useMemo(() => spansOf(data?.events ?? [], data?.agentSpans), [data]);
  const spans = useMemo(() => (every === 'all' ? all : withoutDetails(all)), [all, every]);
  if (data === undefined)
    return error === null ? <Loading rows={14} /> : <Failed thrown={error} onRetry={() => void refetch()} />;
  const span = spans.find((one) => one.id === selected) ?? spans[0];
  return (
    <>
      <Head id={id} all={all} actions={actions} />
      <Waterfall
        spans={spans}
        selected={span?.id ?? ''}
        isEvery={every === 'all'}
        onEvery={(is) => setEvery(is ? 'all' : '')}
        onSelect={select}
        onHover={onHover}
      />
      {span !== undefined && <Detail span={span} trace={id} />}
      <Legend />
    </>
  );
};

/** Counts what the stream has told of this trace, so that it is asked for again when there is more. */
export const useNews = (id: string): number => {
  const { events } = useLive();
  return useMemo(
    () => events.reduce((news, { trace, callId }) => news + Number(trace.startsWith(id) || callId.startsWith(id)), 0),
    [events, id],
  );
};

const Head = ({
  id,
  all,
  actions,
}: {
  readonly id: string;
  readonly all: readonly Span[];
  readonly actions: ReactNode;
}) => {
  const events = useMemo(() => [...new Set(all.map(({ event }) => event))], [all]);
  const [row] = useMemo(() => requestsOf(events, Date.now()), [events]);
  const totals = useMemo(() => totalsOf(all), [all]);
  const href = useHref();
  const [replaying, setReplaying] = useParam('replay');
  if (row === undefined) return null;
  return (
    <header className="trace-head">
      <div>
        <Badge of={row.status} />
        <h2>
          <Text of={`${row.target}.${row.operation}`} most={80} />
        </h2>
        <code>{row.callId.slice(0, 8)}</code>
        <span className="mute" title={instant(row.startedAtMs)}>
          {clock(row.startedAtMs)} · <Text of={row.caller} most={60} />
        </span>
        <span className="grow" />
        <Copy text={`airspace why ${id.slice(0, 8)}`} label="CLI" />
        {actions}
      </div>
      <div className="second">
        <Totals totals={totals} spans={all.length} />
        <span className="grow" />
        <Link className="plain" href={href(`/compare?a=${encodeURIComponent(row.trace)}`)}>
          Compare
        </Link>
        {row.kind === 'agent' && (
          <button
            type="button"
            className="plain"
            aria-expanded={replaying !== ''}
            onClick={() => setReplaying(replaying === '' ? 'on' : '')}
          >
            Replay
          </button>
        )}
        <ExportOtlp id={row.trace} />
      </div>
      {replaying !== '' && <Replay call={row.callId} />}
      {row.message !== '' && (
        <p className={`said${row.status === 'denied' || row.status === 'held' ? ' warn' : ''}`}>
          <Text of={row.message} />
        </p>
      )}
    </header>
  );
};

const Totals = ({ totals, spans }: { readonly totals: TraceTotals; readonly spans: number }): JSX.Element => {
  const { totalMs, waitedMs, agents, tokens, costMicros, errors } = totals;
  const facts: readonly (readonly [value: string, name: string, mood?: string])[] = [
    [duration(totalMs), 'total'],
    ...(waitedMs > 0
      ? ([
          [duration(Math.max(0, totalMs - waitedMs)), 'active'],
          [duration(waitedMs), 'waiting for people', 'human'],
        ] as const)
      : []),
    [String(spans), 'spans'],
    [String(agents), agents === 1 ? 'agent' : 'agents'],
    ...(tokens > 0 ? ([[count(tokens), 'tokens']] as const) : []),
    ...(costMicros === null ? [] : ([[money(costMicros), '']] as const)),
    ...(errors > 0 ? ([[String(errors), errors === 1 ? 'error' : 'errors', 'bad']] as const) : []),
  ];
  return (
    <div className="totals">
      {facts.map(([value, name, mood = '']) => (
        <span key={`${name}${value}`} className={mood}>
          <b className="num">{value}</b> {name}
        </span>
      ))}
    </div>
  );
};

const KINDS = ['agent', 'model', 'tool', 'policy', 'human'] as const;

const Legend = (): JSX.Element => (
  <footer className="legend">
    {KINDS.map((kind) => (
      <span key={kind}>
        <i className={`kind k-${kind}`} />
        {kind}
      </span>
    ))}
    <span>
      <i className="kind k-said" />
      said by agents
    </span>
    <span>
      <i className="line" />
      critical path
    </span>
  </footer>
);
