/** The way in for nodes that joined: what is inside their messages is the node link's business. */
import { z } from 'zod';
import { type Answer, json } from './answer.ts';
import type { AdminRequest, OpenRequest } from './request.ts';

const Anything = z.record(z.string(), z.unknown());
const Events = z.strictObject({ events: z.array(z.unknown()).max(10_000) });

export const join = async ({ ports, body }: OpenRequest): Promise<Answer> =>
  json(await ports.nodes.join(await body(Anything)));

export const heartbeat = async ({ ports, param, body }: AdminRequest): Promise<Answer> =>
  json(await ports.nodes.heartbeat(param, await body(Anything)));

export const nodeStream = async ({ ports, param }: AdminRequest): Promise<Answer> => ({
  kind: 'stream',
  // A node that missed one message must not go on as if it had not: it comes back and gets everything.
  whenFull: 'end',
  open: (send, end) => ports.nodes.stream(param, send, end),
});

export const nodeEvents = async ({ ports, param, body }: AdminRequest): Promise<Answer> => {
  const { events } = await body(Events);
  await ports.nodes.events(param, events);
  return json({ accepted: events.length }, 202);
};
