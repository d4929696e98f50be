/** Alerts as they stand, and incidents: what fired, since when, and until when. */
import { z } from 'zod';
import { type Answer, json } from './answer.ts';
import type { AdminRequest } from './request.ts';

const Nothing = z.strictObject({});
export const IncidentsQuery = z.strictObject({
  state: z.enum(['open', 'all']).default('all').describe('open: those that are not over'),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

export const listAlerts = async ({ ports, principal, query }: AdminRequest): Promise<Answer> => {
  query(Nothing);
  return json({ items: ports.alerts.list(principal.tenant) });
};

export const listIncidents = async ({ ports, principal, query }: AdminRequest): Promise<Answer> => {
  const { state, limit } = query(IncidentsQuery);
  return json({ items: await ports.alerts.incidents({ tenant: principal.tenant, isOpen: state === 'open', limit }) });
};
