/** Statements are compiled once, for every dialect that we mean to run on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { controlPlans, telemetryPlans } from './index.ts';
import { compile, statement } from './statement.ts';
import type { Tables } from './tables.ts';

const sqlite = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});

const postgres = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

test('values become positions, whatever their order, and constants stay', () => {
  const conclude = statement('example', (db, p: { id: string; key: string }) =>
    db.updateTable('call').set({ state: 'done', unique_key: p.key }).where('id', '=', p.id).where('tenant', '=', p.key),
  );
  assert.deepEqual(compile(sqlite, conclude), {
    name: 'example',
    sql: 'update "call" set "state" = ?, "unique_key" = ? where "id" = ? and "tenant" = ?',
    parameters: [{ constant: 'done' }, { slot: 'key' }, { slot: 'id' }, { slot: 'key' }],
  });
});

test('all statements compile for SQLite and for PostgreSQL, under names of their own', () => {
  for (const db of [sqlite, postgres]) {
    const plans = [...controlPlans(db), ...telemetryPlans(db)];
    assert.equal(new Set(plans.map((plan) => plan.name)).size, plans.length);
    for (const plan of plans) {
      const places = plan.sql.match(/\?|\$\d+/g) ?? [];
      assert.equal(places.length, plan.parameters.length, plan.sql);
    }
  }
});

test('of all that is asked about approvals only one question, for one of them, reads the bytes', () => {
  for (const db of [sqlite, postgres]) {
    const asked = controlPlans(db).filter(({ name, sql }) => name.startsWith('approvals.') && sql.startsWith('select'));
    const reading = asked.filter(({ sql }) => /"body"|select \*/.test(sql)).map(({ name }) => name);
    assert.ok(asked.length > 5);
    assert.deepEqual(reading, ['approvals.byId']);
  }
});

test('no value is ever written into the text of a statement', () => {
  for (const plan of [...controlPlans(sqlite), ...telemetryPlans(sqlite)])
    assert.doesNotMatch(plan.sql, /'|undefined|\[object/, plan.sql);
});
