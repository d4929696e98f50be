/** The file of telemetry: one of an earlier version is brought up to date, searches are planned as they should be, and space is given back. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { event } from '../../conformance/stores/samples.ts';
import { migrate, TELEMETRY_MIGRATIONS } from '../sql/index.ts';
import { kyselyOver, SQLITE_TYPES } from './adapter.ts';
import { TELEMETRY } from './database.ts';
import { openSqlite } from './index.ts';

const withDirectory = async (check: (dir: string) => Promise<void>): Promise<void> => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-telemetry-'));
  try {
    await check(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
};

/** Before usage, searches, and room: as the first release had it. */
const EARLIER = 4;

test('a file of an earlier version keeps what is in it, and knows how much that is', () =>
  withDirectory(async (dir) => {
    const old = new DatabaseSync(join(dir, TELEMETRY.file));
    old.exec('pragma journal_mode = wal');
    await migrate(kyselyOver(old), TELEMETRY_MIGRATIONS.slice(0, EARLIER), SQLITE_TYPES);
    const long = 'n'.repeat(5_000);
    const insert = old.prepare(
      'insert into event (trace, call_id, span, node, tenant, target, principal, status, started_at, body) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    const events = [event(1), event(2, { target: { kind: 'tool', name: long, operation: 'x' } })];
    for (const one of events)
      insert.run(
        ...[one.trace, one.callId, one.span, one.node, one.tenant, one.target.name, one.principal!.id, one.status],
        ...[one.startedAtMs, JSON.stringify(one)],
      );
    old.close();
    const stores = await openSqlite({ dir });
    try {
      assert.deepEqual(await stores.traces.trace('default', events[0]!.trace), [events[0]]);
      assert.deepEqual(await stores.traces.recent({ tenant: 'default', target: long, limit: 9 }), [events[1]]);
      const { events: count, bytes, oldestMs } = await stores.room.size();
      assert.deepEqual([count, bytes, oldestMs], [2, 5_600, events[0]!.startedAtMs]);
      const worthless = { rowOf: () => undefined, onward: false, worthOf: () => undefined };
      await stores.traces.append([event(3)], worthless);
      const all = [1, 2, 3].map((at) => ({ tenant: 'default', trace: event(at).trace }));
      const until = { throughSeq: await stores.room.newest(), overMs: 0 };
      assert.equal((await stores.room.drop(all, until)).traces, 1, 'nobody judged the old ones, so they stay');
    } finally {
      await stores.close();
    }
    const now = new DatabaseSync(join(dir, TELEMETRY.file), { readOnly: true });
    assert.deepEqual({ ...now.prepare('pragma auto_vacuum').get() }, { auto_vacuum: 2 });
    now.close();
  }));

test('each search reads the calls that fit and no others', () =>
  withDirectory(async (dir) => {
    await (await openSqlite({ dir })).close();
    const db = new DatabaseSync(join(dir, TELEMETRY.file));
    const plans = TELEMETRY.plansOf(kyselyOver(db));
    const wayOf = (name: string): string => {
      const { sql, parameters } = plans.find((plan) => plan.name === name)!;
      const rows = db.prepare(`explain query plan ${sql}`).all(...parameters.map(() => 1));
      return rows.map(({ detail }) => String(detail)).join('; ');
    };
    for (const [name, index] of [
      ['events.recent.tenant', 'event_tenant (tenant=? AND started_at>? AND started_at<?)'],
      ['events.recent.tenant.principal', 'event_principal (tenant=? AND principal=? AND started_at'],
      ['events.recent.tenant.principal.target.status', 'event_principal (tenant=? AND principal=? AND started_at'],
      ['events.recent.tenant.target', 'event_target (tenant=? AND target=? AND started_at'],
      ['events.recent.tenant.target.status', 'event_target (tenant=? AND target=? AND started_at'],
      ['events.recent.tenant.status', 'event_status (tenant=? AND status=? AND started_at'],
      ['events.prune', 'event_started (started_at<?)'],
      ['room.ofTrace', 'sqlite_autoindex_event_1 (trace=?)'],
      ['room.oldest', 'event_started'],
      ['usage.by.cost', 'sqlite_autoindex_usage_row_1 (tenant=? AND step_ms=? AND start_ms>? AND start_ms<?)'],
    ] as const)
      assert.ok(wayOf(name).includes(index), `${name}: ${wayOf(name)}`);
    db.close();
  }));

test('space of what was removed is used again, and given back when there is much of it', () =>
  withDirectory(async (dir) => {
    const stores = await openSqlite({ dir });
    const fill = (first: number) =>
      stores.traces.append(
        Array.from({ length: 200 }, (_, at) => event(first + at, { attributes: { text: 'x'.repeat(20_000) } })),
      );
    try {
      await fill(0);
      const full = (await stores.room.size()).fileBytes!;
      await stores.traces.prune(event(200).startedAtMs);
      await fill(1_000);
      const again = await stores.room.size();
      assert.ok(again.fileBytes! < 1.1 * full, 'used again');
      await stores.traces.prune(Number.MAX_SAFE_INTEGER);
      assert.ok((await stores.room.size()).freeBytes! > 0.9 * full);
      let bites = 0;
      while (await stores.room.giveBack()) bites++;
      const { fileBytes, freeBytes } = await stores.room.size();
      assert.ok(
        bites > 0 && fileBytes! < 0.2 * full && freeBytes! <= 0.1 * fileBytes!,
        `${bites} ${fileBytes} ${full}`,
      );
    } finally {
      await stores.close();
    }
    assert.ok(statSync(join(dir, TELEMETRY.file)).size < 2_000_000);
  }));
