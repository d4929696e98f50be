/** Things of one kind below each other: domains with their agents, and models and tools, each with its name above. */
import type { DescribedTarget } from '../api/views.ts';
import { MARGIN, nameIn, type Placed, type PlacedDomain } from './map.ts';

export const RESOURCE = { width: 152, height: 32, gap: 8 };
const HEAD = 28;
const GAP = 6;

export interface Group {
  readonly label: string;
  /** `kind/name` */
  readonly ids: readonly string[];
}

/** In the middle of the height, as long as they fit. */
export const groupsAt = (groups: readonly Group[], x: number, height: number) => {
  const shown = groups.filter(({ ids }) => ids.length > 0);
  const count = shown.reduce((sum, { ids }) => sum + ids.length, 0);
  const room = height - 2 * MARGIN - shown.length * 26;
  const step = Math.min(RESOURCE.height + RESOURCE.gap, Math.max(18, room / Math.max(1, count)));
  const boxHeight = Math.min(RESOURCE.height, step - 4);
  let y = Math.max(MARGIN, (height - count * step - shown.length * 26) / 2);
  const boxes: Placed[] = [];
  const labels: { readonly name: string; readonly x: number; readonly y: number }[] = [];
  for (const { label, ids } of shown) {
    labels.push({ name: label, x, y: y + 12 });
    y += 20;
    for (const id of ids) {
      boxes.push({ id, name: nameIn(id), x, y, width: RESOURCE.width, height: boxHeight });
      y += step;
    }
    y += 6;
  }
  return { boxes, labels };
};

interface Lane {
  readonly x: number;
  readonly width: number;
  readonly height: number;
  readonly shut: ReadonlySet<string>;
}

/** By domain, each in its box; what is shut is its head only. */
export const domainsAt = (agents: readonly DescribedTarget[], { x, width, height, shut }: Lane) => {
  const groups = [...Map.groupBy(agents.toSorted(byName), ({ domain }) => domain)].sort(([a], [b]) => (a < b ? -1 : 1));
  const counts = groups.map(([domain, members]) => (shut.has(domain) ? 0 : members.length));
  const columns = columnsFor(counts, width, height);
  const rows = counts.map((count) => Math.ceil(count / columns));
  const cardHeight = Math.max(LEAST_HEIGHT, Math.min(44, Math.floor(roomFor(rows, height))));
  const cardWidth = (width - 16 - (columns - 1) * GAP) / columns;
  const heights = rows.map((count) => HEAD + count * (cardHeight + GAP) + (count === 0 ? 0 : 6));
  const needed = heights.reduce((sum, one) => sum + one, 0);
  const gap = Math.max(8, Math.min(24, (height - 2 * MARGIN - needed) / Math.max(1, groups.length - 1)));
  let y = Math.max(MARGIN, (height - needed - gap * (groups.length - 1)) / 2);
  const domains: PlacedDomain[] = [];
  const cards: Placed[] = [];
  groups.forEach(([domain, members], at) => {
    const isShut = shut.has(domain);
    const name = domain === '' ? 'no domain' : domain;
    domains.push({ id: `domain/${domain}`, name, x, y, width, height: heights[at]!, isShut, agents: members.length });
    (isShut ? [] : members).forEach(({ name: agent }, place) => {
      cards.push({
        ...{ id: `agent/${agent}`, name: agent, width: cardWidth, height: cardHeight },
        x: x + 8 + (place % columns) * (cardWidth + GAP),
        y: y + HEAD + Math.floor(place / columns) * (cardHeight + GAP),
      });
    });
    y += heights[at]! + gap;
  });
  return { domains, cards };
};

const LEAST_HEIGHT = 20;
const LEAST_WIDTH = 84;

/** Height of a card when rows share what is there. */
const roomFor = (rows: readonly number[], height: number): number => {
  const all = rows.reduce((sum, count) => sum + count, 0);
  return (height - 2 * MARGIN - rows.length * (HEAD + 22)) / Math.max(1, all) - GAP;
};

/** As few as one can read well in; more where they would not fit below each other otherwise. */
const columnsFor = (counts: readonly number[], width: number, height: number): number => {
  let columns = Math.max(1, Math.min(3, Math.floor(width / 140)));
  const isHigh = (): boolean =>
    roomFor(
      counts.map((count) => Math.ceil(count / columns)),
      height,
    ) < 24;
  while (isHigh() && width / (columns + 1) >= LEAST_WIDTH) columns++;
  return columns;
};

const byName = (a: DescribedTarget, b: DescribedTarget): number => (a.name < b.name ? -1 : 1);
