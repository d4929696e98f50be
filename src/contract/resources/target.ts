/** Agents, tools and models: what can be called. One spec for the three, because a call treats them alike. */
import { z } from 'zod';
import { isOffLimits } from '../offlimits.ts';
import { PriceSpec } from './budget.ts';
import { CapabilityName, CapabilityVersion, Labels, Name, OperationName } from './metadata.ts';

export const Effect = z.enum(['read', 'write', 'spend', 'irreversible']);
export type Effect = z.output<typeof Effect>;

export const Provision = z.strictObject({
  capability: CapabilityName,
  version: CapabilityVersion.describe(
    'what callers ask for with a range such as ^2: semantic versioning, by its promises',
  ),
  shared: z
    .boolean()
    .optional()
    .describe('others may provide this very version too; all of them must say so unless one owner answers for all'),
});

export const Operation = z.strictObject({
  name: OperationName,
  description: z.string().max(2000).optional(),
  effect: Effect.default('write').describe(
    'what it does to the world; unknown counts as write, so that nothing is retried blindly',
  ),
  sensitive: z
    .boolean()
    .optional()
    .describe(
      'of a read: it shows what is not for everybody, so that a node without its hub stops earlier; default: false',
    ),
  idempotent: z
    .boolean()
    .optional()
    .describe(
      'may it run twice without harm? default: true for read, else false. Only idempotent calls are retried after dispatch',
    ),
  reconcile: z
    .union([z.strictObject({ replay: z.literal(true) }), z.strictObject({ ask: OperationName })])
    .optional()
    .describe(
      'how an unknown outcome is settled: `replay: true` when the target runs what comes with one idempotency-key once; `ask: <operation>` names a read operation that is sent {callId, idempotencyKey} and answers {executed: true or false}. Absent: a person says',
    ),
  input: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('JSON Schema of the payload; policies read it as `context.args`'),
  definition: z
    .record(z.string(), z.unknown())
    .optional()
    .describe(
      'a tool as its MCP server defined it when it was registered; one that is defined otherwise by now is not called',
    ),
  price: PriceSpec.optional().describe('what a call costs; default: the price of its target'),
  provides: z
    .array(Provision)
    .min(1)
    .max(20)
    .optional()
    .describe('capabilities that callers may ask for instead of its name, each with its version'),
});
export type Operation = z.output<typeof Operation>;

/** JSON Schema of its payload: an MCP server says it in the definition of the tool. */
export const inputOf = ({
  input,
  definition,
}: Pick<Operation, 'input' | 'definition'>): Record<string, unknown> | undefined => {
  const schema = input ?? definition?.['inputSchema'];
  return typeof schema === 'object' && schema !== null && !Array.isArray(schema)
    ? (schema as Record<string, unknown>)
    : undefined;
};

/** http and https only, no credentials, no fragment, nowhere off limits: a URL is data from a file and goes nowhere else. */
export const HttpUrl = z
  .string()
  .max(2000)
  .superRefine((text, ctx) => {
    let url: URL;
    try {
      url = new URL(text);
    } catch {
      ctx.addIssue({ code: 'custom', message: 'must be an absolute URL such as http://127.0.0.1:9000' });
      return;
    }
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      ctx.addIssue({ code: 'custom', message: 'must begin with http:// or https://' });
    if (url.username !== '' || url.password !== '')
      ctx.addIssue({ code: 'custom', message: 'must not contain credentials' });
    if (url.hash !== '' || url.search !== '')
      ctx.addIssue({ code: 'custom', message: 'must have no query and no fragment' });
    if (isOffLimits(url.hostname))
      ctx.addIssue({
        code: 'custom',
        message: 'must not be link-local, multicast, `0.0.0.0` or the metadata service of a cloud',
      });
  });

export const EndpointSpec = z.strictObject({
  url: HttpUrl,
  version: z.string().min(1).max(64).default('1'),
  weight: z
    .number()
    .int()
    .min(0)
    .max(1000)
    .default(100)
    .describe('share of traffic against its siblings; 0 takes none'),
  labels: Labels,
});

export const HealthSpec = z.strictObject({
  path: z.string().startsWith('/').default('/healthz'),
  intervalMs: z.number().int().min(500).max(600_000).default(10_000).describe('H2: each 10 s, give or take 20 %'),
  timeoutMs: z.number().int().min(50).max(60_000).default(2_000),
});

