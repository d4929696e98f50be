/** Advice about going directly: hub to mesh. */
import { measured, type RouteAdvice, type Verdict, waysBeside } from './basics.ts';
import { budgetsOf, instancesOf, type Obstacle, obstaclesOf, ratesOf, sidecarsOf } from './obstacles.ts';
import { staleness } from './staleness.ts';
import { failureDomainsOf, type PairCalls, type Seen } from './view.ts';

/** The hub's part of the median from which on its absence can be noticed, and a rate from which on its work can. */
const NOTICEABLE = 0.05;
const BUSY_PER_SECOND = 1;

export const meshAdvice = (about: string, pairs: readonly PairCalls[], seen: Seen): RouteAdvice => {
  const looked = pairs.map((pair) => ({ pair, obstacles: obstaclesOf(pair, seen.ground) }));
  const basics = measured(pairs, seen);
  const open = looked.filter(({ obstacles }) => obstacles.length === 0);
  const curable = looked.filter(({ obstacles }) => obstacles.length > 0 && obstacles.every(({ isCured }) => isCured));
  const { verdict, reasons } = verdictOf(pairs, { open, curable, all: looked }, basics);
  return {
    ...basics,
    about,
    verdict,
    reasons,
    gains:
      verdict === 'cannot'
        ? []
        : gainsOf(
            [...open, ...curable].map(({ pair }) => pair),
            basics,
            seen,
          ),
    costs: verdict === 'cannot' ? [] : costsOf(curable, seen),
    governance: [...new Set(looked.flatMap(({ pair }) => governanceOf(pair, seen)))],
    blocked: looked
      .filter(({ obstacles }) => obstacles.length > 0)
      .map(({ pair, obstacles }) => ({
        pair: pairName(pair),
        calls: pair.calls.length,
        why: obstacles.map(({ text }) => text),
      })),
  };
};

interface Looked {
  readonly pair: PairCalls;
  readonly obstacles: readonly Obstacle[];
}

type Basics = Pick<RouteAdvice, 'calls' | 'perSecond' | 'numbers'>;

export const pairName = ({ caller, target }: PairCalls): string =>
  `${caller.kind}/${caller.id} -> ${target.kind}/${target.name}`;

const callsOf = (looked: readonly Looked[]): number => looked.reduce((sum, { pair }) => sum + pair.calls.length, 0);

interface Sorted {
  readonly open: readonly Looked[];
  readonly curable: readonly Looked[];
  readonly all: readonly Looked[];
}

const verdictOf = (
  pairs: readonly PairCalls[],
  { open, curable, all }: Sorted,
  { numbers, perSecond }: Basics,
): { readonly verdict: Verdict; readonly reasons: readonly string[] } => {
  if (pairs.every(({ configured }) => configured.meshPercent === 100))
    return { verdict: 'stay', reasons: ['it goes directly already'] };
  if (open.length + curable.length === 0)
    return { verdict: 'cannot', reasons: ['none of its calls can go directly; see what is in the way'] };
  const part = hubPart(pairs, numbers.hubP50Ms);
  const reasons = [
    part === null
      ? 'the part of the hub in the time of its calls was not measured'
      : `the hub is ${(part * 100).toFixed(0)} % of the median`,
    `${perSecond.toFixed(perSecond < 10 ? 2 : 0)} calls a second`,
  ];
  if ((part ?? 0) < NOTICEABLE && perSecond < BUSY_PER_SECOND)
    return { verdict: 'stay', reasons: [...reasons, 'too little to gain'] };
  return { ...ripeness(open, curable, all), reasons: [...reasons, ...ripeness(open, curable, all).reasons] };
};

/** Who has no sidecar comes in at the hub and stays there, moved or not. Who has one is refused where nobody is in front of the target. */
const ripeness = (open: Sorted['open'], curable: Sorted['curable'], all: Sorted['all']) => {
  const harmed = all.filter(
    ({ obstacles }) => obstacles.length > 0 && !obstacles.some(({ code }) => AT_THE_HUB.has(code)),
  );
  const stuck = harmed.filter((one) => !curable.includes(one));
  if (stuck.length > 0)
    return {
      verdict: 'stay' as const,
      reasons: [
        `${callsOf(stuck)} calls of callers with sidecars could not go directly; give those that can a route of their own (\`from.agents\`)`,
      ],
    };
  if (harmed.length > 0 || open.length === 0)
    return { verdict: 'prepare' as const, reasons: ['start the sidecars that are missing first'] };
  const staying = callsOf(all) - callsOf(open);
  return {
    verdict: 'move' as const,
    reasons: staying === 0 ? [] : [`${staying} of ${callsOf(all)} calls come in at the hub, and go on doing so`],
  };
};

