/** What a map is made of, and its curves. Pure geometry: the same fleet in the same room is the same picture. */
import type { Leg } from './forms.ts';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Placed extends Box {
  /** `agent/orders`, `user/ann`, `domain/operations`, `hub`. */
  readonly id: string;
  readonly name: string;
}

export interface PlacedDomain extends Placed {
  /** Its agents are inside. */
  readonly isShut: boolean;
  readonly agents: number;
}

export interface Curve {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** Cubic Bézier: start, two handles, end. */
  readonly points: readonly [number, number, number, number, number, number, number, number];
  readonly isAcross: boolean;
}

export interface Layout {
  readonly callers: readonly Placed[];
  readonly hub: Placed;
  readonly domains: readonly PlacedDomain[];
  /** Agents, and in the mesh whatever else has a sidecar. */
  readonly agents: readonly Placed[];
  readonly resources: readonly Placed[];
  readonly labels: readonly { readonly name: string; readonly x: number; readonly y: number }[];
  readonly curves: readonly Curve[];
  /** There is no room for all of it here: a table says it better. */
  readonly isCrowded: boolean;
}

/** Above so many cards a map cannot be read. */
export const MOST_NODES = 60;
export const MARGIN = 12;

export const nameIn = (id: string): string => id.slice(id.indexOf('/') + 1);

export const pathOf = ({ points: [x0, y0, ...rest] }: Pick<Curve, 'points'>): string =>
  `M${x0.toFixed(1)} ${y0.toFixed(1)}C${rest.map((at) => at.toFixed(1)).join(' ')}`;

/** `share`: 0 at the start, 1 at the end. */
export const pointAt = ({ points: p }: Pick<Curve, 'points'>, share: number): readonly [number, number] => {
  const rest = 1 - share;
  const [a, b, c, d] = [rest ** 3, 3 * rest ** 2 * share, 3 * rest * share ** 2, share ** 3];
  return [a * p[0] + b * p[2] + c * p[4] + d * p[6], a * p[1] + b * p[3] + c * p[5] + d * p[7]];
};

/** One for each leg between two boxes that there are. */
export const curvesOf = (
  legs: readonly Leg[],
  boxes: readonly Placed[],
  draw: (from: Placed, to: Placed, leg: Leg) => Curve['points'],
): readonly Curve[] => {
  const known = new Map(boxes.map((box) => [box.id, box]));
  const made = new Map<string, Curve>();
  for (const leg of legs) {
    const [from, to] = [known.get(leg.from), known.get(leg.to)];
    const id = `${leg.from} ${leg.to}`;
    if (from !== undefined && to !== undefined && !made.has(id))
      made.set(id, { id, from: leg.from, to: leg.to, isAcross: leg.isAcross, points: draw(from, to, leg) });
  }
  return [...made.values()];
};

/** Something would stand below the lower edge. */
export const isBelow = (boxes: readonly Box[], height: number): boolean =>
  boxes.some((box) => box.y + box.height > height);

const middleOf = ({ y, height }: Box): number => y + height / 2;
const within = (y: number, box: Box): number => Math.max(box.y + 10, Math.min(box.y + box.height - 10, y));

/** Along the bar of the hub: each at its own height, out above and in below where both go. */
export const alongBar = (a: Placed, b: Placed): Curve['points'] => {
  const [other, isOut] = a.id === 'hub' ? [b, false] : [a, true];
  const bar = a.id === 'hub' ? a : b;
  const y = within(middleOf(other) + (other.height > 40 ? (isOut ? -7 : 7) : 0), bar);
  const isLeft = other.x < bar.x;
  const [near, far] = isLeft ? [bar.x, other.x + other.width] : [bar.x + bar.width, other.x];
  const [x0, x1] = isOut ? [far, near] : [near, far];
  return line(x0, y, x1, y);
};

const line = (x0: number, y0: number, x1: number, y1: number): Curve['points'] =>
  [
    ...[x0, y0, x0 + (x1 - x0) / 3, y0 + (y1 - y0) / 3],
    ...[x0 + (2 * (x1 - x0)) / 3, y0 + (2 * (y1 - y0)) / 3, x1, y1],
  ] as unknown as Curve['points'];

/** From lane to lane, whichever of the two is further left; between domains around their right side. */
export const betweenLanes = (a: Placed, b: Placed, { isAcross }: Leg): Curve['points'] => {
  if (isAcross) {
    const isDown = a.y < b.y;
    const [x, y0, y1] = [a.x + a.width, a.y + (isDown ? a.height - 14 : 14), b.y + (isDown ? 14 : b.height - 14)];
    const bulge = 22 + Math.min(30, Math.abs(y1 - y0) * 0.08) + (isDown ? 0 : 10);
    return [x, y0, x + bulge, y0, x + bulge, y1, x, y1];
  }
  const isRight = a.x < b.x;
  const [x0, x1] = isRight ? [a.x + a.width, b.x] : [a.x, b.x + b.width];
  const y0 = entranceOf(a, b, isRight ? 0 : 8);
  const y1 = entranceOf(b, a, isRight ? 0 : 8);
  const bend = Math.max(22, Math.abs(x1 - x0) * 0.5) * (isRight ? 1 : -1);
  return [x0, y0, x0 + bend, y0, x1 - bend, y1, x1, y1];
};

/** At a large box where the other one is nearest, and not always in the middle. */
const entranceOf = (box: Box, other: Box, shift: number): number =>
  box.height > 80
    ? Math.max(box.y + 16, Math.min(box.y + box.height - 16, middleOf(other) + shift))
    : middleOf(box) + shift / 2;

/** From card to card, bent towards the middle: what is straight in the mesh crosses it. */
export const throughMiddle =
  (middle: readonly [number, number]) =>
  (a: Placed, b: Placed): Curve['points'] => {
    const [x0, y0, x1, y1] = [a.x + a.width / 2, middleOf(a), b.x + b.width / 2, middleOf(b)];
    const [mx, my] = middle;
    const bend = 0.42;
    return [x0, y0, x0 + (mx - x0) * bend, y0 + (my - y0) * bend, x1 + (mx - x1) * bend, y1 + (my - y1) * bend, x1, y1];
  };
