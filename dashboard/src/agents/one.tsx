/** One agent, model or tool: where it runs, what it can do, who calls it and whom it calls. */
import type { JSX } from 'react';
import { duration, percent, rate } from '../model/format.ts';
import type { Edge } from '../model/traffic.ts';
import { Heads } from '../parts/heads.tsx';
import { Text } from '../parts/text.tsx';
import type { Known } from './known.ts';

export const One = ({ known, edges }: { readonly known: Known; readonly edges: readonly Edge[] }): JSX.Element => (
  <div className="scroll padded">
    <Endpoints known={known} />
    <Operations known={known} />
    <Edges title="Called by" edges={edges.filter(({ to }) => to === known.id)} other={({ from }) => from} />
    <Edges title="Calls" edges={edges.filter(({ from }) => from === known.id)} other={({ to }) => to} />
  </div>
);

const Endpoints = ({ known: { seen } }: { readonly known: Known }): JSX.Element => (
  <>
    <h3>Endpoints</h3>
    {seen === undefined || seen.endpoints.length === 0 ? (
      <p className="faint">none has announced itself, and none is configured</p>
    ) : (
      <table className="grid-table">
        <Heads of={['endpoint', 'version', 'state', 'breaker']} numbers={['in flight', 'latency', 'failed']} />
        <tbody>
          {seen.endpoints.map(
            ({ id, version, state, obstacle, breaker, isHeld, inFlight, latencyMs, requests, failures }) => (
              <tr key={id}>
                <td>
                  <Text of={id} most={60} />
                </td>
                <td className="num">
                  <Text of={version} most={30} />
                </td>
                <td>
                  <span className={`badge ${obstacle === null ? 'ok' : 'warn'}`}>
                    <Text of={obstacle ?? state} most={60} />
                  </span>
                </td>
                <td className={breaker === 'open' ? 'bad' : breaker === 'closed' ? 'mute' : 'warn'}>
                  {breaker}
                  {isHeld === true && ', held'}
                </td>
                <td className="right num">{inFlight}</td>
                <td className="right num">{latencyMs === null ? '–' : duration(latencyMs)}</td>
                <td className="right num">{percent(failures, requests)}</td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    )}
  </>
);

const Operations = ({ known: { target } }: { readonly known: Known }): JSX.Element => (
  <>
    <h3>Operations</h3>
    <table className="grid-table">
      <Heads of={['operation', 'effect', 'description']} />
      <tbody>
        {target.operations.map(({ name, effect, description }) => (
          <tr key={name}>
            <td>
              <Text of={name} most={60} />
            </td>
            <td className={effect === 'irreversible' ? 'warn' : 'mute'}>{effect ?? 'unknown'}</td>
            <td className="mute">
              <Text of={description ?? ''} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </>
);

interface EdgesProps {
  readonly title: string;
  readonly edges: readonly Edge[];
  readonly other: (edge: Edge) => string;
}

const Edges = ({ title, edges, other }: EdgesProps): JSX.Element => (
  <>
    <h3>{title}</h3>
    {edges.length === 0 ? (
      <p className="faint">nobody in the last minutes</p>
    ) : (
      <table className="grid-table">
        <Heads of={['who']} numbers={['calls/s', 'p95', 'failed', 'denied']} />
        <tbody>
          {edges
            .toSorted((a, b) => b.perSecond - a.perSecond)
            .map((edge) => (
              <tr key={other(edge)}>
                <td>
                  <Text of={other(edge)} most={60} />
                </td>
                <td className="right num">{rate(edge.perSecond)}</td>
                <td className="right num">{edge.p95Ms === null ? '–' : duration(edge.p95Ms)}</td>
                <td className={`right num${edge.failed > 0 ? ' bad' : ''}`}>{percent(edge.failed, edge.calls)}</td>
                <td className={`right num${edge.denied > 0 ? ' warn' : ''}`}>{percent(edge.denied, edge.calls)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    )}
  </>
);
