/** Policy releases: staged, tried, activated in steps, halted and rolled back. */
export { policyDifference } from './difference.ts';
export { type GateParts, twoPersonGate, type Widenings } from './gate.ts';
export type { Examine, Examined, TrainParts } from './parts.ts';
export { replayRecorded } from './replay.ts';
export { unseal } from './seal.ts';
export { ReleaseTrain } from './train.ts';
export { ReleaseTrials, type TrialParts } from './trials.ts';
export { ReleaseWatch } from './watch.ts';
