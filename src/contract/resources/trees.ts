/** What a call tree may grow to, and whose rights a call in it needs. */
import { z } from 'zod';
import { Name } from './metadata.ts';

/** A run token and a chain must stay small enough for a header. */
const DEEPEST = 15;
/** No route grants more either. */
const LONGEST_MS = 3_600_000;

const upTo = (max: number, min = 1) => z.number().int().min(min).max(max).optional();

export const TreeLimitsSpec = z.strictObject({
  level: z
    .union([z.literal('org'), Name])
    .describe(
      '`org`, or the name of a domain: a call is held to the organisation, the domain of its target, and those above',
    ),
  depth: upTo(DEEPEST, 0).describe('calls above a call, 0 at the root; 8 unless the organisation says otherwise'),
  calls: upTo(100_000).describe('calls of one tree; default 200'),
  agents: upTo(1_000).describe('different agents called in one tree; default 20'),
  fanOut: upTo(10_000).describe('calls that one call makes itself; default 50'),
  wallMs: upTo(LONGEST_MS).describe('from the first call to the end of the last; default one hour'),
  pingPong: upTo(DEEPEST, 0).describe('calls back and forth between two agents in a row; default 4'),
  rootsPerMinute: upTo(1_000_000).describe('trees that one agent begins by itself in a minute; default: no limit'),
  delegation: z
    .enum(['caller', 'intersection'])
    .default('caller')
    .describe('whom policy must permit a call: who makes it, or also who began its tree'),
});
