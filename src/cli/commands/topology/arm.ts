/** One way of a route that moves, in words. */
import type { ArmStats } from '../../../topologies/index.ts';
import { duration } from '../../render/time.ts';

export const armText = (way: string, arm: ArmStats | null): string =>
  arm === null
    ? `${way} no calls`
    : `${way} ${arm.calls} calls, ${arm.errors} failed, p50 ${duration(arm.p50Ms)}, p99 ${duration(arm.p99Ms)}`;
