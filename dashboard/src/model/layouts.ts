/**
 * Where things stand on the map in each of its forms, so that nothing jumps when traffic changes: around the bar of the hub, in a ring
 * with the hub in the middle that no call passes, or in lanes from callers over the hub and domains to what they use.
 */
import type { DescribedTarget } from '../api/views.ts';
import type { Form, Leg } from './forms.ts';
import { domainsAt, type Group, groupsAt, RESOURCE } from './lanes.ts';
import {
  alongBar,
  betweenLanes,
  curvesOf,
  isBelow,
  type Layout,
  MARGIN,
  nameIn,
  type Placed,
  throughMiddle,
} from './map.ts';

export interface MapInput {
  readonly targets: readonly DescribedTarget[];
  readonly legs: readonly Leg[];
  /** Domains that are shown as one box. */
  readonly shut: ReadonlySet<string>;
  /** `agent/orders`, `tool/crm`: what has a sidecar. */
  readonly sidecars: ReadonlySet<string>;
  readonly width: number;
  readonly height: number;
}

export const layoutOf = (form: Form, input: MapInput): Layout => LAYOUTS[form](input);

/** Cards and boxes that one would see. */
export const nodesSeen = (targets: readonly DescribedTarget[], shut: ReadonlySet<string>): number => {
  const agents = targets.filter(({ kind }) => kind === 'agent');
  const closed = new Set(agents.flatMap(({ domain }) => (shut.has(domain) ? [domain] : [])));
  return targets.length - agents.length + agents.filter(({ domain }) => !shut.has(domain)).length + closed.size;
};

const MOST_CALLERS = 12;