const HEADER = /^header:(?!(airspace-|x-forwarded-|proxy-))[a-z][a-z0-9-]{0,62}$/;

/** Fields that the request writes itself, or that mean something to the way and not to the target. */
const TAKEN = new Set(
  'accept accept-encoding connection content-encoding content-length content-type cookie expect forwarded host idempotency-key keep-alive te traceparent tracestate trailer transfer-encoding upgrade x-real-ip'.split(
    ' ',
  ),
);

export const CredentialSpec = z.strictObject({
  secret: Name.describe('name of a secret of the tenant: airspace secret set'),
  as: z
    .string()
    .refine((text) => text === 'bearer' || (HEADER.test(text) && !TAKEN.has(text.slice(7))), {
      message: 'must be `bearer`, or a header such as `header:x-api-key`',
    })
    .default('bearer')
    .describe('`bearer`, or a header such as header:x-api-key'),
});

export const TargetSpec = z
  .strictObject({
    description: z.string().max(2000).optional(),
    protocol: z
      .enum(['http', 'a2a', 'mcp', 'openai', 'anthropic'])
      .default('http')
      .describe('what it speaks; `http`: one POST per operation'),
    protocolVersion: z
      .string()
      .regex(/^[0-9][0-9.-]{0,31}$/, 'must be a version such as 1.0 or 2026-07-28')
      .optional()
      .describe('the version that it speaks; absent: it is asked'),
    binding: z
      .enum(['JSONRPC', 'HTTP+JSON', 'GRPC'])
      .optional()
      .describe('of A2A: how it is reached; absent: its card says'),
    model: z.string().min(1).max(200).optional().describe('of a model: its name at the provider; default: its own'),
    aliases: z
      .array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,199}$/, 'must be a model name such as gpt-5.2'))
      .max(50)
      .optional()
      .describe('of a model: other names that callers may use for it'),
    fallback: z
      .array(Name)
      .max(10)
      .optional()
      .describe('of a model: models that get the call, in this order, when this one cannot take it'),
    card: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('of an A2A agent: its card as it was when it was registered'),
    endpoints: z
      .array(EndpointSpec)
      .max(1000)
      .default([])
      .describe('fixed addresses; instances that register themselves come on top'),
    credential: CredentialSpec.optional().describe(
      'shown to the endpoints that are listed here, and to no instance that announces itself; only hubs have it',
    ),
    operations: z
      .array(Operation)
      .max(500)
      .default([])
      .describe('what it can do; other protocols than `http` bring their own, and these come on top'),
    health: HealthSpec.optional().describe('active check of each endpoint; absent: only what calls show'),
    concurrency: z.number().int().min(1).max(100_000).default(1024).describe('calls in flight per endpoint (L1)'),
    timeoutMs: z
      .number()
      .int()
      .min(1)
      .max(3_600_000)
      .optional()
      .describe('upper bound of one call; default 30 s, streams 10 min (D1)'),
    near: z
      .boolean()
      .optional()
      .describe(
        'H7: sidecars and domain hubs prefer endpoints on their own host, then in their domain, then above it, and hand on a part when fewer than 70 % are well; absent: all alike',
      ),
    price: PriceSpec.optional().describe('what a call costs, of its own: what it calls in turn is charged by itself'),
  })
  .superRefine(({ protocol, operations, model, aliases, fallback, card, binding }, ctx) => {
    const wrong = (field: string, message: string): void => ctx.addIssue({ code: 'custom', path: [field], message });
    if (protocol === 'http' && operations.length === 0)
      ctx.addIssue({ code: 'too_small', origin: 'array', minimum: 1, path: ['operations'], input: operations });
    if (protocol !== 'a2a' && (card !== undefined || binding !== undefined))
      wrong(card === undefined ? 'binding' : 'card', 'is for agents with `protocol: a2a`');
    if (protocol === 'a2a' || protocol === 'mcp')
      for (const [field, value] of Object.entries({ model, aliases, fallback }))
        if (value !== undefined) wrong(field, 'is for models');
  });
export type TargetSpec = z.output<typeof TargetSpec>;
