/** What stands on the map: callers, the hub, domains, and the cards of agents, models and tools. */
import type { JSX } from 'react';
import { duration, rate } from '../model/format.ts';
import type { Bundle, Form } from '../model/forms.ts';
import type { Health } from '../model/health.ts';
import type { LitPath } from '../model/lit.ts';
import type { Layout, Placed, PlacedDomain } from '../model/map.ts';
import type { Flow, Traffic } from '../model/traffic.ts';
import { Card, NOTHING } from './card.tsx';
import { Glyph, Label } from './marks.tsx';

/** What is known besides traffic. */
export interface Told {
  /** Of an agent, model or tool by its endpoints, and by its sidecars. */
  readonly healthOf: (id: string) => Health;
  /** Of the hub of a domain; undefined: it has none. */
  readonly hubOf: (domain: string) => Health | undefined;
  /** Parts of budgets that its sidecars spend by themselves. */
  readonly leasesOf: (id: string) => number;
  /** Of the configuration that the hub runs. */
  readonly snapshotSeq: number;
  readonly nodes: number;
}

interface NodesProps {
  readonly form: Form;
  readonly layout: Layout;
  readonly bundles: ReadonlyMap<string, Bundle>;
  readonly traffic: Traffic;
  readonly told: Told;
  readonly lit: LitPath | null;
  readonly size: readonly [number, number];
  readonly onShut: (domain: string) => void;
}

export const Nodes = ({ form, layout, bundles, traffic, told, lit, size: [width, height], onShut }: NodesProps) => {
  const flows = [...bundles.values()];
  const through = (id: string, side: 'from' | 'to'): number =>
    flows.reduce((sum, bundle) => (bundle[side] === id ? sum + bundle.perSecond : sum), 0);
  const litIds = new Set(lit?.calls.flat().map(({ principal }) => `${principal?.kind}/${principal?.id}`));
  return (
    <svg
      width={width}
      height={height}
      role="group"
      aria-label={`Map of ${layout.agents.length} agents, ${layout.resources.length} models and tools`}
    >
      {layout.callers.map((box) => (
        <Caller
          key={box.id}
          box={box}
          perSecond={through(box.id, 'from')}
          isDim={lit !== null && !litIds.has(box.id)}
        />
      ))}
      <Hub form={form} box={layout.hub} perSecond={through('hub', 'to')} told={told} />
      {layout.domains.map((box) => (
        <Domain
          key={box.id}
          box={box}
          flows={layout.agents
            .filter((card) => isInside(card, box))
            .map(({ id }) => traffic.targets.get(id) ?? NOTHING)}
          perSecond={through(box.id, 'to')}
          hub={form === 'hierarchical' ? told.hubOf(box.id.slice('domain/'.length)) : undefined}
          onShut={() => onShut(box.id.slice('domain/'.length))}
        />
      ))}
      {[...layout.agents, ...layout.resources].map((box) => (
        <Card
          key={box.id}
          box={box}
          flow={traffic.targets.get(box.id) ?? { ...NOTHING, perSecond: through(box.id, 'from') }}
          health={told.healthOf(box.id)}
          leases={form === 'mesh' ? told.leasesOf(box.id) : 0}
          lit={lit}
          onOpen={box.id.startsWith('domain/') ? () => onShut(box.id.slice('domain/'.length)) : undefined}
        />
      ))}
      {layout.labels.map(({ name, x, y }) => (
        <text key={name} className="group" x={x} y={y}>
          {name}
        </text>
      ))}
    </svg>
  );
};

const isInside = (card: Placed, box: Placed): boolean =>
  card.x >= box.x && card.x < box.x + box.width && card.y >= box.y && card.y < box.y + box.height;

interface CallerProps {
  readonly box: Placed;
  readonly perSecond: number;
  readonly isDim: boolean;
}

const Caller = ({ box, perSecond, isDim }: CallerProps): JSX.Element => {
  const isTwo = box.height >= 28;
  return (
    <g className={`node caller${isDim ? ' dim' : ''}`} transform={`translate(${box.x},${box.y})`}>
      <rect className="box" width={box.width} height={box.height} rx="4" />
      <Label text={box.name} x={8} y={isTwo ? 12.5 : box.height / 2 + 4} room={box.width - (isTwo ? 14 : 50)} />
      <text
        className="small"
        x={isTwo ? 8 : box.width - 8}
        y={isTwo ? 24 : box.height / 2 + 4}
        textAnchor={isTwo ? 'start' : 'end'}
      >
        {rate(perSecond)}/s
      </text>
    </g>
  );
};

