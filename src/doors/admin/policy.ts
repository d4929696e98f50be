/** Policy as people ask about it: may somebody call something, and why was a call decided as it was. */
import { z } from 'zod';
import { Fault, MAX_DIAGNOSED_BYTES, MAX_DIAGNOSED_FILES, Name, OperationName } from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import { ownTrace } from './observe.ts';
import type { AdminRequest } from './request.ts';

export const CanBody = z.strictObject({
  principal: z.strictObject({ kind: z.enum(['agent', 'user']), name: Name }),
  target: z.strictObject({ kind: z.enum(['agent', 'tool', 'model']), name: Name, operation: OperationName }),
  context: z.record(z.string().max(200), z.unknown()).default({}).describe('what is assumed about the call'),
});

export const DiagnoseBody = z.strictObject({
  files: z
    .array(
      z.strictObject({
        name: z
          .string()
          .min(1)
          .max(400)
          .regex(/\.(ya?ml|cedar)$/i, 'must end in .yaml, .yml or .cedar'),
        text: z.string(),
        level: z
          .union([z.literal('org'), Name])
          .optional()
          .describe('of Cedar text that no YAML refers to'),
        rules: z.enum(['policies', 'limits']).optional(),
      }),
    )
    .min(1)
    .max(MAX_DIAGNOSED_FILES, `are more than ${MAX_DIAGNOSED_FILES}; ask about fewer at once`)
    .refine(
      (files) => new Set(files.map(({ name }) => name)).size === files.length,
      'two files have one name; give each its own',
    ),
});

const Nothing = z.strictObject({});

export const can = async ({ ports, principal: { tenant }, theirs, body }: AdminRequest): Promise<Answer> => {
  const question = await body(CanBody);
  if (
    !theirs.call({ tenant, principal: { ...question.principal, id: question.principal.name }, target: question.target })
  )
    throw new Fault(
      'denied',
      'neither of the two is in a domain that you administer; ask an administrator of one that is',
    );
  return json(ports.policy.can({ tenant, ...question }));
};

/** Everybody who may read policy may ask how it would be if it were written differently. */
export const diagnose = async ({ ports, principal: { tenant }, body }: AdminRequest): Promise<Answer> => {
  const { files } = await body(DiagnoseBody);
  const bytes = files.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  if (bytes > MAX_DIAGNOSED_BYTES)
    throw new Fault(
      'too_large',
      `the files have ${bytes} bytes together, more than ${MAX_DIAGNOSED_BYTES}; ask about fewer at once`,
    );
  return json(await ports.policy.diagnose(tenant, files));
};

/** One explanation for each node that decided about a call of the trace, in the order in which they did. */
export const explain = async (asked: AdminRequest): Promise<Answer> => {
  asked.query(Nothing);
  const { ports, param } = asked;
  const events = await ownTrace(asked);
  if (events.length === 0)
    throw new Fault('not_found', `there is no trace or call \`${param}\` here; it may be older than what is kept`);
  const inOrder = events.toSorted((a, b) => a.startedAtMs - b.startedAtMs);
  return json({ items: inOrder.flatMap((event) => ports.policy.explain(event) ?? []) });
};
