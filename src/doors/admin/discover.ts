/** What is behind an address, for whoever may register it: the node looks, and nothing is changed by that. */
import { z } from 'zod';
import { Effect, HttpUrl, Name, OperationName, PROTOCOLS } from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import { rightsToChange } from './changing.ts';
import type { AdminRequest } from './request.ts';

const KIND = { agent: 'Agent', tool: 'Tool', model: 'Model' } as const;

const Origin = z.string().refine((text) => URL.parse(text)?.origin === text && /^https?:/.test(text), {
  message: 'must be an origin such as https://agents.example.com',
});
const Model = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,199}$/, 'must be a model name such as gpt-5.2');

export const DiscoverBody = z.strictObject({
  url: HttpUrl.describe('of an agent, a tool server or the API of a model'),
  kind: z.enum(['agent', 'tool', 'model']).optional().describe('absent: whatever it is'),
  protocol: z.enum(PROTOCOLS).optional().describe('absent: each is tried'),
  origins: z.array(Origin).max(10).default([]).describe('further origins that a card may lead to'),
  credential: z
    .strictObject({
      secret: Name,
      as: z
        .string()
        .regex(/^(bearer|header:[a-z][a-z0-9-]{0,62})$/, 'must be `bearer`, or a header such as `header:x-api-key`')
        .optional(),
    })
    .optional(),
  name: Name.optional(),
  domain: Name.optional(),
  aliases: z.array(Model).max(50).default([]),
  models: z.array(Model).max(50).default([]),
  operations: z
    .array(z.strictObject({ name: OperationName, effect: Effect.default('write') }))
    .max(500)
    .default([]),
});

export const discover = async ({ ports, principal, rights, body }: AdminRequest): Promise<Answer> => {
  const asked = await body(DiscoverBody);
  // Whoever could not apply what is found has no reason to look: a node sees more of a network than they do.
  rightsToChange(principal, rights, { kinds: asked.kind === undefined ? Object.values(KIND) : [KIND[asked.kind]] });
  return json(await ports.discover(principal, asked));
};
