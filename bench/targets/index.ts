/** All targets in the order of the report. */
import { hub, paid, sidecar } from './airspace.ts';
import { direct } from './direct.ts';
import { nginx } from './nginx.ts';
import { peer } from './peer.ts';
import type { Target } from './target.ts';

export const targets: readonly Target[] = [hub, paid, sidecar, direct, nginx, peer];
export { type Running, type Site, type Target, type TargetName, targetNames, Unavailable } from './target.ts';
