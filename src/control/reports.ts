/** What nodes and agents send over the link, parsed: they joined, but they may still be wrong, old or taken over. */
import { z } from 'zod';
import {
  type AuditRecord,
  type CallEvent,
  type EventBatch,
  type Heartbeat,
  HttpUrl,
  type InstanceReport,
  type JoinRequest,
  Labels,
  type LeaseReply,
  type LeaseRequest,
  Name,
  type NodeAuditTaken,
  OperationName,
  UNITS,
} from '../contract/index.ts';
import { BreakerReports } from './breakers.ts';
import { MOST_RECORDS } from './handover.ts';
import { parser } from './parser.ts';
import { DOCUMENT_KINDS } from './sign.ts';

const short = z.string().max(255);
const seq = z.number().int().min(0);

const ReportSchema = z.strictObject({
  id: z
    .string()
    .regex(
      /^[A-Za-z0-9[][A-Za-z0-9._:@[\]-]{0,199}$/,
      'must be 1 to 200 of letters, digits, "@", ".", "_", ":" and "-"',
    ),
  kind: z.enum(['agent', 'tool', 'model']),
  name: Name,
  version: z.string().min(1).max(64),
  labels: Labels,
  state: z.enum(['starting', 'ready', 'draining']),
}) satisfies z.ZodType<InstanceReport>;

/** Whose instance it is comes from the key; saying it too is allowed. */
const AnnouncementSchema = z.strictObject({
  ...ReportSchema.shape,
  kind: ReportSchema.shape.kind.default('agent'),
  name: Name.optional(),
  version: ReportSchema.shape.version.default('1'),
  state: ReportSchema.shape.state.default('ready'),
  url: HttpUrl,
});

const JoinSchema = z.strictObject({
  token: short,
  publicKey: short,
  url: HttpUrl,
  proof: short,
}) satisfies z.ZodType<JoinRequest>;

const Epoch = z.string().regex(/^[0-9a-f]{32}$/);

const HeartbeatSchema = z.strictObject({
  snapshotSeq: seq,
  rosterSeq: seq,
  killsSeq: seq,
  refused: z.strictObject({ kind: z.enum(DOCUMENT_KINDS), seq, reason: z.string().max(2000) }).exactOptional(),
  instances: z.array(ReportSchema).max(10_000),
  capabilities: z.array(short).max(10_000).exactOptional(),
  url: HttpUrl.exactOptional(),
  epoch: Epoch.exactOptional(),
  lostEvents: seq.exactOptional(),
  certificate: z
    .strictObject({ serial: z.string().regex(/^[0-9A-Fa-f]{1,64}$/), expiresAtMs: z.number().int().min(0) })
    .exactOptional(),
  breakers: BreakerReports.exactOptional(),
}) satisfies z.ZodType<Heartbeat>;

const attributes = z.record(short, z.union([z.string().max(4096), z.number(), z.boolean(), z.array(short).max(100)]));
const hex = (digits: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));
const amount = z.number().min(0);

const EventSchema = z.strictObject({
  callId: hex(32),
  trace: hex(32),
  span: hex(16),
  parentSpan: hex(16).exactOptional(),
  tenant: short,
  principal: z.strictObject({ kind: short, id: short, domain: short.exactOptional() }).nullable(),
  target: z.strictObject({
    kind: z.enum(['agent', 'tool', 'model']),
    name: short,
    operation: z.union([OperationName, z.literal('')]),
  }),
  lineage: z.strictObject({ root: hex(32), parent: hex(32).exactOptional(), depth: z.number().int().min(0).max(999) }),
  session: short.exactOptional(),
  node: short,
  role: short,
  startedAtMs: z.number(),
  durationMs: amount,
  status: z.enum(['ok', 'failed', 'denied', 'refused', 'cancelled', 'unknown']),
  code: short,
  httpStatus: z.number().int().min(0).max(999),
  requestBytes: amount,
  replyBytes: amount,
  snapshotSeq: seq,
  attributes,
  steps: z
    .array(z.strictObject({ span: short, name: short, offsetMs: z.number(), durationMs: amount, attributes }))
    .max(1000),
}) satisfies z.ZodType<CallEvent>;

