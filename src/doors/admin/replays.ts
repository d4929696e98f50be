/** Recorded requests made again, for operators: what one would stand on, and one itself. */
import { z } from 'zod';
import { MAX_BODY_LIMIT, ReplayScriptShape, type ReplayWish } from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import type { AdminRequest } from './request.ts';

const Request = z.string().regex(/^[0-9a-f]{8,32}$/, 'must be 8 to 32 hex digits of a trace or a call');
const Agent = z.strictObject({
  name: z.string().min(1).max(253),
  version: z.string().min(1).max(128),
});

export const ReplayCheckBody = z.strictObject({ request: Request, agent: Agent.optional() });

export const RequestReplayBody = z.strictObject({
  request: Request,
  agent: Agent.optional().describe('another version than the one that answered then'),
  data: z
    .strictObject({
      text: z.string().max(MAX_BODY_LIMIT),
      type: z
        .string()
        .max(120)
        .regex(/^[\w.+-]+\/[\w.+-]+(?:; ?(?:charset|form)=[\w-]+)?$/, 'must be a content type'),
    })
    .optional()
    .describe('the payload of the request, where it was not recorded'),
  script: ReplayScriptShape.optional().describe('replies by target, one by one'),
});

const wishOf = (
  { principal }: AdminRequest,
  { request, agent, data, script }: z.output<typeof RequestReplayBody>,
): ReplayWish => ({
  ...{ tenant: principal.tenant, by: principal, request },
  ...(agent === undefined ? {} : { agent }),
  ...(data === undefined ? {} : { data }),
  ...(script === undefined ? {} : { script }),
});

/** Sends nothing. */
export const checkReplay = async (asked: AdminRequest): Promise<Answer> =>
  json(await asked.ports.replays.check(wishOf(asked, await asked.body(ReplayCheckBody))));

export const replayRequest = async (asked: AdminRequest): Promise<Answer> =>
  json(await asked.ports.replays.run(wishOf(asked, await asked.body(RequestReplayBody))));
