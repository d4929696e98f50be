/** Routes, policy, domains, people and keys: who may reach whom, and how. */
import { z } from 'zod';
import { KEY_SCOPES } from '../access.ts';
import { Name } from './metadata.ts';
import { HttpUrl } from './target.ts';

const NameOrAny = z.union([Name, z.literal('*')]);

export const RouteSpec = z.strictObject({
  from: z
    .strictObject({ agents: z.array(Name).optional(), domains: z.array(Name).optional() })
    .default({})
    .describe('callers that it is for; empty: everyone'),
  to: z.strictObject({
    kind: z.enum(['agent', 'tool', 'model']).default('agent'),
    name: NameOrAny.default('*'),
    domain: Name.optional(),
  }),
  via: z
    .union(
      [
        z.enum(['hub', 'mesh']),
        z.strictObject({
          mesh: z
            .int()
            .min(0)
            .max(100)
            .describe('percent of the call trees that go directly between two sidecars; the rest goes through the hub'),
        }),
      ],
      { error: 'must be `hub`, `mesh`, or `{mesh: N}` with a whole percentage of the call trees' },
    )
    .default('hub')
    .describe(
      'through the hub, or directly between two sidecars; `{mesh: 25}`: a quarter of the call trees directly. Nothing else changes',
    ),
  withoutPeer: z
    .enum(['refuse', 'hub'])
    .default('refuse')
    .describe(
      'what a sidecar does with a call that is to go directly when it can reach no sidecar of the target: refuse it, or send it through the hub',
    ),
  timeoutMs: z.number().int().min(1).max(3_600_000).optional(),
  attempts: z.number().int().min(1).max(3).default(3).describe('tries in total (R1); 1 turns retries off'),
  priority: z
    .enum(['interactive', 'standard', 'batch'])
    .default('standard')
    .describe('who is shed last under overload (L4)'),
});
export type RouteSpec = z.output<typeof RouteSpec>;

/** 0 is all through the hub, 100 all directly. */
export const meshPercentOf = (via: RouteSpec['via']): number => {
  if (typeof via === 'object') return via.mesh;
  return via === 'mesh' ? 100 : 0;
};

/** Cedar text, or a file beside the resource that `apply` reads in; the server only ever sees text. */
export const CedarSource = z.strictObject({
  text: z.string().max(1_000_000),
  source: z.string().max(400).optional().describe('file it came from, for error messages'),
});

export const PolicyBundleSpec = z.strictObject({
  level: z
    .union([z.literal('org'), Name])
    .describe('`org`, or the name of a domain: a call needs every level that it touches'),
  policies: CedarSource.describe('permit and forbid rules; each has @id and @reason'),
  limits: CedarSource.optional().describe('limit rules: permits whose annotations all apply, each can only tighten'),
});

export const DomainSpec = z.strictObject({
  description: z.string().max(2000).optional(),
  parent: Name.optional(),
  delegated: z
    .boolean()
    .default(false)
    .describe('true: a domain hub of its own serves it, and the parent reaches its agents only through that hub'),
  exports: z
    .array(z.string().max(200))
    .optional()
    .describe('`agent/operation` patterns that other domains may see; absent: all'),
  direct: z
    .boolean()
    .optional()
    .describe('calls between this domain and another one that says so too may go from hub to hub, without the parent'),
  telemetry: z
    .enum(['calls', 'sums'])
    .optional()
    .describe(
      'what the hub of the domain tells the hub of this configuration: finished calls and sums per minute, or `sums` only; absent: `calls`',
    ),
});

export const UserSpec = z.strictObject({
  displayName: z.string().max(200).optional(),
  roles: z.array(Name).default([]),
  administers: z
    .array(Name)
    .max(100)
    .optional()
    .describe('domains, with those below, whose policy and targets it may look after without the role `admin`'),
});

export const KeySpec = z.strictObject({
  principal: z.strictObject({ kind: z.enum(['agent', 'user']), name: Name }),
  /** SHA-256 of a 256-bit random secret: nothing to guess, so nothing slow is needed. INVARIANT: every stored key has it. */
  secretHash: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'must be "sha256:" and 64 hex digits')
    .optional()
    .describe('digest of the secret, shown to nobody; left out: the key keeps the one that it has'),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
  scopes: z
    .array(z.enum(KEY_SCOPES))
    .min(1)
    .optional()
    .describe('narrows the key; absent: everything that its owner may do'),
});

export const TeamSpec = z.strictObject({
  description: z.string().max(2000).optional(),
  users: z.array(Name).max(10_000).default([]),
  agents: z.array(Name).max(10_000).default([]),
});

export { HttpUrl };
