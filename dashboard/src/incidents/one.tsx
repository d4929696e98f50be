/** One incident: how it went, what failed before it, what it touched, and what one may do about it. */
import { type JSX, useMemo } from 'react';
import { Link } from 'wouter';
import type { CallEvent } from '../../../src/contract/index.ts';
import { useCallsSince } from '../api/incidents.ts';
import { useHref } from '../frame/params.ts';
import { callerText, isHeld, messageOf, targetText } from '../model/facts.ts';
import { clock, coarse, duration, instant } from '../model/format.ts';
import { effectsOf, failedAt, type IncidentRow, isTouched } from '../model/incidents.ts';
import { quoted } from '../model/shell.ts';
import { Badge } from '../parts/badge.tsx';
import { Copy } from '../parts/copy.tsx';
import { Heads } from '../parts/heads.tsx';
import { Icon } from '../parts/icon.tsx';
import { Standing } from '../parts/standing.tsx';
import { Failed, Loading } from '../parts/states.tsx';
import { Text } from '../parts/text.tsx';
import { Acts } from './acts.tsx';
import { Handling } from './handling.tsx';
import { Timeline } from './timeline.tsx';

interface OneProps {
  readonly row: IncidentRow;
  readonly nowMs: number;
  readonly onClose: () => void;
}

const BEFORE_MS = 30_000;

export const One = ({ row, nowMs, onClose }: OneProps): JSX.Element => {
  const { resource, state, mood, sinceMs, endedMs, cause, of } = row;
  const { data, error, refetch } = useCallsSince(askedOf(row), (sinceMs ?? nowMs - 900_000) - BEFORE_MS);
  const touched = useMemo(() => data?.events.filter(isTouched(row)) ?? [], [data, row]);
  const effects = useMemo(() => effectsOf(row, touched), [row, touched]);
  return (
    <>
      <header>
        <Standing mood={mood} word={state} />
        <h2>
          <Text of={resource === '' ? 'all calls' : resource} most={80} />
        </h2>
        <span className="grow" />
        <Copy text={commandOf(row)} label="CLI" />
        <button type="button" className="square" aria-label="close" onClick={onClose}>
          <Icon name="close" size={12} />
        </button>
      </header>
      <div className="scroll padded">
        <dl>
          <dt>cause</dt>
          <dd>
            <Text of={cause} most={1_000} />
          </dd>
          <dt>since</dt>
          <dd className="num">
            {sinceMs === null
              ? 'nobody knows'
              : `${instant(sinceMs)} · ${coarse(Math.max(1_000, (endedMs ?? nowMs) - sinceMs))}`}
            {endedMs !== null && ` · over ${instant(endedMs)}`}
          </dd>
          <dt>touched</dt>
          <dd>
            {data === undefined ? (
              '…'
            ) : (
              <>
                {effects.requests} requests of {effects.callers} {effects.callers === 1 ? 'caller' : 'callers'}
                {data.events.length === 1_000 && <span className="faint"> among the newest 1000 calls</span>}
              </>
            )}
          </dd>
          <dt>by itself</dt>
          <dd>
            {effects.actions.length === 0 ? (
              <span className="faint">nothing acts on it by itself</span>
            ) : (
              effects.actions.map((act) => <div key={act}>{act}</div>)
            )}
          </dd>
        </dl>
        {of.kind === 'alert' && <Handling key={of.incident.id} incident={of.incident} />}
        <Acts row={row} />
        <Timeline row={row} nowMs={nowMs} />
        {of.kind === 'breaker' && data !== undefined && <Samples events={data.events} endpoint={of.breaker.endpoint} />}
        <h3>Requests that it touched</h3>
        {error !== null ? (
          <Failed thrown={error} onRetry={() => void refetch()} />
        ) : data === undefined ? (
          <Loading rows={4} />
        ) : (
          <Requests events={touched} />
        )}
      </div>
    </>
  );
};

/** Name of the target whose calls are looked at; empty: all calls, because it is about callers or about money. */
const askedOf = ({ kind, resource }: IncidentRow): string =>
  kind === 'budget' || kind === 'order' || resource.startsWith('budget/')
    ? ''
    : resource.slice(resource.indexOf('/') + 1);

const commandOf = ({ of, resource }: IncidentRow): string => {
  if (of.kind === 'alert') return `airspace describe alert ${quoted(of.incident.alert)}`;
  if (of.kind === 'budget') return `airspace budget show ${quoted(of.budget.name)}`;
  if (of.kind === 'order') return 'airspace kill ls';
  if (of.kind === 'breaker')
    return `airspace breaker history ${quoted(of.breaker.endpoint)} --node ${quoted(of.breaker.node)}`;
  const [kind = '', name = ''] = resource.split('/');
  return `airspace describe ${quoted(kind)} ${quoted(name)}`;
};

/** What a breaker saw: the last tries at its endpoint that did not work. */
const Samples = ({ events, endpoint }: { readonly events: readonly CallEvent[]; readonly endpoint: string }) => {
  const failed = events.filter((event) => failedAt(event, endpoint));
  return (
    <>
      <h3>Tries that failed there</h3>
      {failed.length === 0 ? (
        <p className="faint">none that is still kept, or that the node told</p>
      ) : (
        <Requests events={failed} />
      )}
    </>
  );
};

/** Enough to see what they have in common. */
const MOST = 30;

const Requests = ({ events }: { readonly events: readonly CallEvent[] }): JSX.Element => {
  const href = useHref();
  if (events.length === 0) return <p className="faint">none of the calls that are kept</p>;
  return (
    <>
      <table className="grid-table">
        <Heads of={['time', 'request', 'caller', 'operation', 'status', 'why']} numbers={['took']} />
        <tbody>
          {events.slice(0, MOST).map((event) => (
            <tr key={`${event.node}${event.span}`}>
              <td className="num mute" title={instant(event.startedAtMs)}>
                {clock(event.startedAtMs)}
              </td>
              <td className="num">
                <Link className="link" href={href(`/requests/${encodeURIComponent(event.trace)}`)}>
                  <Text of={event.callId.slice(0, 8)} />
                </Link>
              </td>
              <td>
                <Text of={callerText(event)} most={40} />
              </td>
              <td>
                <Text of={targetText(event)} most={60} />
              </td>
              <td>
                <Badge of={isHeld(event) ? 'held' : event.status} />
              </td>
              <td className="mute">
                <Text of={event.code || messageOf(event) || `answered ${event.httpStatus}`} most={80} />
              </td>
              <td className="right num">{duration(event.durationMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {events.length > MOST && <p className="faint">and {events.length - MOST} more</p>}
    </>
  );
};
