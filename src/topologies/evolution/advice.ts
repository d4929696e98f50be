/**
 * What recorded calls say about moving a route: what would be gained, what it would cost, and what of its governance would mean
 * something else. INVARIANT: every number is measured, or says what it was estimated from. Pure.
 */
import { ADVISABLE, measured, type RouteAdvice } from './basics.ts';
import { meshAdvice } from './direct.ts';
import { domainsAdvice } from './domains.ts';
import { hubAdvice } from './home.ts';
import { type PairCalls, pairCallsIn, type Seen, type TopologyView } from './view.ts';

export const DESTINATIONS = ['mesh', 'hub', 'hierarchy'] as const;
export type Destination = (typeof DESTINATIONS)[number];

export interface AdviceView extends Pick<TopologyView, 'window' | 'hubCost'> {
  readonly to: Destination;
  /** A route with fewer calls in the window gets no advice. */
  readonly leastCalls: number;
  readonly items: readonly RouteAdvice[];
}

/** `route`: only this one. */
export const advise = (seen: Seen, to: Destination, route?: string): AdviceView => {
  const pairs = pairCallsIn(seen);
  const { window, hubCost } = seen;
  const items =
    to === 'hierarchy'
      ? domainsAdvice(pairs, seen)
      : routesOf(pairs, seen, route).map(([name, own]) =>
          own.reduce((sum, { calls }) => sum + calls.length, 0) < ADVISABLE
            ? tooFew(name, own, seen)
            : (to === 'mesh' ? meshAdvice : hubAdvice)(name, own, seen),
        );
  return { to, window, hubCost, leastCalls: ADVISABLE, items };
};

const routesOf = (
  pairs: readonly PairCalls[],
  { tenant, ground }: Seen,
  wanted: string | undefined,
): readonly (readonly [string, readonly PairCalls[]])[] => {
  const byRoute = Map.groupBy(pairs, ({ route }) => route);
  const names = [
    ...new Set([
      ...byRoute.keys(),
      ...ground.snapshot.routes.filter((route) => route.tenant === tenant).map(({ name }) => name),
    ]),
  ];
  return names.filter((name) => wanted === undefined || name === wanted).map((name) => [name, byRoute.get(name) ?? []]);
};

const tooFew = (about: string, pairs: readonly PairCalls[], seen: Seen): RouteAdvice => ({
  ...measured(pairs, seen),
  about,
  verdict: 'unknown',
  reasons: [`fewer than ${ADVISABLE} calls in the window; let it be used, or widen the window`],
  gains: [],
  costs: [],
  governance: [],
  blocked: [],
});
