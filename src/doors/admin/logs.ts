/** What nodes wrote down: looked up, and followed as it comes. */
import { z } from 'zod';
import { DEFAULT_TENANT, Fault, LOG_LEVELS, type LogRecord, type TargetKind } from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import type { AdminRequest } from './request.ts';

const Short = z.string().max(200);
const Instant = z
  .union([z.iso.datetime({ offset: true }).transform(Date.parse), z.coerce.number().min(0)])
  .optional()
  .describe('RFC 3339, or Unix milliseconds');

/** `agent`: names with commas between them; `grep`: `field=value`, or only a text of the message. */
const Filter = {
  level: z.enum(LOG_LEVELS).default('debug'),
  call: Short.optional(),
  trace: Short.optional(),
  agent: z.string().max(20_000).optional(),
  node: Short.optional(),
  grep: Short.optional(),
};

export const LogsQuery = z.strictObject({
  ...Filter,
  since: Instant,
  until: Instant,
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

export const FollowQuery = z.strictObject(Filter);

export const logs = async (asked: AdminRequest): Promise<Answer> => {
  const { since, until, limit, ...filter } = asked.query(LogsQuery);
  const { ports, principal } = asked;
  const { level, call, trace } = filter;
  const found = await ports.logs.find(
    {
      ...{ tenant: principal.tenant, level, limit },
      ...(call === undefined ? {} : { call }),
      ...(trace === undefined ? {} : { trace }),
      ...(since === undefined ? {} : { sinceMs: since }),
      ...(until === undefined ? {} : { untilMs: until }),
    },
    matching(asked, filter),
  );
  return json(found);
};

export const followLogs = async (asked: AdminRequest): Promise<Answer> => {
  const filter = asked.query(FollowQuery);
  const { ports, principal } = asked;
  const matches = matching(asked, filter);
  const { call = '', trace = '' } = filter;
  const least = LOG_LEVELS.indexOf(filter.level);
  return {
    kind: 'stream',
    open: (send) => {
      const end = ports.logs.subscribe((record) => {
        if ((record.tenant || DEFAULT_TENANT) !== principal.tenant || LOG_LEVELS.indexOf(record.level) < least) return;
        if (!record.call_id.startsWith(call) || !record.trace_id.startsWith(trace) || !matches(record)) return;
        send({ event: 'log', data: JSON.stringify(record) });
      });
      // Whoever reads what there is from here on misses nothing between the two.
      send({ event: 'open', data: '{}' });
      return end;
    },
  };
};

type Filter = z.output<typeof FollowQuery>;

/** What a store does not know of: whose it is, and what it says. */
const matching = (
  { theirs, rights }: AdminRequest,
  { agent, node, grep }: Filter,
): ((record: LogRecord) => boolean) => {
  const agents = agent === undefined ? undefined : new Set(agent.split(','));
  const says = grep === undefined ? undefined : greps(grep);
  return (record) =>
    (rights.kind === 'tenant' || isTheirs(record, theirs)) &&
    (agents === undefined || isAbout(record, agents)) &&
    (node === undefined || record.node === node || record.node.startsWith(`${node}/`)) &&
    (says === undefined || says(record));
};

/** About a call, that of its caller or target; else that of the node. What is about neither is of the whole tenant. */
const isTheirs = (record: LogRecord, theirs: AdminRequest['theirs']): boolean => {
  if (record.call_id === '') return record.domain !== '' && theirs.domain(record.domain);
  const [kind = '', name = ''] = text(record['target']).split('/');
  const principal = { kind: text(record['caller_kind']), id: text(record['caller']) };
  return theirs.call({
    tenant: record.tenant,
    principal: principal.id === '' ? null : principal,
    target: { kind: kind as TargetKind, name, operation: '' },
  });
};

/** It called, was called, or has the node beside it. */
const isAbout = (record: LogRecord, agents: ReadonlySet<string>): boolean => {
  const [kind, name = ''] = text(record['target']).split('/');
  return agents.has(record.agent) || (kind === 'agent' && agents.has(name));
};

const greps = (wanted: string): ((record: LogRecord) => boolean) => {
  const at = wanted.indexOf('=');
  if (at === 0) throw new Fault('bad_request', '`grep` must be `field=value`, or a text that the message has');
  if (at < 0) return ({ message }) => message.includes(wanted);
  const [field, value] = [wanted.slice(0, at), wanted.slice(at + 1)];
  return (record) => Object.hasOwn(record, field) && text(record[field]).includes(value);
};

const text = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined ? '' : (JSON.stringify(value) ?? '');
