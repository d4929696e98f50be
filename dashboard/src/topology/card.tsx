/** One agent, model or tool on the map: how it is, what goes to it, and its place in the selected request. */
import type { JSX } from 'react';
import { useGo } from '../frame/params.ts';
import { duration, rate } from '../model/format.ts';
import type { Health } from '../model/health.ts';
import { FAILING, type LitPath } from '../model/lit.ts';
import type { Placed } from '../model/map.ts';
import type { Flow } from '../model/traffic.ts';
import { cut, plain } from '../model/visible.ts';
import { Glyph, Label } from './marks.tsx';

export const NOTHING: Flow = {
  ...{ calls: 0, perSecond: 0, failed: 0, denied: 0, held: 0, p50Ms: null, p95Ms: null, tokens: 0, costMicros: 0 },
};

interface CardProps {
  readonly box: Placed;
  readonly flow: Flow;
  readonly health: Health;
  /** Parts of budgets that it spends by itself; 0: none, or it does not matter here. */
  readonly leases: number;
  readonly lit: LitPath | null;
  /** Instead of opening it in Agents. */
  readonly onOpen: (() => void) | undefined;
}

const TWO_LINES_PX = 32;
const SMALL_LETTER_PX = 5.6;

export const Card = ({
  box: { id, name, x, y, width, height },
  flow,
  health,
  leases,
  lit,
  onOpen,
}: CardProps): JSX.Element => {
  const go = useGo();
  const open = onOpen ?? ((): void => go(`/agents?sel=${encodeURIComponent(id)}`));
  const order = lit?.order.get(id);
  const isTwo = height >= TWO_LINES_PX;
  const mood = lit === null ? '' : order === undefined ? ' dim' : ' lit';
  const failed = flow.failed > 0 && flow.failed / flow.calls > FAILING;
  const well = flow.held > 0 ? `${flow.held} held` : failed ? 'failing' : '';
  const tag = health.state === 'ok' ? well : health.word;
  const parts = leases === 0 ? '' : ` · ${leases} ${leases === 1 ? 'lease' : 'leases'}`;
  const flowText = `${rate(flow.perSecond)}/s`;
  const isRoomy = tag === '' || (flowText.length + Math.min(18, tag.length)) * SMALL_LETTER_PX + 34 < width;
  const said = `${id}, ${health.word}${parts}, ${rate(flow.perSecond)} calls per second${flow.p95Ms === null ? '' : `, p95 ${duration(flow.p95Ms)}`}`;
  return (
    <g
      className={`node card-node${mood}${lit?.hovered === id ? ' hot' : ''}${health.state === 'bad' ? ' broken' : ''}`}
      transform={`translate(${x},${y})`}
      tabIndex={0}
      role="button"
      aria-label={plain(cut(said))}
      onClick={open}
      onKeyDown={({ key }) => key === 'Enter' && open()}
    >
      <rect className="box" width={width} height={height} rx="4" />
      <Glyph state={health.state} x={11} y={isTwo ? height / 2 - 7 : height / 2} />
      <Label text={name} x={20} y={isTwo ? height / 2 - 3 : height / 2 + 4} room={width - (isTwo ? 28 : 62)} />
      {isTwo && isRoomy && (
        <text className="small" x="20" y={height / 2 + 11}>
          {flowText}
          {tag === '' && parts}
          {width > 110 && tag === '' && parts === '' && flow.p95Ms !== null && ` ${duration(flow.p95Ms)}`}
        </text>
      )}
      {tag !== '' && width > 88 && (
        <text
          className={`small ${health.state === 'ok' && !failed ? 'held' : health.state === 'bad' || failed ? 'bad' : health.state === 'none' ? '' : 'warn'}`}
          x={width - 8}
          y={isTwo ? height / 2 + 11 : height / 2 + 4}
          textAnchor="end"
        >
          {cut(tag, 18)}
        </text>
      )}
      {order !== undefined && (
        <g transform={`translate(${width - 1},1)`}>
          <circle className="order" r="7" />
          <text className="order-text" y="3" textAnchor="middle">
            {order}
          </text>
        </g>
      )}
    </g>
  );
};
