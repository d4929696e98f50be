/** The ports over two databases, whatever their engine: translates between the words of the contract and rows. */
import type {
  Begin,
  Begun,
  CallEvent,
  CallJournal,
  CallRecord,
  CallState,
  Change,
  Counting,
  End,
  IncidentStore,
  KillStore,
  MarkStore,
  NodeStore,
  ReleaseStore,
  Resolution,
  ResourceStore,
  SealedSecret,
  SecretStore,
  SpoolStore,
  StoredReply,
  StoredResource,
  TraceFilter,
  TraceStore,
} from '../../contract/index.ts';
import { idOf, isFinished, MOST_SUM_ROWS, resourceKey } from '../../contract/index.ts';
import { ownerOf, uniqueKey } from '../identity.ts';
import { NOTHING_SPENT, refuseAmounts, refuseReservation } from '../money.ts';
import { orThrow, REFUSALS, refuseRepeats } from '../refusals.ts';
import { searched } from '../searched.ts';
import { worthOf } from '../worth.ts';
import type { Lane } from './commands.ts';
import { eventRow } from './events.ts';
import { chained } from './money.ts';
import { beginStepArgs, endStepArgs, resolveStepArgs } from './plan-port.ts';
import type { CommitArgs, StoredText } from './resources.ts';
import type { BeginArgs, BegunRow, EndArgs, SettleUnknownArgs } from './send.ts';
import { inSteps } from './steps.ts';
import { columnsOf, countedIn } from './sum-port.ts';
import type { CallRow } from './tables.ts';
import { ROOM, usageIn, usedBy } from './usage-port.ts';

export const resourcesOver = (lane: Lane): ResourceStore => ({
  commit: async (change, atMs) => {
    refuseRepeats(change);
    return orThrow(await lane.write('commit', commitArgs(change, atMs)));
  },
  list: async (revision) => {
    const { revision: at, rows } = orThrow(await lane.read('listResources', revision ?? null));
    return { revision: at, resources: rows.map(storedOf) };
  },
  history: (limit, key) => lane.read('readHistory', { limit, key: key ?? null }),
  version: async (id, version) => {
    const found = await lane.read('readVersion', { key: resourceKey(id), version });
    return found === undefined ? undefined : storedOf(found);
  },
});

const commitArgs = (change: Change, atMs: number): CommitArgs => ({
  puts: change.puts.map((resource) => ({ key: resourceKey(idOf(resource)), body: JSON.stringify(resource) })),
  deletes: change.deletes.map(resourceKey),
  by: change.by,
  reason: change.reason,
  atMs,
  ifRevision: change.ifRevision ?? null,
  ifVersions: Object.entries(change.ifVersions ?? {}),
  rollbackOf: change.rollbackOf ?? null,
});

const storedOf = ({ body, version, revision }: StoredText): StoredResource => ({
  resource: JSON.parse(body),
  version,
  revision,
});

/** `holder` names this process among those that share the database; whoever is alone needs no name. */
export const callsOver = (lane: Lane, holder = ''): CallJournal => ({
  accept: async (record) => {
    const found = await lane.write('acceptCall', rowOf(record, holder));
    if (found === null) return { taken: null };
    const taken = recordOf(found);
    if (ownerOf(taken) !== ownerOf(record)) throw REFUSALS.foreignCall(record.id);
    return { taken };
  },
  conclude: async (id, state, reply, atMs) =>
    orThrow(await lane.write('concludeCall', concludeArgs(id, state, reply, atMs))),
  begin: async (begin) => begunOf(begin, orThrow(await lane.write('beginCall', beginArgs(begin, holder)))),
  end: async (end) => orThrow(await lane.write('endCall', endArgs(end))),
  get: async (tenant, id) => {
    const row = await lane.read('readCall', { id });
    return row?.tenant === tenant ? recordOf(row) : undefined;
  },
  open: async () => (await lane.read('readOpenCalls', { holder })).map(recordOf),
  unresolved: async (tenant, limit) => (await lane.read('readUnresolved', { tenant, limit })).map(recordOf),
  reopen: (tenant, id) => lane.write('reopenCall', { tenant, id }),
  resolve: (resolution) => lane.write('settleUnknown', resolutionArgs(resolution)),
  prune: (beforeMs) => inSteps((limit) => lane.write('pruneCalls', { beforeMs, limit })),
});

const beginArgs = ({ record, grant, reservation, step, audit, ...rest }: Begin, holder: string): BeginArgs => {
  if (reservation !== null) refuseReservation(reservation);
  return {
    ...rest,
    grant,
    reservation,
    row: record === null ? null : rowOf(record, holder),
    step: step === undefined ? null : beginStepArgs(step),
    audit: audit.map(chained),
  };
};

const begunOf = ({ record }: Begin, begun: BegunRow): Begun => {
  if (begun.kind !== 'taken') return begun;
  const taken = recordOf(begun.row);
  if (record !== null && ownerOf(taken) !== ownerOf(record)) throw REFUSALS.foreignCall(record.id);
  return { kind: 'taken', record: taken };
};

