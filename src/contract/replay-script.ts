/** What somebody writes down for a replay: what targets answer, where nothing was recorded or something else is wanted. */
import { z } from 'zod';
import { FAULT_CODES, type FaultCode } from './fault.ts';
import type { ReplayScript } from './request-replay.ts';

export const MOST_SCRIPTED_TARGETS = 200;
/** Of one target. */
export const MOST_SCRIPTED_REPLIES = 500;
const LONGEST_TEXT = 1_048_576;

/** It becomes a header of the reply: nothing in it may begin another one. */
const Type = z
  .string()
  .max(120)
  .regex(/^[\w.+-]+\/[\w.+-]+(?:; ?(?:charset|form)=[\w-]+)?$/, 'must be a content type, such as text/plain');
const Status = z.number().int().min(200).max(599);
const Spoken = { status: Status.optional(), type: Type.optional() };

const Codes = z.enum(Object.keys(FAULT_CODES) as [FaultCode, ...FaultCode[]]);

const ScriptedReply = z.union(
  [
    z.strictObject({
      ...Spoken,
      json: z.unknown().refine((value) => value !== undefined, { error: 'is missing', abort: true }),
    }),
    z.strictObject({ ...Spoken, text: z.string().max(LONGEST_TEXT) }),
    z.strictObject({ fault: Codes, message: z.string().max(1_000).optional() }),
  ],
  'must have one of `json`, `text` and `fault`, with `status` and `type` beside the first two or `message` beside the last',
);

const Target = z
  .string()
  .max(300)
  .regex(/^(agent|tool|model)\/[\w.-]{1,128}\/[\w.:@-]{1,128}$/, 'must be a target, such as tool/orders/find');

export const ReplayScriptShape = z
  .record(Target, z.array(ScriptedReply).min(1).max(MOST_SCRIPTED_REPLIES))
  .refine(
    (script) => Object.keys(script).length >= 1 && Object.keys(script).length <= MOST_SCRIPTED_TARGETS,
    `must name a target, and ${MOST_SCRIPTED_TARGETS} at most`,
  ) satisfies z.ZodType<ReplayScript>;
