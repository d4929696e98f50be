/** Alerts as they stand, and incidents: what fired, since when, and until when. */
import { z } from 'zod';
import { type Answer, json } from './answer.ts';
import { authorOf } from './configuration.ts';
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

export const AcknowledgeBody = z.strictObject({ note: z.string().trim().max(1_000).default('') });

export const CloseBody = z.strictObject({
  reason: z.string().trim().min(1, 'say why it is over: it is kept with the incident').max(1_000),
});

export const getIncident = async ({ ports, principal, param, query }: AdminRequest): Promise<Answer> => {
  query(Nothing);
  return json(await ports.alerts.incident(principal.tenant, param));
};

export const acknowledgeIncident = async ({ ports, principal, param, body }: AdminRequest): Promise<Answer> => {
  const { note } = await body(AcknowledgeBody);
  return json(await ports.alerts.acknowledge(principal.tenant, param, { by: authorOf(principal), note }));
};

export const closeIncident = async ({ ports, principal, param, body }: AdminRequest): Promise<Answer> => {
  const { reason } = await body(CloseBody);
  return json(await ports.alerts.close(principal.tenant, param, { by: authorOf(principal), reason }));
};