const endArgs = ({ tenant, id, outcome, amounts, reservation = id, step, audit, atMs }: End): EndArgs => {
  if (amounts !== null) refuseAmounts(amounts);
  return {
    tenant,
    id,
    conclude:
      outcome === null || outcome.state === 'forgotten' ? null : concludeArgs(id, outcome.state, outcome.reply, atMs),
    forget: outcome?.state === 'forgotten',
    settle: amounts === null ? null : { tenant, id: reservation, amounts, atMs },
    step: step === undefined ? null : endStepArgs(tenant, step),
    audit: audit.map(chained),
    atMs,
  };
};

const resolutionArgs = ({ tenant, id, verdict, reply, step, audit, atMs }: Resolution): SettleUnknownArgs => {
  const { text, body } = replyColumns(verdict === 'executed' ? reply : null);
  const amounts = verdict === 'executed' ? {} : NOTHING_SPENT;
  return {
    resolve: { tenant, id, state: verdict === 'executed' ? 'done' : 'cancelled', reply: text, body },
    settle: { tenant, id, amounts, atMs },
    step: step === undefined ? null : resolveStepArgs(tenant, step, verdict),
    audit: audit.map(chained),
  };
};

const concludeArgs = (id: string, state: CallState, reply: StoredReply | null, atMs: number) => {
  const { text, body } = replyColumns(reply);
  return { id, state, reply: text, body, atMs };
};

/** The parts of a record that live in columns of their own, because they change or are searched by, are left out of its JSON. */
const rowOf = (record: CallRecord, holder: string): CallRow => {
  const { id, tenant, state, policyVersion, acceptedAtMs, concludedAtMs, request, reply, ...fixed } = record;
  const { text, body } = replyColumns(reply);
  const meta = request === null ? null : { ...request, body: undefined };
  return {
    id,
    tenant,
    unique_key: uniqueKey(record),
    state,
    policy_version: policyVersion,
    accepted_at: acceptedAtMs,
    concluded_at: concludedAtMs,
    record: JSON.stringify({ ...fixed, request: meta }),
    request_body: request === null ? null : own(request.body),
    reply: text,
    reply_body: body,
    holder,
  };
};

const recordOf = (row: CallRow): CallRecord => {
  const fixed = JSON.parse(row.record);
  return {
    ...fixed,
    id: row.id,
    tenant: row.tenant,
    // What the attempts of a step share was never unique.
    idempotencyKey: row.unique_key === null && fixed.step === undefined ? '' : fixed.idempotencyKey,
    state: row.state,
    policyVersion: row.policy_version,
    acceptedAtMs: row.accepted_at,
    concludedAtMs: row.concluded_at,
    request: fixed.request === null ? null : { ...fixed.request, body: row.request_body },
    reply: row.reply === null ? null : { ...JSON.parse(row.reply), body: row.reply_body },
  };
};

const replyColumns = (reply: StoredReply | null): { readonly text: string | null; readonly body: Uint8Array | null } =>
  reply === null
    ? { text: null, body: null }
    : { text: JSON.stringify({ ...reply, body: undefined }), body: own(reply.body) };

/** A view into a larger buffer would drag the whole buffer to the writer's thread. */
const own = (bytes: Uint8Array): Uint8Array =>
  bytes.byteLength === bytes.buffer.byteLength && !Buffer.isBuffer(bytes) ? bytes : new Uint8Array(bytes);

export const nodesOver = (lane: Lane): NodeStore => ({
  put: async (node) => {
    await lane.write('putNode', { id: node.id, entry: JSON.stringify(node) });
  },
  remove: async (id) => {
    await lane.write('removeNode', { id });
  },
  list: async () => (await lane.read('listNodes', null)).map((row) => JSON.parse(row.entry)),
  putToken: async (hash, grant, expiresAtMs) => {
    await lane.write('putToken', { hash, granted: grant, expires_at: expiresAtMs });
  },
  takeToken: (hash, nowMs) => lane.write('takeToken', { hash, nowMs }),
  next: (sequence) => lane.write('nextOf', { name: sequence }),
});

export const killsOver = (lane: Lane): KillStore => ({
  put: async (order) => {
    const { id, tenant, atMs } = order;
    orThrow(await lane.write('putKill', { id, tenant, at_ms: atMs, body: JSON.stringify(order) }));
  },
  lift: (tenant, id) => lane.write('liftKill', { tenant, id }),
  list: async (tenant) => (await lane.read('listKills', tenant)).map((body) => JSON.parse(body)),
});

export const incidentsOver = (lane: Lane): IncidentStore => ({
  put: async (incident) => {
    const { id, tenant, node, openedAtMs, endedAtMs } = incident;
    await lane.write('putIncident', {
      ...{ id, tenant, node, opened_at: openedAtMs, ended_at: endedAtMs },
      ...{ is_finished: isFinished(incident) ? 1 : 0, body: JSON.stringify(incident) },
    });
  },
  list: async ({ tenant, isOpen, limit }) =>
    (await lane.read('listIncidents', { tenant, isOpen, limit })).map((body) => JSON.parse(body)),
  named: async (tenant, id) => (await lane.read('namedIncidents', { tenant, id })).map((body) => JSON.parse(body)),
  unfinished: async (node) => (await lane.read('unfinishedIncidents', node)).map((body) => JSON.parse(body)),
  prune: (beforeMs) => lane.write('pruneIncidents', beforeMs),
});

