/** SQLite and PostgreSQL give the same answers as their simple twin in memory, whatever they are asked in whatever order. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { freshSchema, type PostgresServer, postgresMissing, startPostgres } from '../conformance/postgres/index.ts';
import { said } from '../conformance/stores/agent-spans.ts';
import { account, reservation } from '../conformance/stores/money.ts';
import { appending, beginStep, ended, endStep, head, intent, stepEnd } from '../conformance/stores/run-samples.ts';
import {
  approval,
  auditEntry,
  begin,
  dispatch,
  end,
  event,
  forgotten,
  hexId,
  incident,
  killOrder,
  node,
  record,
  reply,
  user,
} from '../conformance/stores/samples.ts';
import type { ApprovalRecord, CallStatus, EventWorth, Incident, RunState, StepEnd, Stores } from '../contract/index.ts';
import {
  Fault,
  idOf,
  LOG_LEVELS,
  TASK_RESULTS,
  USAGE_DIMENSIONS,
  USAGE_ERRORS,
  USAGE_SORTS,
  USAGE_STEP_NAMES,
} from '../contract/index.ts';
import { memoryStores, openPostgres, openSqlite } from './index.ts';

/** A question for both, and how it reads in a counterexample. */
interface Step {
  readonly words: string;
  readonly ask: (stores: Stores) => Promise<unknown>;
}

const step = <T extends unknown[]>(
  name: string,
  arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> },
  ask: (stores: Stores, ...args: T) => Promise<unknown>,
): fc.Arbitrary<Step> =>
  fc
    .tuple<T>(...arbitraries)
    .map((args) => ({ words: `${name} ${JSON.stringify(args)}`, ask: (stores) => ask(stores, ...args) }));

const few = fc.integer({ min: 0, max: 4 });
const text = fc.oneof(fc.constantFrom('', 'a', "'", '\u0000', '🛩️', '%'), fc.string({ unit: 'binary', maxLength: 5 }));
const name = fc.constantFrom('ada', 'bob', 'eve');
const tenant = fc.constantFrom('default', 'other');
const someday = fc.integer({ min: 0, max: 3 }).map((days) => days * 12 * 3600 * 1000);
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const digits = fc.constantFrom('aaaabbbb', 'aaaabbbbc', 'aaaa', 'f'.repeat(8), hexId(1), hexId(2), '');

const resourceSteps = [
  step(
    'commit',
    [fc.array(name, { maxLength: 3 }), fc.array(name, { maxLength: 2 }), text, optional(few), optional(few)],
    ({ resources }, puts, deletes, by, ifRevision, version) =>
      resources.commit(
        {
          puts: puts.map((each) => user(each, by)),
          deletes: deletes.map((each) => idOf(user(each))),
          by,
          reason: by,
          ...(ifRevision === undefined ? {} : { ifRevision }),
          ...(version === undefined ? {} : { ifVersions: { 'default/User/ada': version } }),
        },
        1,
      ),
  ),
  step('list', [optional(few)], ({ resources }, revision) => resources.list(revision)),
  step('history', [few, optional(name)], ({ resources }, limit, key) =>
    resources.history(limit, key === undefined ? undefined : `default/User/${key}`),
  ),
  step('version', [name, few], ({ resources }, each, version) => resources.version(idOf(user(each)), version)),
];

const callSteps = [
  step('accept', [few, tenant, text, someday], ({ calls }, id, owner, idempotencyKey, acceptedAtMs) =>
    calls.accept(record(id, { tenant: owner, idempotencyKey, acceptedAtMs })),
  ),
  step('dispatch', [few, text], ({ calls }, id, policy) => calls.begin(dispatch(id, policy))),
  step(
    'conclude',
    [few, fc.constantFrom('done', 'unknown', 'cancelled'), text, few],
    ({ calls }, id, state, message, at) => calls.conclude(hexId(id), state, at === 0 ? null : reply({ message }), at),
  ),
  step('forget', [few], ({ calls }, id) => calls.end(forgotten(id))),
  step('get', [tenant, few], ({ calls }, owner, id) => calls.get(owner, hexId(id))),
  step('open', [], ({ calls }) => calls.open()),
  step('prune calls', [few], ({ calls }, before) => calls.prune(before)),
];

