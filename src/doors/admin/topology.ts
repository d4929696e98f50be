/** Topology: how calls go, what a move would bring, and how its two arms do. Changes are applied like any other configuration. */
import { z } from 'zod';
import { type Answer, json } from './answer.ts';
import type { AdminRequest } from './request.ts';

const DAY_MS = 86_400_000;

const WindowMs = z.coerce
  .number()
  .int()
  .min(1_000)
  .max(30 * DAY_MS)
  .default(DAY_MS)
  .describe('milliseconds of recorded calls, up to now');

export const TopologyQuery = z.strictObject({ windowMs: WindowMs });
export const AdviceQuery = z.strictObject({
  to: z.enum(['mesh', 'hub', 'hierarchy']).default('mesh'),
  route: z.string().max(200).optional(),
  windowMs: WindowMs,
});
export const ArmsQuery = z.strictObject({
  sinceMs: z.coerce.number().int().min(0).optional().describe('Unix milliseconds; default: five minutes ago'),
  grows: z.enum(['hub', 'mesh']).default('mesh').describe('the way that gets more calls, and is judged'),
});

export const topology = async ({ ports, principal, query }: AdminRequest): Promise<Answer> =>
  json(await ports.topology.show(principal.tenant, query(TopologyQuery).windowMs));

export const topologyAdvice = async ({ ports, principal, query }: AdminRequest): Promise<Answer> =>
  json(await ports.topology.advise(principal.tenant, query(AdviceQuery)));

const RECENT_MS = 300_000;

export const routeArms = async ({ ports, principal, param, query }: AdminRequest): Promise<Answer> => {
  const { sinceMs = Math.max(0, ports.world.clock.wallMs() - RECENT_MS), grows } = query(ArmsQuery);
  return json(await ports.topology.arms(principal.tenant, param, { sinceMs, grows }));
};