export const releasesOver = (lane: Lane): ReleaseStore => ({
  put: async (record) => {
    const { tenant, id, version, state } = record;
    orThrow(await lane.write('putRelease', { tenant, id, version, state, body: JSON.stringify(record) }));
  },
  get: async (tenant, id) => {
    const body = await lane.read('readRelease', { tenant, id });
    return body === undefined ? undefined : JSON.parse(body);
  },
  list: async (tenant, limit) => (await lane.read('listReleases', { tenant, limit })).map((body) => JSON.parse(body)),
  inForce: async () => (await lane.read('readInForce', null)).map((body) => JSON.parse(body)),
});

export const secretsOver = (lane: Lane): SecretStore => ({
  put: async (secret) => {
    await lane.write('putSecret', secretRow(secret));
  },
  remove: (tenant, name) => lane.write('removeSecret', { tenant, name }),
  list: async () => (await lane.read('listSecrets', null)).map((body) => JSON.parse(body)),
  claimKey: (key) => lane.write('claimTenantKey', key),
  keys: async () => (await lane.read('listTenantKeys', null)).map(({ tenant, wrapped }) => ({ tenant, wrapped })),
  rekey: async (key, secrets) => {
    await lane.write('rekeySecrets', { key, secrets: secrets.map(secretRow) });
  },
});

const secretRow = (secret: SealedSecret) => ({
  tenant: secret.tenant,
  name: secret.name,
  body: JSON.stringify(secret),
});

/** `part` names this process among those that share the database, as for calls. */
export const tracesOver = (lane: Lane, part = ''): TraceStore => ({
  append: async (events, counting) => {
    if (events.length > 0)
      await lane.write('appendEvents', {
        rows: events.map((event) => eventRow(event, worthOf(event, counting))),
        sums: countedIn(events, counting),
        usage: usageIn(events, counting),
        part,
      });
  },
  take: (node, epoch, events, counting) =>
    lane.write('takeEvents', {
      node,
      epoch,
      events: events.map(({ seq, event }) => ({
        ...{ seq, row: eventRow(event, worthOf(event, counting)), sum: sumOf(event, counting) },
        usage: usedBy(event, counting),
      })),
      onward: counting?.onward ?? false,
      most: MOST_SUM_ROWS,
      room: ROOM,
      part,
    }),
  trace: async (tenant, id) => orThrow(await lane.read('readTrace', { tenant, id })).map(eventOf),
  recent: async (filter) =>
    (await lane.read('recentEvents', eventFilter(filter))).map(eventOf).filter((event) => isOf(event, filter)),
  prune: (beforeMs) => inSteps((limit) => lane.write('pruneEvents', { beforeMs, limit, part })),
});

export const marksOver = (lane: Lane): MarkStore => ({
  read: async () => Object.fromEntries((await lane.read('readMarks', null)).map(({ name, value }) => [name, value])),
  write: async ({ put = {}, raise = {} }) => {
    await lane.write('writeMarks', { put: markArgs(put), raise: markArgs(raise) });
  },
});

const markArgs = (marks: Readonly<Record<string, number>>) =>
  Object.entries(marks).map(([name, value]) => ({ name, value: Math.floor(value) }));

export const spoolOver = (lane: Lane): SpoolStore => ({
  add: async (events, most) =>
    events.length === 0
      ? { dropped: 0 }
      : lane.write('addToSpool', { bodies: events.map((event) => JSON.stringify(event)), most }),
  next: async (limit) =>
    (await lane.read('nextOfSpool', { limit })).map(({ seq, body }) => ({ seq, event: eventOf(body) })),
  remove: async (throughSeq) => {
    await lane.write('removeFromSpool', { throughSeq });
  },
  dropped: () => lane.read('droppedOfSpool', null),
  waiting: () => lane.read('waitingInSpool', null),
});

const sumOf = (event: CallEvent, counting: Counting | undefined) => {
  const row = counting?.rowOf(event);
  return row === undefined ? null : columnsOf(row);
};

const eventOf = (text: string): CallEvent => JSON.parse(text);

/** Names that are alike as far as they are searched. */
const isOf = ({ target, principal }: CallEvent, filter: TraceFilter): boolean =>
  (filter.target === undefined || filter.target === target.name) &&
  (filter.principal === undefined || filter.principal === principal?.id);

const eventFilter = (filter: TraceFilter) => ({
  tenant: filter.tenant ?? null,
  status: filter.status ?? null,
  target: filter.target === undefined ? null : searched(filter.target),
  principal: filter.principal === undefined ? null : searched(filter.principal),
  sinceMs: filter.sinceMs ?? Number.NEGATIVE_INFINITY,
  untilMs: filter.untilMs ?? Number.MAX_VALUE,
  limit: filter.limit,
});