const nodeSteps = [
  step('put node', [text, text], ({ nodes }, id, url) => nodes.put(node(id, url))),
  step('remove node', [text], ({ nodes }, id) => nodes.remove(id)),
  // Only membership is compared: order is a promise for ids of ASCII, as they all are.
  step('list nodes', [], async ({ nodes }) => new Set((await nodes.list()).map((each) => JSON.stringify(each)))),
  step('put token', [name, text, few], ({ nodes }, hash, grant, expires) => nodes.putToken(hash, grant, expires)),
  step('take token', [name, few], ({ nodes }, hash, now) => nodes.takeToken(hash, now)),
  step('next', [text], ({ nodes }, sequence) => nodes.next(sequence)),
];

const killSteps = [
  step('put order', [name, tenant, few, text], ({ kills }, id, owner, atMs, reason) =>
    kills.put(killOrder(id, { tenant: owner, atMs, reason })),
  ),
  step('lift order', [tenant, name], ({ kills }, owner, id) => kills.lift(owner, id)),
  step('list orders', [fc.option(tenant)], ({ kills }, owner) => kills.list(owner)),
];

const incidentSteps = [
  step(
    'put incident',
    [
      name,
      tenant,
      few,
      fc.option(few),
      fc.constantFrom<Incident['told']>('nothing', 'opened', 'acknowledged', 'ended'),
      text,
    ],
    ({ incidents }, id, owner, openedAtMs, endedAtMs, told, webhook) =>
      incidents.put(incident(id, { tenant: owner, openedAtMs, endedAtMs, told, webhook })),
  ),
  step('list incidents', [tenant, fc.boolean()], ({ incidents }, owner, isOpen) =>
    incidents.list({ tenant: owner, isOpen, limit: 2 }),
  ),
  step(
    'list named incidents',
    [tenant, fc.constantFrom('', 'a', 'ada', 'adax', 'b', 'e')],
    ({ incidents }, owner, id) => incidents.named(owner, id),
  ),
  step('unfinished incidents', [], ({ incidents }) => incidents.unfinished('hub-1')),
  step('prune incidents', [few], ({ incidents }, beforeMs) => incidents.prune(beforeMs)),
];

const logSteps = [
  step('append logs', [tenant, few, fc.constantFrom(...LOG_LEVELS), text], ({ logs }, owner, at, level, message) =>
    logs.append(
      [
        {
          ...{ time: new Date(at).toISOString(), level, node: 'hub-1', message, tenant: owner },
          ...{ domain: '', agent: '', trace_id: '', span_id: '', call_id: '' },
        },
      ],
      1_000,
    ),
  ),
  step('recent logs', [tenant, few, fc.constantFrom(...LOG_LEVELS)], ({ logs }, owner, sinceMs, level) =>
    // Numbers may be used again when the newest are gone.
    logs.read({ tenant: owner, level, sinceMs, limit: 3 }).then((found) => found.map(({ record }) => record)),
  ),
  step('prune logs', [few], ({ logs }, beforeMs) => logs.prune(beforeMs)),
];

const hex = fc.constantFrom(`aaaabbbb${'c'.repeat(24)}`, `aaaabbbb${'d'.repeat(24)}`, hexId(1), hexId(2));

const traceSteps = [
  step(
    'append',
    [hex, hex, tenant, fc.constantFrom<CallStatus>('ok', 'denied'), few, optional(text)],
    ({ traces }, trace, callId, owner, status, startedAtMs, principal) =>
      traces.append([
        event(1, {
          trace,
          callId,
          tenant: owner,
          status,
          startedAtMs,
          principal: principal === undefined ? null : { kind: 'user', id: principal },
        }),
      ]),
  ),
  step('trace', [fc.option(tenant), digits], ({ traces }, owner, id) => traces.trace(owner, id)),
  step(
    'recent',
    [optional(tenant), optional(fc.constantFrom<CallStatus>('ok', 'denied')), optional(text), optional(few), few],
    ({ traces }, owner, status, principal, sinceMs, limit) =>
      traces.recent({
        limit,
        ...(owner === undefined ? {} : { tenant: owner }),
        ...(status === undefined ? {} : { status }),
        ...(principal === undefined ? {} : { principal }),
        ...(sinceMs === undefined ? {} : { sinceMs }),
      }),
  ),
  step('prune traces', [few], ({ traces }, before) => traces.prune(before)),
];

