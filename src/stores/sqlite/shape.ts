/**
 * What SQLite is told about tables before they are full: how many rows of an index are alike in its first columns. Without it the
 * planner takes the index that needs no sorting, and reads every call of a tenant for the few that somebody asked for. A look at the
 * table itself (`analyze`) takes long when it is large, and what it finds changes plans while a node runs.
 */
import type { DatabaseSync } from 'node:sqlite';

/** Rows in all, then on the average with the same first column, the same first two, and so on. */
const SHAPES: readonly (readonly [table: string, index: string, alike: string])[] = [
  ['event', 'event_started', '1000000 1'],
  ['event', 'event_tenant', '1000000 300000 1'],
  ['event', 'event_principal', '1000000 300000 5000 1 1 1'],
  ['event', 'event_target', '1000000 300000 10000 1 1'],
  ['event', 'event_status', '1000000 300000 50000 1'],
  ['event', 'event_call', '1000000 2'],
];

/** Connections that are opened afterwards plan by it. */
export const tellShape = (db: DatabaseSync): void => {
  // Of this table alone, so that it is quick; it makes the table that is written to next.
  db.exec('analyze sqlite_schema');
  db.exec('begin immediate');
  const forget = db.prepare('delete from sqlite_stat1 where tbl = ?');
  for (const table of new Set(SHAPES.map(([name]) => name))) forget.run(table);
  const tell = db.prepare('insert into sqlite_stat1 (tbl, idx, stat) values (?, ?, ?)');
  for (const shape of SHAPES) tell.run(...shape);
  db.exec('commit');
};
