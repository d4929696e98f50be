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

/** Capabilities are named like the operations that provide them. */
export const CapabilityName = OperationName;

/** Semantic versioning 2.0.0 without build metadata, which orders nothing and so would make two versions one. */
export const CapabilityVersion = z
  .string()
  .max(64)
  .regex(
    /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(-(0|[1-9]\d{0,8}|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d{0,8}|\d*[A-Za-z-][0-9A-Za-z-]*))*)?$/,
    'must be a semantic version such as 2.3.0 or 3.0.0-rc.1, without `v` and without build metadata',
  );

export const Labels = z.record(Name, z.string().max(63)).default({});

export const Metadata = z.strictObject({
  name: Name,
  tenant: Name.default(DEFAULT_TENANT),
  domain: Name.optional().describe('the domain that owns it; absent: the organisation itself'),
  owner: Name.optional().describe(
    'the Team that answers for it; it gives its members no rights: who may change what follows from roles and domains',
  ),
  labels: Labels,
  exportedBy: z
    .string()
    .max(200)
    .optional()
    .describe('the domain hub that exports it; set by that hub, and only its labels can be changed here'),
});
export type Metadata = z.output<typeof Metadata>;
