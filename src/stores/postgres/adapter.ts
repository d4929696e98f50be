/** Lets Kysely run over one connection, and makes texts compare byte by byte, as they do in SQLite. */
import {
  type ColumnDefinitionNode,
  type DataTypeNode,
  type Dialect,
  Kysely,
  PostgresDialect,
  PostgresQueryCompiler,
} from 'kysely';
import type pg from 'pg';
import type { Db, DialectTypes, Tables } from '../sql/index.ts';

export const POSTGRES_TYPES: DialectTypes = { bytes: 'bytea', counted: 'bigserial' };

/** The connection stays the caller's: destroying what is answered does not close it. */
export const kyselyOver = (client: pg.Client): Db => {
  const lent = Object.assign(client, { release: () => {} });
  const dialect = new PostgresDialect({
    pool: { connect: async () => lent as never, end: async () => {}, options: {} } as never,
  });
  const ordered: Dialect = {
    createAdapter: () => dialect.createAdapter(),
    createDriver: () => dialect.createDriver(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => new ByteOrderCompiler(),
  };
  return new Kysely<Tables>({ dialect: ordered });
};

/** The collation of a database depends on whoever created it; lists that our ports promise in order must not. */
class ByteOrderCompiler extends PostgresQueryCompiler {
  #inColumn = false;

  protected override visitColumnDefinition(node: ColumnDefinitionNode): void {
    this.#inColumn = true;
    super.visitColumnDefinition(node);
    this.#inColumn = false;
  }

  protected override visitDataType(node: DataTypeNode): void {
    super.visitDataType(node);
    if (this.#inColumn && node.dataType === 'text') this.append(' collate "C"');
  }
}