const AT_THE_HUB: ReadonlySet<Obstacle['code']> = new Set(['no_caller_sidecar', 'no_caller_sidecar_possible']);

const hubPart = (pairs: readonly PairCalls[], hubP50Ms: number | null): number | null => {
  const through = pairs.flatMap(({ calls }) =>
    calls.filter(({ way }) => way === 'hub').map(({ durationMs }) => durationMs),
  );
  if (hubP50Ms === null || through.length === 0) return null;
  const sorted = through.sort((a, b) => a - b);
  const p50 = sorted[Math.floor((sorted.length - 1) / 2)]!;
  return p50 === 0 ? null : Math.min(1, hubP50Ms / p50);
};

const gainsOf = (pairs: readonly PairCalls[], { numbers }: Basics, seen: Seen): readonly string[] => {
  const { hubP50Ms, hubCpuSecondsPerDay, hubCpuUsPerCall } = numbers;
  const beside = waysBeside(pairs);
  return [
    hubP50Ms === null
      ? 'time of the hub: too few of its calls went through a hub that said so'
      : `the hub itself takes ${hubP50Ms.toFixed(2)} ms of a call at the median (measured, without the wire)`,
    hubCpuSecondsPerDay === null || hubCpuUsPerCall === null
      ? 'CPU of the hub: not measured yet; it needs some minutes of calls'
      : `${hubCpuSecondsPerDay.toFixed(0)} s of CPU a day at the hub (measured: ${hubCpuUsPerCall.toFixed(0)} us a call over all its work)`,
    ...(beside === undefined ? [] : [beside]),
    ...[...new Set(pairs.flatMap((pair) => failureDomainsOf(pair, seen.ground)))]
      .filter((domain) => domain.startsWith('hub '))
      .map((domain) => `${domain} is no failure domain of these calls any more`),
  ];
};

const costsOf = (curable: readonly Looked[], { ground }: Seen): readonly string[] => {
  const callers = new Set(
    curable
      .filter(({ obstacles }) => obstacles.some(({ code }) => code === 'no_caller_sidecar'))
      .map(({ pair }) => pair.caller.id),
  );
  const targets = new Map(
    curable
      .filter(({ obstacles }) => obstacles.some(({ code }) => code === 'no_target_sidecar'))
      .map(({ pair: { target } }) => [
        `${target.kind}/${target.name}`,
        Math.max(1, new Set([...target.endpoints, ...instancesOf(target, ground)].map(({ url }) => url)).size),
      ]),
  );
  return [
    ...[...callers].map((id) => `a sidecar beside each instance of caller \`${id}\``),
    ...[...targets].map(
      ([name, count]) =>
        `${count} sidecar${count === 1 ? '' : 's'} in front of \`${name}\`, one for each instance known`,
    ),
    ...staleness('sidecars'),
  ];
};

/** A slice of a lease and its time, as `docs/budgets.md` promises them. */
const SLICE = { micros: '$1', tokens: '100,000 tokens', calls: '20 calls' } as const;

const governanceOf = (pair: PairCalls, { ground }: Seen): readonly string[] => {
  const nodes = Math.max(1, sidecarsOf(ground.nodes, 'agent', pair.caller.id).length);
  return [
    ...budgetsOf(pair, ground).map(
      ({ name, unit }) =>
        `budget \`${name}\` becomes leases: still never overspent by what is set aside, but each of ${nodes} caller sidecar${nodes === 1 ? '' : 's'} may keep up to ${SLICE[unit]} from others for 10 s, and without the hub calls under it end after 10 s (bounds, not measurements)`,
    ),
    ...ratesOf(pair, ground).map(
      ({ id, annotations }) =>
        `rule \`${id}\` allows ${annotations['rate']} on each node: with ${nodes} caller sidecar${nodes === 1 ? '' : 's'} up to ${nodes} times that at the callers; the hub counted once for all`,
    ),
  ];
};
