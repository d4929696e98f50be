/** For how long a node goes on without its hub, by what a call does to the world, and how much it keeps for the hub meanwhile. */
import { z } from 'zod';
import { Name } from './metadata.ts';

/** Two heartbeats and some: less would stop calls beside a hub that is well. */
const LEAST_MS = 5_000;
const HOUR_MS = 3_600_000;

const bound = (mostMs: number) => z.number().int().min(LEAST_MS).max(mostMs).optional();

export const StalenessSpec = z.strictObject({
  level: z
    .union([z.literal('org'), Name])
    .describe(
      '`org`, or the name of a domain: a call is held to the organisation, the domains of its caller and of its target, and those above; domains only tighten',
    ),
  readMs: bound(7 * 24 * HOUR_MS).describe('reads of what is public, on a snapshot that no hub confirms; default 12 h'),
  sensitiveReadMs: bound(24 * HOUR_MS).describe(
    'reads of operations with `sensitive: true`, on a snapshot that no hub confirms; default 60 min',
  ),
  writeMs: bound(4 * HOUR_MS).describe('writes, on a snapshot that no hub confirms; default 15 min'),
  killsMs: bound(10 * 60_000).describe(
    'everything that is no read, on orders to stop that no hub confirms; default 60 s',
  ),
  missedBeats: z
    .number()
    .int()
    .min(2)
    .max(30)
    .optional()
    .describe(
      'heartbeats in a row without an answer after which a hub is not heard: irreversible calls and those that want an approval stop then; default 3',
    ),
  auditRecords: z
    .number()
    .int()
    .min(10)
    .max(1_000_000)
    .optional()
    .describe('records of the audit that a node keeps for its hub; with so many it writes nothing more; default 10000'),
  events: z
    .number()
    .int()
    .min(100)
    .max(1_000_000)
    .optional()
    .describe('finished calls that a node keeps for its hub; beyond them the oldest go; default 10000'),
});