/** Whoever calls and is no agent. */
const callersIn = (legs: readonly Leg[]): readonly string[] =>
  [...new Set(legs.map(({ from }) => from))]
    .filter((from) => from !== 'hub' && !/^(agent|domain|tool|model)\//.test(from))
    .sort()
    .slice(0, MOST_CALLERS);

const resourcesIn = (targets: readonly DescribedTarget[]): readonly Group[] =>
  (['model', 'tool'] as const).map((kind) => ({
    label: `${kind}s`,
    ids: targets.flatMap((target) => (target.kind === kind ? [`${kind}/${target.name}`] : [])).sort(),
  }));

const agentsIn = (targets: readonly DescribedTarget[]): readonly DescribedTarget[] =>
  targets.filter(({ kind }) => kind === 'agent');

const BAR = { width: 78, gap: 64 };

const aroundBar = ({ targets, legs, shut, width, height }: MapInput): Layout => {
  const callerIds = callersIn(legs);
  const x = width - RESOURCE.width - MARGIN;
  const { boxes, labels } = groupsAt([{ label: 'callers', ids: callerIds }, ...resourcesIn(targets)], x, height);
  const isLast = boxes.length === 0;
  const barX = isLast ? width - MARGIN - BAR.width : x - BAR.gap - BAR.width;
  const { domains, cards } = domainsAt(agentsIn(targets), {
    ...{ x: MARGIN, width: Math.max(150, barX - BAR.gap - MARGIN), height, shut },
  });
  const hub = { id: 'hub', name: 'hub', x: barX, y: MARGIN, width: BAR.width, height: height - 2 * MARGIN };
  const isCaller = new Set(callerIds);
  return {
    callers: boxes.filter(({ id }) => isCaller.has(id)),
    ...{ hub, domains, agents: cards, labels },
    resources: boxes.filter(({ id }) => !isCaller.has(id)),
    curves: curvesOf(legs, [hub, ...domains, ...boxes], alongBar),
    isCrowded: isBelow([...domains, ...boxes], height),
  };
};

const PASSING = 90;
const CARD = { width: 124, height: 36, least: 92, low: 24, gap: 8 };

/** Along the four sides of the room, in the order of domains and names. */
const inRing = ({ targets, legs, shut, sidecars, width, height }: MapInput): Layout => {
  const ids = membersOf({ targets, legs, shut, sidecars });
  const [cardWidth, cardHeight] = sizeFor(ids.length, width, height);
  const sides = sidesOf(ids.length, { width, height, cardWidth, cardHeight });
  const agents: Placed[] = sides.map(([x, y], at) => {
    const id = ids[at]!;
    return { id, name: nameIn(id) || 'no domain', x, y, width: cardWidth, height: cardHeight };
  });
  // What crosses the middle passes above the hub, so that one sees that it does not pass it.
  const middle = [width / 2, height / 2 - PASSING] as const;
  const hub = { id: 'hub', name: 'hub', x: width / 2 - 62, y: height / 2 + 12, width: 124, height: 56 };
  const curves = curvesOf(legs, agents, throughMiddle(middle));
  const isCrowded = ids.length > 2 * (across(width, CARD.least) + down(height, CARD.low));
  return { callers: [], hub, domains: [], agents, resources: [], labels: [], curves, isCrowded };
};

/** What has a sidecar, and whatever calls or is called without a hub. */
const membersOf = ({
  targets,
  legs,
  shut,
  sidecars,
}: Pick<MapInput, 'targets' | 'legs' | 'shut' | 'sidecars'>): readonly string[] => {
  const domainOf = new Map(targets.map(({ kind, name, domain }) => [`${kind}/${name}`, domain]));
  const shown = (id: string): string => {
    const domain = domainOf.get(id);
    return id.startsWith('agent/') && domain !== undefined && shut.has(domain) ? `domain/${domain}` : id;
  };
  const ids = new Set([...sidecars].map(shown).concat(legs.flatMap(({ from, to }) => [from, to])));
  const key = (id: string): string => `${id.startsWith('domain/') ? nameIn(id) : (domainOf.get(id) ?? '')}\0${id}`;
  return [...ids].sort((a, b) => (key(a) < key(b) ? -1 : 1));
};

/** How many cards of a size fit along a side from top to bottom, or from left to right between the other two. */
const fit = (room: number, size: number): number => Math.max(0, Math.floor((room + CARD.gap) / (size + CARD.gap)));

const across = (width: number, cardWidth: number): number => fit(width - 2 * MARGIN - 2 * (cardWidth + 24), cardWidth);
const down = (height: number, cardHeight: number): number => fit(height - 2 * MARGIN, cardHeight);

const sizeFor = (count: number, width: number, height: number): readonly [number, number] =>
  count <= 2 * (across(width, CARD.width) + down(height, CARD.height))
    ? [CARD.width, CARD.height]
    : [CARD.least, CARD.low];

interface Ring {
  readonly width: number;
  readonly height: number;
  readonly cardWidth: number;
  readonly cardHeight: number;
}

/** Upper left corners, clockwise from the left end of the upper side. */
const sidesOf = (
  count: number,
  { width, height, cardWidth, cardHeight }: Ring,
): readonly (readonly [number, number])[] => {
  const [wide, tall] = [across(width, cardWidth), down(height, cardHeight)];
  const upper = Math.min(wide, Math.round((count * wide) / Math.max(1, 2 * (wide + tall))));
  const rest = count - 2 * upper;
  const right = Math.ceil(rest / 2);
  const left = rest - right;
  const [innerX, innerWidth] = [MARGIN + cardWidth + 24, width - 2 * (MARGIN + cardWidth + 24)];
  const spread = (places: number, from: number, room: number, size: number): readonly number[] =>
    Array.from({ length: places }, (_, at) => from + ((at + 0.5) * room) / places - size / 2);
  const xs = spread(upper, innerX, innerWidth, cardWidth);
  const ys = (places: number): readonly number[] => spread(places, MARGIN, height - 2 * MARGIN, cardHeight);
  return [
    ...xs.map((x) => [x, MARGIN] as const),
    ...ys(right).map((y) => [width - MARGIN - cardWidth, y] as const),
    ...xs.toReversed().map((x) => [x, height - MARGIN - cardHeight] as const),
    ...ys(left)
      .toReversed()
      .map((y) => [MARGIN, y] as const),
  ];
};

const CALLER = { width: 92, height: 30, gap: 10 };
const HUB = { width: 72, height: 56 };

const inLanes = ({ targets, legs, shut, width, height }: MapInput): Layout => {
  const people = callersIn(legs);
  const top = height / 2 - (people.length * (CALLER.height + CALLER.gap) - CALLER.gap) / 2;
  const callers = people.map((id, at) => ({
    ...{ id, name: nameIn(id), x: MARGIN, y: top + at * (CALLER.height + CALLER.gap) },
    ...{ width: CALLER.width, height: CALLER.height },
  }));
  const hub = { ...{ id: 'hub', name: 'hub', x: MARGIN + CALLER.width + 34, y: height / 2 - HUB.height / 2 }, ...HUB };
  const resourceX = width - RESOURCE.width - MARGIN;
  const { boxes, labels } = groupsAt(resourcesIn(targets), resourceX, height);
  const left = hub.x + hub.width + 44;
  const right = boxes.length === 0 ? width - MARGIN - 50 : resourceX - 66;
  const { domains, cards } = domainsAt(agentsIn(targets), {
    ...{ x: left, width: Math.max(150, right - left), height, shut },
  });
  return {
    ...{ callers, hub, domains, agents: cards, resources: boxes, labels },
    curves: curvesOf(legs, [...callers, hub, ...domains, ...boxes], betweenLanes),
    isCrowded: isBelow([...domains, ...boxes], height),
  };
};

const LAYOUTS: Readonly<Record<Form, (input: MapInput) => Layout>> = {
  hub: aroundBar,
  mesh: inRing,
  hierarchical: inLanes,
};