const counted = fc.record({
  tenant,
  caller: fc.constantFrom('agent/a', 'agent/b', 'user'),
  target: fc.constantFrom('model/m', 'unknown'),
  operation: fc.constantFrom('', 'chat'),
  endedAtMs: fc.constantFrom(0, 59_999, 60_000, 86_400_000),
  isHeld: fc.boolean(),
  error: fc.constantFrom(null, ...USAGE_ERRORS),
  isDenied: fc.boolean(),
  attempts: few,
  costMicros: few,
  inputTokens: few,
  outputTokens: few,
  tookMicros: fc.constantFrom(0, 1, 1_000, 1_000_000),
  waitedMicros: few,
});

const usageSteps = [
  step('append and count', [few, counted], ({ traces }, id, usage) =>
    traces.append([event(id)], { rowOf: () => undefined, onward: false, usageOf: () => usage }),
  ),
  step(
    'list usage',
    [
      tenant,
      fc.constantFrom(...USAGE_STEP_NAMES),
      fc.uniqueArray(fc.constantFrom(...USAGE_DIMENSIONS)),
      fc.constantFrom(...USAGE_SORTS),
      optional(fc.constantFrom('agent/a', 'user')),
      fc.constantFrom(0, 60_000),
    ],
    ({ usage }, owner, unit, by, sort, caller, fromMs) =>
      usage.read({
        ...{ tenant: owner, step: unit, by, sort, fromMs, toMs: 1e9, limit: 3 },
        ...(caller === undefined ? {} : { caller }),
      }),
  ),
  step('prune usage', [few], ({ usage }, before) =>
    usage.prune({ minute: before * 60_000, hour: before * 3_600_000, day: 0 }),
  ),
];

/** No two begin in the same instant, those of another turn neither: which of them goes first, nobody promises. */
const arriving = fc
  .uniqueArray(
    fc.record({
      at: fc.integer({ min: 1, max: 40 }),
      worth: fc.constantFrom<EventWorth | undefined>(undefined, undefined, undefined, 'denied'),
    }),
    { maxLength: 5, selector: ({ at }) => at },
  )
  .map((some) => some.map((each) => ({ ...each, trace: 'abc'[each.at % 3]! })));

const roomSteps = [
  step('append judged', [arriving], ({ traces }, some) => {
    const worths = new Map(some.map(({ at, worth }) => [hexId(at), worth]));
    return traces.append(
      some.map(({ at, trace }) => event(at, { trace: trace.repeat(32), startedAtMs: at })),
      { rowOf: () => undefined, onward: false, worthOf: ({ callId }) => worths.get(callId) },
    );
  }),
  step('say', [arriving], ({ agentSpans }, some) =>
    agentSpans.append(
      some.map(({ at, trace }) => said(at, { trace: trace.repeat(32), receivedAtMs: at })),
      9,
    ),
  ),
  step(
    'say an outcome',
    [fc.constantFrom('a', 'b', 'c'), fc.constantFrom(...TASK_RESULTS), fc.constantFrom(undefined, 0.2, 0.9)],
    ({ agentSpans }, trace, result, score) => {
      const outcome = { task: 'refund', result, ...(score === undefined ? {} : { score }) };
      // An instant of its own for each of them, after those of `arriving`.
      const receivedAtMs = 50 + 10 * 'abc'.indexOf(trace) + TASK_RESULTS.indexOf(result);
      const one = { trace: trace.repeat(32), span: `outcome/${result}`, receivedAtMs, outcome };
      return agentSpans.append([said(99, one)], 9);
    },
  ),
  step('remove the oldest', [few], ({ room }, limit) => room.removeOldest(limit)),
  step(
    'drop',
    [fc.constantFrom('a', 'b'), fc.boolean(), fc.constantFrom(0, 20, 100)],
    async ({ room }, trace, isOver, overMs) =>
      room.drop([{ tenant: 'default', trace: trace.repeat(32) }], {
        throughSeq: isOver ? await room.newest() : 0,
        overMs,
      }),
  ),
  step('get the size', [], async ({ room }) => {
    const { fileBytes: _, freeBytes: __, ...size } = await room.size();
    return size;
  }),
  step('recent', [], ({ traces }) => traces.recent({ limit: 100 })),
];

