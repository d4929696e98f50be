/** Information points: what a policy may know that a caller cannot supply, declared as data. */
import { z } from 'zod';
import { Name, OperationName } from './metadata.ts';

/** RFC 6901. The empty one means the whole document. */
export const JsonPointer = z
  .string()
  .max(400)
  .regex(/^(\/([^~/]|~[01])*)*$/, 'must be a JSON pointer such as `/reservation_id`, or empty for the whole document');

const TargetName = z.strictObject({ kind: z.enum(['agent', 'tool', 'model']).default('agent'), name: Name });

/** Where one field of the question comes from. Pointers only: there is no code in here, and nothing to inject. */
export const FactSource = z.union([
  z.strictObject({ argument: JsonPointer.describe('of the payload of the call that is decided') }),
  z.strictObject({ fact: Name.describe('another fact, fetched before'), at: JsonPointer.default('') }),
  z.strictObject({ value: z.json().describe('a constant') }),
]);
export type FactSource = z.output<typeof FactSource>;

export const FactSpec = z
  .strictObject({
    description: z.string().max(2000).optional(),
    for: z
      .array(
        TargetName.extend({
          operations: z.array(OperationName).min(1).max(500).optional().describe('absent: all that no fact asks'),
        }),
      )
      .min(1)
      .max(100)
      .describe('calls whose policies may read it'),
    ask: TargetName.extend({
      operation: OperationName.describe(
        'must be declared with the effect `read`: it is asked before anything is decided',
      ),
      body: z.record(z.string().min(1).max(200), FactSource).default({}).describe('the payload, field by field'),
    })
      .optional()
      .describe('who knows; exactly one of `ask` and `value`'),
    value: z.json().optional().describe('a fact that nobody needs to be asked for'),
    take: JsonPointer.default('').describe('the part of the answer that is the fact'),
    as: z
      .record(z.string(), z.unknown())
      .describe('JSON Schema of that part, an object: policies read `context.facts.<name>.<property>`'),
    cacheMs: z
      .number()
      .int()
      .min(0)
      .max(3_600_000)
      .default(0)
      .describe('how long an answer to the same question may be used again; default 0, because a policy decides on it'),
  })
  .refine(({ ask, value }) => (ask === undefined) !== (value === undefined), {
    error: 'must have exactly one of `ask` and `value`',
  });
export type FactSpec = z.output<typeof FactSpec>;
