/** How the tables came to be, one step after another. A step that was released is never edited; a new one is added. */
import type { ColumnDataType, ColumnDefinitionBuilder, CreateTableBuilder, Kysely } from 'kysely';
import type { Db } from './statement.ts';
import { DURATION_COLUMNS, type Tables, USAGE_COUNTS, USAGE_KEY } from './tables.ts';

/** The few words in which the dialects differ. */
export interface DialectTypes {
  readonly bytes: ColumnDataType;
  /** A primary key that the database counts. */
  readonly counted: ColumnDataType;
}

export interface Migration {
  readonly name: string;
  readonly up: (db: Db, types: DialectTypes) => Promise<void>;
}

const createResources = async (db: Db): Promise<void> => {
  await db.schema
    .createTable('revision')
    .addColumn('revision', 'bigint', (column) => column.primaryKey())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('author', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('rollback_of', 'bigint')
    .addColumn('put_keys', 'text', (column) => column.notNull())
    .addColumn('deleted_keys', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('resource')
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addColumn('revision', 'bigint', (column) => column.notNull())
    .addColumn('ended_by', 'bigint')
    .addColumn('body', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('resource_pk', ['key', 'version'])
    .execute();
};

const createCalls = async (db: Db, { bytes }: DialectTypes): Promise<void> => {
  await db.schema
    .createTable('call')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('unique_key', 'text', (column) => column.unique())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('policy_version', 'text', (column) => column.notNull())
    .addColumn('accepted_at', 'double precision', (column) => column.notNull())
    .addColumn('concluded_at', 'double precision')
    .addColumn('record', 'text', (column) => column.notNull())
    .addColumn('request_body', bytes)
    .addColumn('reply', 'text')
    .addColumn('reply_body', bytes)
    .execute();
  // One index for both questions: what is still open (null), and what is old enough to prune.
  await db.schema.createIndex('call_concluded').on('call').columns(['concluded_at', 'accepted_at']).execute();
};

const createNodes = async (db: Db): Promise<void> => {
  await db.schema
    .createTable('node')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('entry', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('token')
    .addColumn('hash', 'text', (column) => column.primaryKey())
    .addColumn('granted', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'double precision', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('sequence')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('value', 'bigint', (column) => column.notNull())
    .execute();
};

const createKills = async (db: Db): Promise<void> => {
  await db.schema
    .createTable('kill_order')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('at_ms', 'double precision', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .execute();
};

const createReleases = async (db: Db): Promise<void> => {
  await db.schema
    .createTable('release')
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('changed', 'bigint', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('release_pk', ['tenant', 'id'])
    .execute();
};

const createLedger = async (db: Db): Promise<void> => {
  await db.schema
    .createTable('account')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('budget', 'text', (column) => column.notNull())
    .addColumn('holder', 'text', (column) => column.notNull())
    .addColumn('unit', 'text', (column) => column.notNull())
    .addColumn('limit_now', 'bigint', (column) => column.notNull())
    .addColumn('window_start', 'double precision', (column) => column.notNull())
    .addColumn('window_end', 'double precision')
    .addColumn('spent', 'bigint', (column) => column.notNull())
    .addColumn('reserved', 'bigint', (column) => column.notNull())
    .addColumn('extra', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('reservation')
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('labels', 'text', (column) => column.notNull())
    .addColumn('charges', 'text', (column) => column.notNull())
    .addColumn('at_ms', 'double precision', (column) => column.notNull())
    .addColumn('expires_at', 'double precision', (column) => column.notNull())
    .addColumn('settled_at', 'double precision')
    .addPrimaryKeyConstraint('reservation_pk', ['tenant', 'id'])
    .execute();
  await db.schema.createIndex('account_tenant').on('account').columns(['tenant', 'budget']).execute();
  await db.schema.createIndex('reservation_due').on('reservation').columns(['state', 'expires_at']).execute();
  await db.schema.createIndex('reservation_recent').on('reservation').columns(['tenant', 'at_ms']).execute();
};

const createApprovals = async (db: Db, { bytes }: DialectTypes): Promise<void> => {
  await db.schema
    .createTable('approval')
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('principal', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('created_at', 'double precision', (column) => column.notNull())
    .addColumn('expires_at', 'double precision', (column) => column.notNull())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addColumn('record', 'text', (column) => column.notNull())
    .addColumn('body', bytes, (column) => column.notNull())
    .addPrimaryKeyConstraint('approval_pk', ['tenant', 'id'])
    .execute();
  await db.schema.createIndex('approval_digest').on('approval').columns(['tenant', 'digest']).execute();
  await db.schema.createIndex('approval_due').on('approval').columns(['state', 'expires_at']).execute();
};

const createAudit = async (db: Db): Promise<void> => {
  await db.schema
    .createTable('audit')
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('prev', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('audit_pk', ['tenant', 'seq'])
    .execute();
  await db.schema
    .createTable('audit_head')
    .addColumn('tenant', 'text', (column) => column.primaryKey())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .execute();
};

const indexUnresolved = async (db: Db): Promise<void> => {
  await db.schema.createIndex('call_state').on('call').columns(['state', 'accepted_at']).execute();
};

/** Tables that several hubs share: each must know its own calls, and all must agree on a few words. */
const createPeers = async (db: Db): Promise<void> => {
  await db.schema
    .alterTable('call')
    .addColumn('holder', 'text', (column) => column.notNull().defaultTo(''))
    .execute();
  await db.schema
    .createTable('setting')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('peer')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('beats', 'bigint', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .execute();
};

const createEvents = async (db: Db, { counted }: DialectTypes): Promise<void> => {
  await db.schema
    .createTable('event')
    .addColumn('seq', counted, (column) => column.primaryKey())
    .addColumn('trace', 'text', (column) => column.notNull())
    .addColumn('call_id', 'text', (column) => column.notNull())
    .addColumn('span', 'text', (column) => column.notNull())
    .addColumn('node', 'text', (column) => column.notNull())
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('principal', 'text')
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('started_at', 'double precision', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addUniqueConstraint('event_once', ['trace', 'call_id', 'span', 'node', 'tenant'])
    .execute();
  await db.schema.createIndex('event_call').on('event').columns(['call_id']).execute();
  await db.schema.createIndex('event_tenant').on('event').columns(['tenant', 'started_at']).execute();
  await db.schema.createIndex('event_started').on('event').columns(['started_at']).execute();
};

const createAgentSpans = async (db: Db, { counted }: DialectTypes): Promise<void> => {
  await db.schema
    .createTable('agent_span')
    .addColumn('seq', counted, (column) => column.primaryKey())
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('trace', 'text', (column) => column.notNull())
    .addColumn('span', 'text', (column) => column.notNull())
    .addColumn('principal', 'text', (column) => column.notNull())
    .addColumn('started_at', 'double precision', (column) => column.notNull())
    .addColumn('received_at', 'double precision', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addUniqueConstraint('agent_span_once', ['tenant', 'trace', 'span'])
    .execute();
  await db.schema.createIndex('agent_span_received').on('agent_span').columns(['received_at']).execute();
};

/** Few are kept, and whoever looks wants the newest, or what was written about one call. */
const createLogs = async (db: Db, { counted }: DialectTypes): Promise<void> => {
  await db.schema
    .createTable('log')
    .addColumn('seq', counted, (column) => column.primaryKey())
    .addColumn('at_ms', 'double precision', (column) => column.notNull())
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('level', 'bigint', (column) => column.notNull())
    .addColumn('call_id', 'text', (column) => column.notNull())
    .addColumn('trace', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('log_call').on('log').columns(['call_id']).execute();
};

const createSecrets = async (db: Db): Promise<void> => {
  await db.schema
    .createTable('secret')
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('secret_pk', ['tenant', 'name'])
    .execute();
  await db.schema
    .createTable('tenant_key')
    .addColumn('tenant', 'text', (column) => column.primaryKey())
    .addColumn('wrapped', 'text', (column) => column.notNull())
    .execute();
};

/** An edited call is found by what its caller asked as well, and the pending ones of a caller are counted, without looking at others. */
const indexAskers = async (db: Db): Promise<void> => {
  await db.schema.alterTable('approval').addColumn('asked_digest', 'text').execute();
  const rows = await db.selectFrom('approval').select(['tenant', 'id', 'record']).execute();
  for (const { tenant, id, record } of rows) {
    const { askedDigest } = JSON.parse(record) as { readonly askedDigest?: string };
    if (askedDigest === undefined) continue;
    await db
      .updateTable('approval')
      .set({ asked_digest: askedDigest })
      .where('tenant', '=', tenant)
      .where('id', '=', id)
      .execute();
  }
  await db.schema.createIndex('approval_asked').on('approval').columns(['tenant', 'asked_digest']).execute();
  await db.schema.createIndex('approval_waiting').on('approval').columns(['state', 'tenant', 'principal']).execute();
};

const createTasks = async (db: Db): Promise<void> => {
  await db.schema
    .createTable('task')
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('context', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('follower', 'text', (column) => column.notNull())
    .addColumn('status_at', 'double precision', (column) => column.notNull())
    .addColumn('created_at', 'double precision', (column) => column.notNull())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addColumn('record', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('task_pk', ['tenant', 'id'])
    .execute();
  await db.schema.createIndex('task_owner').on('task').columns(['tenant', 'owner', 'status_at']).execute();
  await db.schema.createIndex('task_follower').on('task').columns(['follower', 'status_at']).execute();
  await db.schema
    .createTable('task_context')
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('at_ms', 'double precision', (column) => column.notNull())
    .addColumn('remote', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('task_context_pk', ['tenant', 'owner', 'target', 'id'])
    .execute();
  await db.schema
    .createTable('task_push')
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('task', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('at_ms', 'double precision', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('task_push_pk', ['tenant', 'task', 'id'])
    .execute();
};

const createRuns = async (db: Db, { bytes }: DialectTypes): Promise<void> => {
  await db.schema
    .createTable('run')
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('plan', 'text', (column) => column.notNull())
    .addColumn('principal', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('epoch', 'bigint', (column) => column.notNull())
    .addColumn('holder', 'text', (column) => column.notNull())
    .addColumn('opener', 'text', (column) => column.notNull())
    .addColumn('lease_until', 'double precision', (column) => column.notNull())
    .addColumn('due', 'double precision')
    .addColumn('claim_at', 'double precision')
    .addColumn('started_at', 'double precision', (column) => column.notNull())
    .addColumn('ended_at', 'double precision')
    .addColumn('cost', 'bigint', (column) => column.notNull())
    .addColumn('head', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('run_pk', ['tenant', 'id'])
    .execute();
  // Most runs are over, and none of them is ever looked at by whoever looks for work.
  await db.schema.createIndex('run_claim').on('run').column('claim_at').where('claim_at', 'is not', null).execute();
  await db.schema.createIndex('run_started').on('run').columns(['tenant', 'started_at', 'id']).execute();
  await db.schema.createIndex('run_ended').on('run').column('ended_at').execute();
  await db.schema
    .createTable('run_event')
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('run', 'text', (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('at_ms', 'double precision', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('run_event_pk', ['tenant', 'run', 'seq'])
    .execute();
  await db.schema
    .createTable('run_step')
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('run', 'text', (column) => column.notNull())
    .addColumn('step', 'text', (column) => column.notNull())
    .addColumn('call', 'text', (column) => column.notNull())
    .addColumn('phase', 'text', (column) => column.notNull())
    .addColumn('taint', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('run_step_pk', ['tenant', 'run', 'step'])
    .execute();
  await db.schema
    .createTable('run_blob')
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('run', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('content_type', 'text', (column) => column.notNull())
    .addColumn('body', bytes, (column) => column.notNull())
    .addPrimaryKeyConstraint('run_blob_pk', ['tenant', 'run', 'digest'])
    .execute();
};

/** What a node keeps for its hub and remembers about itself, and what a hub was handed over by nodes. */
const createKeeping = async (db: Db): Promise<void> => {
  await db.schema
    .createTable('mark')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('value', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('spool')
    .addColumn('seq', 'bigint', (column) => column.primaryKey())
    .addColumn('body', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('node_audit')
    .addColumn('node', 'text', (column) => column.notNull())
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('prev', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('node_audit_pk', ['node', 'tenant', 'seq'])
    .execute();
  await db.schema
    .createTable('node_audit_head')
    .addColumn('node', 'text', (column) => column.notNull())
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('node_audit_head_pk', ['node', 'tenant'])
    .execute();
};

/** How far each node has handed over its events: beside them, so that one transaction has both. */
const createTaken = async (db: Db): Promise<void> => {
  await db.schema
    .createTable('taken')
    .addColumn('node', 'text', (column) => column.primaryKey())
    .addColumn('epoch', 'text', (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .execute();
};

/** Sums beside the events that they are taken from, for the same reason. */
const createSums = async (db: Db, { counted }: DialectTypes): Promise<void> => {
  const key = ['minute', 'tenant', 'domain', 'kind', 'target', 'caller'] as const;
  const numbers = ['calls', 'errors', 'denied', 'held', 'cost_micros', 'input_tokens', 'output_tokens'] as const;
  await withSums(db.schema.createTable('sum_row'), key, numbers)
    .addPrimaryKeyConstraint('sum_row_pk', [...key])
    .execute();
  const out = db.schema
    .createTable('sum_out')
    .addColumn('id', counted, (column) => column.primaryKey())
    .addColumn('batch', 'bigint', (column) => column.notNull());
  await withSums(out, key, numbers)
    .addUniqueConstraint('sum_out_once', ['batch', ...key])
    .execute();
  await db.schema
    .createTable('sum_mark')
    .addColumn('node', 'text', (column) => column.primaryKey())
    .addColumn('epoch', 'text', (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .execute();
};

const withSums = (
  table: CreateTableBuilder<string, string>,
  key: readonly string[],
  numbers: readonly string[],
): CreateTableBuilder<string, string> =>
  [...key, ...numbers, ...DURATION_COLUMNS].reduce(
    (built, name) =>
      built.addColumn(name, name === 'minute' || !key.includes(name) ? 'bigint' : 'text', (column) => column.notNull()),
    table,
  );

/** Beside the events as well. The second index is for clearing up. */
const createUsage = async (db: Db): Promise<void> => {
  const table = [...USAGE_KEY, ...USAGE_COUNTS].reduce(
    (built: CreateTableBuilder<string, string>, name) =>
      built.addColumn(name, isUsageName(name) ? 'text' : 'bigint', (column) => column.notNull()),
    db.schema.createTable('usage_row'),
  );
  await table.addPrimaryKeyConstraint('usage_row_pk', [...USAGE_KEY]).execute();
  await db.schema.createIndex('usage_started').on('usage_row').columns(['step_ms', 'start_ms']).execute();
};

const isUsageName = (name: string): boolean => ['tenant', 'caller', 'target', 'operation'].includes(name);

/**
 * What calls are searched by, each with the time, and with what else may be asked: then only calls that fit are read. The first
 * index of the tenant alone is still what an unfiltered question needs.
 */
const indexSearches = async (db: Db): Promise<void> => {
  const index = (name: string, columns: readonly string[]) =>
    db.schema
      .createIndex(name)
      .on('event')
      .columns([...columns])
      .execute();
  for (const column of ['target', 'principal'] as const)
    await db
      .updateTable('event')
      .set((or) => ({ [column]: or.fn<string>('substr', [or.ref(column), or.lit(1), or.lit(128)]) }))
      .where((or) => or(or.fn<number>('length', [or.ref(column)]), '>', 128))
      .execute();
  await index('event_principal', ['tenant', 'principal', 'started_at', 'target', 'status']);
  await index('event_target', ['tenant', 'target', 'started_at', 'status']);
  await index('event_status', ['tenant', 'status', 'started_at']);
};

/** What was there before stays when only a share of traces is kept, and counts as much as its like does on the average. */
const countTelemetry = async (db: Db): Promise<void> => {
  await db.schema
    .createTable('tally')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('part', 'text', (column) => column.notNull())
    .addColumn('value', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('tally_pk', ['name', 'part'])
    .execute();
  const worth = (column: ColumnDefinitionBuilder) => column.notNull().defaultTo('unjudged');
  const bytes = (each: number) => (column: ColumnDefinitionBuilder) => column.notNull().defaultTo(each);
  await db.schema.alterTable('event').addColumn('worth', 'text', worth).execute();
  await db.schema.alterTable('event').addColumn('bytes', 'bigint', bytes(2_800)).execute();
  await db.schema.alterTable('agent_span').addColumn('bytes', 'bigint', bytes(900)).execute();
  const count = async (table: 'event' | 'agent_span', names: readonly [string, string], each: number) => {
    const { many } = await db
      .selectFrom(table)
      .select((or) => or.fn.countAll<number>().as('many'))
      .executeTakeFirstOrThrow();
    await db
      .insertInto('tally')
      .values([
        { name: names[0], part: '', value: many },
        { name: names[1], part: '', value: many * each },
      ])
      .execute();
  };
  await count('event', ['events', 'event bytes'], 2_800);
  await count('agent_span', ['spans', 'span bytes'], 900);
};

const createIncidents = async (db: Db): Promise<void> => {
  await db.schema
    .createTable('incident')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('node', 'text', (column) => column.notNull())
    .addColumn('opened_at', 'double precision', (column) => column.notNull())
    .addColumn('ended_at', 'double precision')
    .addColumn('is_finished', 'bigint', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('incident_recent').on('incident').columns(['tenant', 'opened_at']).execute();
  await db.schema.createIndex('incident_unfinished').on('incident').columns(['node', 'is_finished']).execute();
};

export const CONTROL_MIGRATIONS: readonly Migration[] = [
  { name: 'resources', up: createResources },
  { name: 'calls', up: createCalls },
  { name: 'nodes', up: createNodes },
  { name: 'kills', up: createKills },
  { name: 'releases', up: createReleases },
  { name: 'ledger', up: createLedger },
  { name: 'approvals', up: createApprovals },
  { name: 'audit', up: createAudit },
  { name: 'unresolved', up: indexUnresolved },
  { name: 'peers', up: createPeers },
  { name: 'secrets', up: createSecrets },
  { name: 'askers', up: indexAskers },
  { name: 'tasks', up: createTasks },
  { name: 'runs', up: createRuns },
  { name: 'keeping', up: createKeeping },
  { name: 'incidents', up: createIncidents },
];

export const TELEMETRY_MIGRATIONS: readonly Migration[] = [
  { name: 'events', up: createEvents },
  { name: 'taken', up: createTaken },
  { name: 'sums', up: createSums },
  { name: 'agent spans', up: createAgentSpans },
  { name: 'usage', up: createUsage },
  { name: 'searches', up: indexSearches },
  { name: 'room', up: countTelemetry },
  { name: 'logs', up: createLogs },
];

/**
 * Brings a database up to date in one transaction. Answers the version that the database has when this program is too
 * old for it, in which case nothing was touched; undefined when all is well.
 */
export const migrate = (
  db: Kysely<Tables>,
  migrations: readonly Migration[],
  types: DialectTypes,
): Promise<number | undefined> =>
  db.transaction().execute(async (tx) => {
    await tx.schema
      .createTable('airspace_schema')
      .ifNotExists()
      .addColumn('version', 'bigint', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull())
      .execute();
    const newest = await tx
      .selectFrom('airspace_schema')
      .select('version')
      .orderBy('version', 'desc')
      .executeTakeFirst();
    const version = newest?.version ?? 0;
    if (version > migrations.length) return version;
    for (const [at, migration] of migrations.entries()) {
      if (at < version) continue;
      await migration.up(tx, types);
      await tx
        .insertInto('airspace_schema')
        .values({ version: at + 1, name: migration.name })
        .execute();
    }
    return undefined;
  });