const amount = fc.constantFrom(0, 1, 3, 7, 12, -1, 0.5);
const budget = fc.constantFrom('org', 'team');
const charges = fc.uniqueArray(fc.tuple(budget, amount), { maxLength: 2, selector: ([each]) => each });
const amounts = fc.record({ micros: amount, tokens: amount }, { requiredKeys: [] });
/** That of a team is over soon. */
const drawnOn = (each: string, owner: string) =>
  account(each, 15, { tenant: owner, windowEndMs: each === 'team' ? 4 : null });
const charged = (id: number, owner: string, parts: readonly (readonly [string, number])[], expires = 1_000) => ({
  ...reservation(hexId(id), ...parts.map(([each, n]) => [drawnOn(each, owner), n] as const)),
  tenant: owner,
  expiresAtMs: expires,
});
const approvalStates = fc.constantFrom<ApprovalRecord['state']>('pending', 'approved', 'denied');
const digest = fc.constantFrom('d'.repeat(64), 'e'.repeat(64));

const moneySteps = [
  step('reserve', [few, tenant, charges, few], ({ ledger }, id, owner, parts, expires) =>
    ledger.reserve(charged(id, owner, parts, expires), 1),
  ),
  step('extend', [tenant, few, amounts], ({ ledger }, owner, id, more) => ledger.extend(owner, hexId(id), more, 2)),
  step('settle', [tenant, few, amounts, few], ({ ledger }, owner, id, came, at) =>
    ledger.settle(owner, hexId(id), came, at),
  ),
  step('carry', [tenant, few, amounts, charges, few], ({ ledger }, owner, id, came, [rest], expiresAtMs) =>
    ledger.carry(
      owner,
      hexId(id),
      came,
      { id: hexId(expiresAtMs), amounts: { micros: rest?.[1] ?? 0 }, expiresAtMs },
      3,
    ),
  ),
  step('expire', [few], ({ ledger }, now) => ledger.expire(now, 10)),
  step('credit', [budget, tenant, amount], ({ ledger }, each, owner, extra) =>
    ledger.credit(drawnOn(each, owner), extra),
  ),
  step('get account', [budget, tenant], ({ ledger }, each, owner) => ledger.account(owner, drawnOn(each, owner).id)),
  step('list accounts', [tenant, optional(budget)], ({ ledger }, owner, each) =>
    ledger.accounts({ tenant: owner, ...(each === undefined ? {} : { budget: each }) }),
  ),
  step('prune money', [few], ({ ledger }, before) => ledger.prune(before)),
  step('list entries', [tenant], async ({ ledger }, owner) =>
    [...(await ledger.entries({ tenant: owner, limit: 9 }))].sort((a, b) => (a.id < b.id ? -1 : 1)),
  ),
];

const sendSteps = [
  step(
    'begin',
    [few, optional(text), fc.option(charges), fc.option(fc.tuple(few, digest))],
    ({ calls }, id, idempotencyKey, parts, grant) =>
      calls.begin(
        begin({
          record: idempotencyKey === undefined ? null : record(id, { idempotencyKey, state: 'dispatched' }),
          reservation: parts === null ? null : charged(id, 'default', parts),
          grant: grant === null ? null : { tenant: 'default', approval: hexId(grant[0]), digest: grant[1] },
          audit: [auditEntry('call.sent', { callId: hexId(id) })],
        }),
      ),
  ),
  step(
    'end',
    [few, fc.option(fc.constantFrom('done', 'unknown', 'cancelled', 'forgotten')), fc.option(amounts)],
    ({ calls }, id, state, came) =>
      calls.end(
        end(hexId(id), {
          outcome: state === null ? null : { state, reply: null },
          amounts: came,
          audit: [auditEntry('call.ended', { callId: hexId(id) })],
        }),
      ),
  ),
  step('resolve', [few, fc.constantFrom('executed', 'not_executed')], ({ calls }, id, verdict) =>
    calls.resolve({ tenant: 'default', id: hexId(id), verdict, reply: null, audit: [auditEntry('r')], atMs: 9 }),
  ),
  step('reopen', [tenant, few], ({ calls }, owner, id) => calls.reopen(owner, hexId(id))),
  step(
    'put approval',
    [few, approvalStates, fc.integer({ min: 1, max: 3 }), digest, optional(digest)],
    ({ approvals }, id, state, version, d, asked) =>
      approvals.put(
        approval(id, {
          ...{ state, version, digest: d, expiresAtMs: 150 + id },
          ...(asked === undefined ? {} : { askedDigest: asked }),
        }),
      ),
  ),
  step('get approval', [few], ({ approvals }, id) => approvals.get('default', hexId(id))),
  step('list approvals', [optional(approvalStates)], ({ approvals }, state) =>
    approvals.list({ tenant: 'default', limit: 9, ...(state === undefined ? {} : { state }) }),
  ),
  step('list approvals that are due', [few], ({ approvals }, id) => approvals.due(150 + id, 9)),
  step('get the latest approval', [digest], ({ approvals }, d) => approvals.latest('default', record(1).principal, d)),
  step('prune approvals', [few], ({ approvals }, id) => approvals.prune(150 + id)),
  step('get how many wait', [], ({ approvals }) => approvals.waiting('default', record(1).principal)),
  step('get call', [few], ({ calls }, id) => calls.get('default', hexId(id))),
  step('list unknown', [fc.option(tenant)], ({ calls }, owner) => calls.unresolved(owner, 9)),
  step('list chain', [tenant], ({ audit }, owner) => audit.read(owner, 1, 99)),
  step('list heads', [], ({ audit }) => audit.heads()),
  step('list accounts', [tenant], ({ ledger }, owner) => ledger.accounts({ tenant: owner })),
];

