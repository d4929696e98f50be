/** Holds the records against what was promised: one version for each call, one arm for each tree of a trial, nothing lost. */
import { isInCanary } from '../../../src/policy/index.ts';
import type { Entry } from './agents.ts';
import type { Begun } from './load.ts';
import { type Decided, isHeard, type Records } from './records.ts';

export interface Step {
  readonly percent: number;
  /** Unix ms: every node had confirmed it. */
  readonly confirmedAtMs: number;
}

export interface Played {
  readonly release: string;
  /** Unix ms, before the snapshot that ended it was published. */
  readonly endedAtMs: number;
  readonly steps: readonly Step[];
  /** It was halted: gone at once, also for a call between two nodes. */
  readonly halted: boolean;
}

export interface Audit {
  readonly figures: Readonly<Record<string, number>>;
  readonly findings: readonly string[];
}

export interface Case extends Records {
  readonly begun: readonly Begun[];
  readonly entries: readonly Entry[];
  readonly trials: readonly Played[];
}

export const audit = (given: Case): Audit => {
  const { decided, trials, begun } = given;
  const byCall = [...Map.groupBy(decided, ({ call }) => call).values()];
  const halted = new Set<string | undefined>(trials.filter((trial) => trial.halted).map(({ release }) => release));
  const apart = byCall.filter((decisions) => new Set(decisions.map(({ version }) => version)).size > 1);
  const cut = apart.filter((decisions) =>
    decisions.some(({ sentWith }) => sentWith !== undefined && halted.has(sentWith)),
  );
  const twice = apart.filter((decisions) => !cut.includes(decisions));
  const trees = [...Map.groupBy(decided, ({ trace }) => trace).values()];
  const mixed = trials.flatMap((trial) => trees.filter((tree) => isMixed(tree, trial)));
  return {
    figures: {
      trees: begun.length,
      calls: byCall.length,
      'calls on two nodes': byCall.filter((decisions) => decisions.length > 1).length,
      decisions: decided.length,
      'trees in a canary': trees.filter((tree) => trials.some((trial) => tree.some((one) => isCanary(one, trial))))
        .length,
      'trees that a higher percentage left alone': trees.filter((tree) => trials.some((trial) => isKept(tree, trial)))
        .length,
      'trees under way at a halt or full activation': trials.flatMap((trial) =>
        trees.filter((tree) => isCutOff(tree, trial)),
      ).length,
      'calls between two nodes at a halt': cut.length,
      'decisions without the snapshot of the sender': decided.filter(({ behind }) => behind).length,
      'trees that mixed arms': mixed.length,
      'calls with two versions': twice.length,
    },
    findings: [
      ...twice.map((decisions) => `two versions: ${decisions.map(say).join(', ')}`),
      ...mixed.map((tree) => `both arms: tree ${tree[0]!.trace}, ${tree.map(say).join(', ')}`),
      ...given.missing,
      ...lost(given),
    ],
  };
};

const isCanary = ({ release, arm }: Decided, trial: Played): boolean => arm === 'canary' && release === trial.release;

/** Decided as stable in the trial, or before its end by a node that did not have it. */
const isStable = ({ release, arm, atMs }: Decided, trial: Played): boolean =>
  (arm === 'stable' && release === trial.release) || (release !== trial.release && atMs < trial.endedAtMs);

const isMixed = (tree: readonly Decided[], trial: Played): boolean =>
  tree.some((one) => isCanary(one, trial)) && tree.some((one) => isStable(one, trial));

/** It would be in the canary by the percentage alone, on a node that had confirmed that percentage. */
const isKept = (tree: readonly Decided[], trial: Played): boolean =>
  tree.some(
    (one) =>
      one.release === trial.release &&
      one.arm === 'stable' &&
      trial.steps.some(({ percent, confirmedAtMs }) => one.atMs > confirmedAtMs && isInCanary(one.trace, percent)),
  );

/** In the trial, and then after it: the docs say that these see both. */
const isCutOff = (tree: readonly Decided[], trial: Played): boolean =>
  tree.some(({ release }) => release === trial.release) &&
  tree.some(({ release, atMs }) => release !== trial.release && atMs > trial.endedAtMs);

/** Every call was answered, allowed or denied, and what was answered as done ran. */
const lost = ({ begun, entries }: Case): readonly string[] => {
  const ran = new Set(entries.flatMap((entry) => (entry.what === 'ran' ? [entry.call] : [])));
  return [...begun, ...entries.filter(isHeard)].flatMap(({ trace, call, status }) => {
    if (status !== 200 && status !== 403) return [`lost: a call of tree ${trace} was answered ${status}`];
    return status === 200 && !ran.has(call) ? [`lost: call ${call} was answered and never ran`] : [];
  });
};

const say = ({ call, node, version, arm = 'active' }: Decided): string =>
  `${call.slice(0, 8)} on ${node} by ${version.slice(7, 15)} ${arm}`;
