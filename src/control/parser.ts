/** How what comes over the link is parsed: strictly, and with the name of what is wrong. */
import type { z } from 'zod';
import { Fault } from '../contract/index.ts';

/** `what` completes "this is no". Throws `bad_request` that names the first field that is wrong. */
export const parser =
  <S extends z.ZodType>(what: string, schema: S) =>
  (untrusted: unknown): z.output<S> => {
    const parsed = schema.safeParse(untrusted);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new Fault(
      'bad_request',
      `this is no ${what}: \`${issue?.path.join('.') ?? ''}\` ${issue?.message ?? 'is wrong'}`,
    );
  };