const one = fc.integer({ min: 0, max: 1 });
const stepName = fc.constantFrom('find', 'book');
const call = fc.integer({ min: 100, max: 103 });
const fact = fc.oneof(
  fc.tuple(stepName, call).map(([each, id]) => intent(each, id)),
  fc.tuple(stepName, call).map(([each, id]) => ended(each, id, { outcome: 'unknown', costMicros: 2 })),
  fc.tuple(stepName, call).map(([each, id]) => ended(each, id)),
  fc.constant({ kind: 'sleeping', step: 'find', untilMs: 1 } as const),
);
const unsure = fc.constantFrom<[StepEnd['outcome'], 'done' | 'unknown' | 'forgotten']>(
  ['ok', 'done'],
  ['unknown', 'unknown'],
  ['failed', 'forgotten'],
);

/** An owner looks before it writes, so these are asked one after the other. */
const runSteps = [
  step('start run', [one, tenant], ({ plans }, id, owner) =>
    plans.start(head(id, { tenant: owner }), [auditEntry('x')], 1),
  ),
  step('claim', [few, few], async ({ plans }, nowMs, leaseMs) =>
    [...(await plans.claim({ holder: 'hub', nowMs: nowMs + 1, leaseMs, limit: 9 }))].sort((a, b) =>
      a.tenant + a.id < b.tenant + b.id ? -1 : 1,
    ),
  ),
  step('release', [one, one], async ({ plans }, id, late) => {
    const run = await plans.get('default', hexId(id));
    return plans.release({ tenant: 'default', id: hexId(id), epoch: (run?.epoch ?? 0) - late });
  }),
  step('renew', [one, few], async ({ plans }, id, untilMs) => {
    const run = await plans.get('default', hexId(id));
    const runs = run === undefined ? [] : [{ tenant: 'default', id: run.id, epoch: run.epoch }];
    return plans.renew({ holder: 'hub', untilMs, runs });
  }),
  step(
    'append',
    [
      one,
      fc.array(fact, { maxLength: 3 }),
      fc.constantFrom<RunState>('running', 'held', 'running', 'failed'),
      fc.option(few),
      fc.constantFrom(0, 0, 0, 1),
    ],
    async ({ plans }, id, facts, state, dueMs, late) => {
      const run = await plans.get('default', hexId(id));
      if (run === undefined) return undefined;
      return plans.append(
        appending({ ...run, seq: run.seq - late }, facts, { state, dueMs, audit: [auditEntry('x')] }),
      );
    },
  ),
  step('wish', [one, fc.constantFrom('pause', 'retry')], ({ plans }, id, wish) =>
    plans.wish('default', hexId(id), wish === 'retry' ? { wish, from: 'find' } : { wish: 'pause' }, 'ada', [], 3),
  ),
  step('begin step', [one, stepName, call], (stores, id, each, nr) => beginStep(stores, id, each, nr)),
  step('end step', [one, stepName, call, unsure], (stores, id, each, nr, [outcome, state]) =>
    endStep(stores, id, each, nr, { outcome }, state),
  ),
  step('reopen', [call], ({ calls }, nr) => calls.reopen('default', hexId(nr))),
  step(
    'resolve',
    [one, stepName, call, fc.constantFrom('executed', 'not_executed')],
    ({ calls }, id, each, nr, verdict) =>
      calls.resolve({
        ...{ tenant: 'default', id: hexId(nr), verdict, reply: null, audit: [], atMs: 9 },
        step: stepEnd(id, each, nr),
      }),
  ),
  step('get run', [one, tenant], ({ plans }, id, owner) => plans.get(owner, hexId(id))),
  step('get events', [one], ({ plans }, id) => plans.events('default', hexId(id), 0, 99)),
  step('get call', [call], ({ calls }, nr) => calls.get('default', hexId(nr))),
  step('list unknown', [], ({ calls }) => calls.unresolved(null, 9)),
  step('list runs', [optional(fc.constantFrom<RunState>('running', 'failed'))], ({ plans }, state) =>
    plans.list({ tenant: 'default', limit: 9, ...(state === undefined ? {} : { state }) }),
  ),
  step('prune runs', [few], ({ plans }, before) => plans.prune(before + 8)),
];

