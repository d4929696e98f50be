/** What nodes hand over of what agents said there: looked at as if nobody had, for a node may be wrong, old or taken over. */
import { z } from 'zod';
import { type AgentSpan, Fault, type NodeEntry, sessionTrace, TASK_RESULTS } from '../contract/index.ts';
import { parser } from './parser.ts';
import type { Registry } from './registry.ts';

/** Of one batch. */
export const MAX_SAID = 500;
/** Of one span as JSON: what is kept of one has less. */
const MOST_CHARACTERS = 32 * 1024;

const hex = (digits: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));
const amount = z.number().min(0);
const count = z.number().int().min(0);
const attributes = z.record(
  z.string().max(255),
  z.union([z.string().max(4096), z.number(), z.boolean(), z.array(z.string().max(4096)).max(100)]),
);

const SpanSchema = z
  .strictObject({
    trace: z.union([hex(32), z.string().regex(/^session\/[\x21-\x7e]{1,255}$/)]),
    span: z.union([hex(16), z.string().regex(/^outcome\/[0-9a-f]{32}$/)]),
    parentSpan: hex(16).exactOptional(),
    name: z.string().max(200),
    kind: z.enum(['internal', 'server', 'client', 'producer', 'consumer']),
    startedAtMs: amount,
    durationMs: amount,
    status: z.enum(['unset', 'ok', 'error']),
    message: z.string().max(1_000),
    service: z.string().max(100),
    attributes,
    events: z
      .array(z.strictObject({ name: z.string().max(200), atMs: amount, attributes }))
      .max(16)
      .exactOptional(),
    links: z
      .array(z.strictObject({ trace: hex(32), span: hex(16) }))
      .max(16)
      .exactOptional(),
    left: count,
    tenant: z.string().max(255),
    principal: z.strictObject({ kind: z.enum(['agent', 'plan']), id: z.string().max(255) }),
    receivedAtMs: amount,
    outcome: z
      .strictObject({
        task: z.string().min(1).max(100),
        result: z.enum(TASK_RESULTS),
        score: z.number().min(0).max(1).exactOptional(),
        session: z.string().max(255).exactOptional(),
      })
      .exactOptional(),
  })
  .superRefine((span, ctx) => {
    const { outcome, trace, span: id } = span;
    const say = (field: string, message: string): void => ctx.addIssue({ code: 'custom', path: [field], message });
    if ((outcome !== undefined) !== id.startsWith('outcome/')) say('span', 'must be that of an outcome, or of a span');
    const session = outcome?.session;
    if (trace.startsWith('session/') ? session === undefined || trace !== sessionTrace(session) : session !== undefined)
      say('trace', 'must be that of the session');
    if (JSON.stringify(span).length > MOST_CHARACTERS)
      say('attributes', `must have less than ${MOST_CHARACTERS} bytes`);
  }) satisfies z.ZodType<AgentSpan>;

const parseSaid = parser(
  'batch of what agents said',
  z.strictObject({ spans: z.array(SpanSchema).min(1).max(MAX_SAID) }),
);

/**
 * Throws `bad_request` for what no honest node sends. INVARIANT: who is said to have said it stands behind that node: a sidecar speaks for
 * its agent, a domain hub for agents of its domain and for those that nobody here knows.
 */
export const saidBy = (
  node: NodeEntry,
  registry: Pick<Registry, 'target' | 'isWithin'>,
  untrusted: unknown,
): readonly AgentSpan[] => {
  const { spans } = parseSaid(untrusted);
  for (const { tenant, principal } of spans)
    if (tenant !== node.tenant || !speaksFor(node, registry, principal))
      throw new Fault(
        'bad_request',
        `node \`${node.id}\` says what \`${principal.kind}/${principal.id}\` said, and that is not behind it; nothing of this batch was kept`,
      );
  return spans;
};

const speaksFor = (
  { role, tenant, agent, tool, domain }: NodeEntry,
  registry: Pick<Registry, 'target' | 'isWithin'>,
  { kind, id }: AgentSpan['principal'],
): boolean => {
  if (role !== 'domain') return kind === 'agent' && tool === undefined && id === agent;
  const known = registry.target(tenant, 'agent', id);
  return known === undefined || registry.isWithin(tenant, known.domain, domain);
};
