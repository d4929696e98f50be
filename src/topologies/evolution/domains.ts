/** Advice about a hub of its own for a domain: worth it where its agents talk mostly among themselves. */
import { domainTree } from '../../routing/index.ts';
import { ADVISABLE, measured, type RouteAdvice } from './basics.ts';
import { staleness } from './staleness.ts';
import type { PairCalls, Seen } from './view.ts';

/** Of the calls that a domain has to do with. What crosses passes one hub more. */
const MOSTLY = 0.8;

export const domainsAdvice = (pairs: readonly PairCalls[], seen: Seen): readonly RouteAdvice[] => {
  const { domains } = seen.ground.snapshot;
  const tree = domainTree(domains);
  return domains
    .filter(({ tenant }) => tenant === seen.tenant)
    .map(({ name, delegated }) => {
      const isIn = (domain: string): boolean => tree.chain(seen.tenant, domain).includes(name);
      const concerned = pairs.filter(({ caller, target }) => isIn(caller.domain) || isIn(target.domain));
      const inside = concerned.filter(({ caller, target }) => isIn(caller.domain) && isIn(target.domain));
      return domainAdvice({ name, delegated, concerned, inside }, seen);
    });
};

interface About {
  readonly name: string;
  readonly delegated: boolean;
  readonly concerned: readonly PairCalls[];
  readonly inside: readonly PairCalls[];
}

const domainAdvice = ({ name, delegated, concerned, inside }: About, seen: Seen): RouteAdvice => {
  const basics = measured(concerned, seen);
  const within = inside.reduce((sum, { calls }) => sum + calls.length, 0);
  const share = basics.calls === 0 ? 0 : within / basics.calls;
  const said = `${within} of its ${basics.calls} calls stay inside (${(share * 100).toFixed(0)} %)`;
  const nothing = { gains: [], costs: [], governance: [], blocked: [] };
  const about = { ...basics, about: name };
  if (delegated) return { ...about, ...nothing, verdict: 'stay', reasons: ['it has a hub of its own already', said] };
  if (basics.calls < ADVISABLE)
    return { ...about, ...nothing, verdict: 'unknown', reasons: [`fewer than ${ADVISABLE} calls in the window`] };
  if (share < MOSTLY)
    return {
      ...about,
      ...nothing,
      verdict: 'stay',
      reasons: [said, `below ${MOSTLY * 100} %: what crosses would pass one hub more`],
    };
  return {
    ...about,
    verdict: 'move',
    reasons: [said],
    gains: [
      'the root is no failure domain of the calls inside any more',
      ...savedAtRoot(inside, seen),
      'its own people can look after it without the rest',
    ],
    costs: [
      `one domain hub to run, for \`${name}\``,
      ...crossing(concerned, inside, basics, seen),
      ...staleness('domain hubs'),
    ],
    governance: [
      'budgets become leases of the domain hub; it hands out none, so sidecars that draw on budgets join the root',
    ],
    blocked: [],
  };
};

const savedAtRoot = (inside: readonly PairCalls[], seen: Seen): readonly string[] => {
  const { hubCpuSecondsPerDay } = measured(inside, seen).numbers;
  return hubCpuSecondsPerDay === null
    ? []
    : [`${hubCpuSecondsPerDay.toFixed(0)} s of CPU a day leave the root for the domain hub (measured at the root)`];
};

const crossing = (
  concerned: readonly PairCalls[],
  inside: readonly PairCalls[],
  { numbers: { hubP50Ms } }: Pick<RouteAdvice, 'numbers'>,
  seen: Seen,
): readonly string[] => {
  const across = concerned.filter((pair) => !inside.includes(pair));
  if (across.length === 0) return [];
  const { callsPerDay } = measured(across, seen).numbers;
  const each =
    hubP50Ms === null
      ? 'one hub more'
      : `one hub more, which took ${hubP50Ms.toFixed(2)} ms at the median here (measured)`;
  return [`${callsPerDay.toFixed(0)} calls a day cross its border, and pass ${each}`];
};