export const MAX_BATCH = 500;

const BatchSchema = z.strictObject({
  epoch: Epoch,
  from: z.number().int().min(1),
  events: z.array(EventSchema).min(1).max(MAX_BATCH),
}) satisfies z.ZodType<EventBatch>;

/** Names in it come from callers that were refused, too. */
const said = z.string().max(20_000);

const RecordSchema = z.strictObject({
  tenant: said,
  seq: z.number().int().min(1),
  prev: hex(64),
  hash: hex(64),
  atMs: z.number().int(),
  kind: said,
  actor: said,
  object: said,
  callId: said,
  details: z.record(said, z.union([said, z.number(), z.boolean(), z.array(said).max(1_000)])),
}) satisfies z.ZodType<AuditRecord>;

const RecordsSchema = z.strictObject({ records: z.array(RecordSchema).min(1).max(MOST_RECORDS) });

/** What a hub says: fields that this version does not know are left out. */
const TakenSchema = z.object({
  tenant: said,
  seq: z.number().int().min(0),
  hash: hex(64),
  problem: z.enum(['gap', 'fork']).nullable(),
}) satisfies z.ZodType<NodeAuditTaken>;

const whole = z.number().int().min(0);
const AmountsSchema = z.strictObject({
  micros: whole.exactOptional(),
  tokens: whole.exactOptional(),
  calls: whole.exactOptional(),
});
const leaseId = z.string().regex(/^[0-9a-z]{16,64}$/);

/** Most accounts that one call draws on, and most words at once. */
const MOST_ACCOUNTS = 100;
const MOST_WORDS = 500;

const LeaseRequestSchema = z.strictObject({
  reports: z
    .array(
      z.strictObject({
        id: leaseId,
        used: AmountsSchema,
        rest: z.strictObject({ id: leaseId, held: AmountsSchema, forMs: whole }).exactOptional(),
      }),
    )
    .max(MOST_WORDS),
  ask: z
    .strictObject({
      id: leaseId,
      accounts: z
        .array(z.strictObject({ budget: Name, holder: short }))
        .min(1)
        .max(MOST_ACCOUNTS),
      need: AmountsSchema,
    })
    .exactOptional(),
}) satisfies z.ZodType<LeaseRequest>;

const text = z.string().max(2000);
const AccountSchema = z.object({
  ...{ id: text, tenant: short, budget: short, holder: text, unit: z.enum(UNITS), limit: whole },
  ...{ windowStartMs: z.number().int(), windowEndMs: z.number().int().nullable() },
  ...{ spent: z.number().int(), reserved: z.number().int(), extra: z.number().int() },
});

/** What a hub says: fields that this version does not know are left out. */
const LeaseReplySchema = z.object({
  answer: z
    .discriminatedUnion('kind', [
      z.object({
        kind: z.literal('granted'),
        amounts: AmountsSchema,
        ttlMs: z.number().int().min(1).max(3_600_000),
        accounts: z.array(AccountSchema),
      }),
      z.object({ kind: z.literal('short'), account: AccountSchema, asked: whole }),
      z.object({ kind: z.literal('refused'), reason: text }),
    ])
    .nullable(),
}) satisfies z.ZodType<LeaseReply>;

export type Announcement = z.output<typeof AnnouncementSchema>;
export const parseAnnouncement = parser('announcement of an instance', AnnouncementSchema);
export const parseJoin = parser('request to join', JoinSchema);
export const parseHeartbeat = parser('heartbeat', HeartbeatSchema);
export const parseBatch = parser('batch of events', BatchSchema);
export const parseLeaseRequest = parser('request for leases', LeaseRequestSchema);
export const parseLeaseReply = parser('answer about leases', LeaseReplySchema);
export const parseRecords = parser('batch of audit records', RecordsSchema);
export const parseTaken = parser('answer about the audit', TakenSchema);