interface HubProps {
  readonly form: Form;
  readonly box: Placed;
  readonly perSecond: number;
  readonly told: Told;
}

/** In the mesh it hands out configuration, and no call passes it. */
const Hub = ({ form, box, perSecond, told: { snapshotSeq, nodes } }: HubProps): JSX.Element => {
  const lines =
    form === 'mesh'
      ? ['no call passes it', `configuration ${snapshotSeq}`]
      : [`${rate(perSecond)}/s in`, `config ${snapshotSeq}`];
  const y = form === 'hub' ? box.height / 2 - 16 : 18;
  return (
    <g className={`node hub${form === 'mesh' ? ' aside' : ''}`} transform={`translate(${box.x},${box.y})`}>
      <rect className="box" width={box.width} height={box.height} rx="6" />
      <text className="title" x="10" y={y}>
        hub
      </text>
      {[...lines, ...(form === 'hub' && nodes > 0 ? [`${nodes} nodes`] : [])].map((line, at) => (
        <text key={line} className="small" x="10" y={y + 15 + at * 13}>
          {line}
        </text>
      ))}
    </g>
  );
};

interface DomainProps {
  readonly box: PlacedDomain;
  readonly flows: readonly Flow[];
  readonly perSecond: number;
  /** Undefined: it has no hub of its own. */
  readonly hub: Health | undefined;
  readonly onShut: () => void;
}

const Domain = ({ box, flows, perSecond, hub, onShut }: DomainProps): JSX.Element => {
  const p95Ms = flows.reduce((most, flow) => Math.max(most, flow.p95Ms ?? 0), 0);
  const held = flows.reduce((sum, flow) => sum + flow.held, 0);
  const hubNote = hub === undefined ? [] : [`hub ${hub.word}`];
  const isWell = hub?.state === 'ok';
  // What matters most comes first, and what there is no room for is left out.
  const notes = [
    ...(isWell ? [] : hubNote),
    `${rate(perSecond)}/s`,
    ...(box.isShut ? [`${box.agents} ${box.agents === 1 ? 'agent' : 'agents'}`] : []),
    ...(held > 0 ? [`${held} held`] : []),
    ...(!box.isShut && p95Ms > 0 ? [`p95 ${duration(p95Ms)}`] : []),
    ...(isWell ? hubNote : []),
  ];
  const shown = fitting(notes, box.width - 60 - Math.min(24, box.name.length) * 7);
  return (
    <g transform={`translate(${box.x},${box.y})`}>
      <g
        className="node domain-head"
        role="button"
        tabIndex={0}
        aria-expanded={!box.isShut}
        aria-label={`domain ${box.name}, ${box.isShut ? 'shut' : 'open'}, ${notes.join(', ')}`}
        onClick={onShut}
        onKeyDown={({ key }) => key === 'Enter' && onShut()}
      >
        <rect className="hit" width={box.width} height="27" rx="6" />
        <path className="twisty" d={box.isShut ? 'M9 10l5 4-5 4z' : 'M8 11h8l-4 5z'} />
        {hub !== undefined && <Glyph state={hub.state} x={24} y={14} />}
        <Label className="title" text={box.name} x={hub === undefined ? 20 : 33} y={18} room={box.width - 150} />
        <text
          className={`small${hub === undefined || hub.state === 'ok' ? '' : ` ${hub.state}`}`}
          x={box.width - 10}
          y="18"
          textAnchor="end"
        >
          {shown.join(' · ')}
        </text>
      </g>
    </g>
  );
};

const SMALL_LETTER_PX = 5.6;

const fitting = (notes: readonly string[], roomPx: number): readonly string[] => {
  const most = notes.findIndex((_, at) => notes.slice(0, at + 1).join(' · ').length * SMALL_LETTER_PX > roomPx);
  return most < 0 ? notes : notes.slice(0, Math.max(1, most));
};
