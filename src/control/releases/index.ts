/** Policy releases: staged, tried, activated in steps, halted and rolled back. */
export { replayRecorded } from './replay.ts';
export { unseal } from './seal.ts';
export { ReleaseTrain, type TrainParts } from './train.ts';
export { ReleaseTrials, type TrialParts } from './trials.ts';
export { ReleaseWatch } from './watch.ts';
