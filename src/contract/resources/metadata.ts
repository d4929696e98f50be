/** What every resource shares: who it is, where it belongs, and how a name may look. */
import { z } from 'zod';

export const API_VERSION = 'airspace.dev/v1';
export const DEFAULT_TENANT = 'default';

/** DNS label: it appears in URLs, keys and metrics, so nothing in it ever needs escaping. */
export const Name = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'must be 1 to 63 of a-z, 0-9 and "-", beginning and ending with a letter or digit',
  );

/** Operations keep the names that protocols give them: tool names may have capitals, dots and underscores. */
export const OperationName = z
  .string()
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/,
    'must be 1 to 128 of letters, digits, "_", "." and "-", not beginning with "." or "-"',
  );

export const Labels = z.record(Name, z.string().max(63)).default({});

export const Metadata = z.strictObject({
  name: Name,
  tenant: Name.default(DEFAULT_TENANT),
  domain: Name.optional().describe('the domain that owns it; absent: the organisation itself'),
  labels: Labels,
});
export type Metadata = z.output<typeof Metadata>;