/** Steps that are asked in the same turn, so that they share a transaction. */
const turns = (steps: readonly fc.Arbitrary<Step>[]) =>
  fc.array(fc.array(fc.oneof(...steps), { minLength: 1, maxLength: 6 }), { maxLength: 30, size: 'max' });

const answerOf = async ({ ask }: Step, stores: Stores): Promise<unknown> => {
  try {
    return { answer: await ask(stores) };
  } catch (thrown) {
    assert.ok(thrown instanceof Fault, String(thrown));
    return { code: thrown.code, message: thrown.message, facts: thrown.facts };
  }
};

/** Reads see what was acknowledged, so in a turn of writes and reads a read may come early: they are asked apart. */
const READS = /^(list|unfinished|history|version|get|open|trace|recent)/;

interface Kind {
  readonly open: () => Promise<Stores>;
  readonly runs: number;
  /** Whether commands of one turn take effect in the order in which they were asked, and not only in some order. */
  readonly inOrder: boolean;
}

const compare = async (steps: readonly Step[], real: Stores, memory: Stores, inOrder: boolean): Promise<void> => {
  const writes = steps.filter(({ words }) => !READS.test(words));
  const reads = steps.filter(({ words }) => READS.test(words));
  for (const group of inOrder ? [writes, reads] : steps.map((each) => [each])) {
    const [actual, expected] = await Promise.all(
      [real, memory].map((stores) => Promise.all(group.map((each) => answerOf(each, stores)))),
    );
    assert.deepEqual(actual, expected, group.map(({ words }) => words).join('\n'));
  }
};

const PORTS = {
  ...{ runSteps, resourceSteps, callSteps, moneySteps, sendSteps, nodeSteps, killSteps, traceSteps },
  ...{ incidentSteps, usageSteps, roomSteps, logSteps },
};

const agree = (steps: readonly fc.Arbitrary<Step>[], { open, runs, inOrder }: Kind): Promise<void> =>
  fc.assert(
    fc.asyncProperty(turns(steps), async (script) => {
      const real = await open();
      const memory = memoryStores();
      try {
        for (const turn of script) await compare(turn, real, memory, inOrder);
      } finally {
        await real.close();
      }
    }),
    { numRuns: runs },
  );

describe('sqlite', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'airspace-twins-'));
  after(() => rmSync(scratch, { recursive: true, force: true }));
  for (const [port, steps] of Object.entries(PORTS))
    test(`memory and SQLite agree on random ${port}`, () =>
      agree(steps, {
        open: () => openSqlite({ dir: mkdtempSync(join(scratch, 'data-')) }),
        runs: 6,
        inOrder: steps !== runSteps && steps !== roomSteps && steps !== usageSteps,
      }));
});

const missing = postgresMissing();

describe('postgres', missing === undefined ? {} : { skip: missing }, () => {
  let server: PostgresServer;
  before(async () => {
    server = await startPostgres();
  });
  after(() => server.stop());
  for (const [port, steps] of Object.entries(PORTS))
    test(`memory and PostgreSQL agree on random ${port}`, () =>
      agree(steps, { open: () => openPostgres({ url: server.url, schema: freshSchema() }), runs: 3, inOrder: false }));
});
