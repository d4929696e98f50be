/** Lets Kysely's SQLite dialect run over node:sqlite: statements are prepared once, and a transaction takes the write lock when it begins. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { Kysely, type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely';
import type { Db, DialectTypes, Tables } from '../sql/index.ts';

export const SQLITE_TYPES: DialectTypes = { bytes: 'blob', counted: 'integer' };

export const kyselyOver = (database: DatabaseSync): Db =>
  new Kysely<Tables>({ dialect: new SqliteDialect({ database: adapt(database) }) });

const adapt = (database: DatabaseSync): SqliteDatabase => {
  const cache = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare: (sql) => {
      const known = cache.get(sql);
      if (known !== undefined) return known;
      // Kysely begins deferred transactions, and one that reads before it writes fails at once when another writer is faster.
      const statement = adaptStatement(database.prepare(sql === 'begin' ? 'begin immediate' : sql));
      cache.set(sql, statement);
      return statement;
    },
  };
};

const adaptStatement = (statement: StatementSync): SqliteStatement => ({
  reader: statement.columns().length > 0,
  all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
  run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
  iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
});
