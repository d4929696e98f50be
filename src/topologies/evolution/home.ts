/** Advice about going back: mesh to hub. */

import { LEAST_CALLS, medianOf } from './arms.ts';
import { measured, type RouteAdvice } from './basics.ts';
import { budgetsOf, ratesOf } from './obstacles.ts';
import type { PairCalls, Seen } from './view.ts';

/** From a run of `npm run bench`, for routes of which no call has gone through the hub: another machine, another load. */
const BENCH = { cpuUsPerCall: 207, addedP50Ms: 0.18, from: 'bench/README.md, closed loop, commit b9b28ce' } as const;

export const hubAdvice = (about: string, pairs: readonly PairCalls[], seen: Seen): RouteAdvice => {
  const basics = measured(pairs, seen);
  const calls = pairs.flatMap((pair) => pair.calls);
  const direct = calls.filter(({ way }) => way === 'mesh').length;
  const governance = [...new Set(pairs.flatMap((pair) => governanceOf(pair, seen)))];
  const instead = calls.filter(({ instead: was }) => was).length;
  const isWorth = governance.length > 0 || instead > 0;
  return {
    ...basics,
    about,
    verdict: direct === 0 && instead === 0 ? 'stay' : isWorth ? 'move' : 'stay',
    reasons:
      direct === 0 && instead === 0
        ? ['it goes through the hub already']
        : [
            ...(instead > 0
              ? [`${instead} of ${calls.length} calls found no sidecar and went through the hub anyway`]
              : []),
            ...(governance.length > 0 ? ['its governance is exact only where one node sees all calls'] : []),
            ...(isWorth ? [] : ['nothing about it needs one place that sees all calls']),
          ],
    gains: governance,
    costs: direct === 0 ? [] : costsOf(calls, basics, direct / Math.max(1, calls.length)),
    governance: [],
    blocked: [],
  };
};

const governanceOf = (pair: PairCalls, { ground }: Seen): readonly string[] => [
  ...budgetsOf(pair, ground).map(
    ({ name }) => `budget \`${name}\` is charged in the ledger of the hub, without leases`,
  ),
  ...ratesOf(pair, ground).map(
    ({ id, annotations }) => `rule \`${id}\`: ${annotations['rate']} is counted once for all callers`,
  ),
];

const costsOf = (
  calls: PairCalls['calls'],
  { numbers: { hubCpuUsPerCall, callsPerDay } }: Pick<RouteAdvice, 'numbers'>,
  share: number,
): readonly string[] => {
  const through = calls.filter(({ way }) => way === 'hub').map(({ hubMs }) => hubMs);
  const added = through.length < LEAST_CALLS ? null : medianOf(through);
  const seconds = (us: number): string => ((callsPerDay * share * us) / 1_000_000).toFixed(0);
  return [
    added === null
      ? `about ${BENCH.addedP50Ms} ms more at the median (estimated: ${BENCH.from})`
      : `${added.toFixed(2)} ms more at the median (measured on its calls through the hub)`,
    hubCpuUsPerCall === null
      ? `about ${seconds(BENCH.cpuUsPerCall)} s of CPU a day at the hub (estimated: ${BENCH.cpuUsPerCall} us a call, ${BENCH.from})`
      : `${seconds(hubCpuUsPerCall)} s of CPU a day at the hub (measured: ${hubCpuUsPerCall.toFixed(0)} us a call)`,
    'the hub becomes a failure domain of these calls',
  ];
};
