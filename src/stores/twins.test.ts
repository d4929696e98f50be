/** SQLite and PostgreSQL give the same answers as their simple twin in memory, whatever they are asked in whatever order. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { freshSchema, type PostgresServer, postgresMissing, startPostgres } from '../conformance/postgres/index.ts';
import {
  dispatch,
  event,
  forgotten,
  hexId,
  killOrder,
  node,
  record,
  reply,
  user,
} from '../conformance/stores/samples.ts';
import type { CallStatus, Stores } from '../contract/index.ts';
import { Fault, idOf } from '../contract/index.ts';
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
const READS = /^(list|history|version|get|open|trace|recent)/;

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

const PORTS = { resourceSteps, callSteps, nodeSteps, killSteps, traceSteps };

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
      agree(steps, { open: () => openSqlite({ dir: mkdtempSync(join(scratch, 'data-')) }), runs: 10, inOrder: true }));
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
      agree(steps, { open: () => openPostgres({ url: server.url, schema: freshSchema() }), runs: 5, inOrder: false }));
});
