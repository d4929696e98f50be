/** Prefers what is near (H7): the nearest endpoints take everything while they are well, and hand on a part of it when they are not. */
import { type Choices, pickFresh } from './balance.ts';
import type { EndpointRecord } from './endpoints.ts';

/** The endpoints of one distance that take calls. */
export interface Tier extends Choices {
  /** Of all calls. The shares of a pool add up to 1. */
  readonly share: number;
}

/** So much more than its part of healthy ones a tier is trusted with: it hands calls on when fewer than about 70 % are well. */
const OVERPROVISION = 1.4;

/** Shares of tiers, the nearest first, from how many of their endpoints take calls. When all of them together cannot, each takes its part. */
export const sharesOf = (
  tiers: readonly { readonly eligible: number; readonly hosts: number }[],
): readonly number[] => {
  let left = 1;
  const shares = tiers.map(({ eligible, hosts }) => {
    const share = Math.min(left, hosts === 0 ? 0 : (OVERPROVISION * eligible) / hosts);
    left -= share;
    return share;
  });
  const sum = 1 - left;
  return sum === 0 ? shares : shares.map((share) => share / sum);
};

/** Undefined when every endpoint of every tier is full. What was tried already is used only when there is nobody else (R5). */
export const pickNear = (
  tiers: readonly Tier[],
  avoid: readonly string[],
  nowMs: number,
  random: () => number,
): EndpointRecord | undefined => {
  const first = drawn(tiers, random);
  for (const tier of [first, ...tiers.filter((one) => one !== first)]) {
    const record = pickFresh(tier, avoid, nowMs, random);
    if (record !== undefined) return record;
  }
  return avoid.length === 0 ? undefined : pickNear(tiers, [], nowMs, random);
};

const drawn = (tiers: readonly Tier[], random: () => number): Tier => {
  let at = random();
  for (const tier of tiers) {
    at -= tier.share;
    if (at < 0) return tier;
  }
  return tiers[0]!;
};
