/**
 * SQL statements that Kysely writes once and a connection runs many times.
 *
 * Building a query costs more than running it, so each statement is built and compiled at start with slots in place of values.
 * What remains is plain data, and a writer thread needs no query builder. The same statements compile for every dialect.
 */
import type { Compilable, Kysely } from 'kysely';
import type { Tables } from './tables.ts';

export type Db = Kysely<Tables>;

/** `P` are its parameters by name, `R` is one row of what it returns. */
export interface Statement<P, R> {
  readonly name: string;
  readonly build: (db: Db, slots: P) => Compilable<R>;
}

/** A statement ready for a connection: text, and where each positional parameter comes from. */
export interface Plan {
  readonly name: string;
  readonly sql: string;
  readonly parameters: readonly ({ readonly slot: string } | { readonly constant: unknown })[];
}

export type Awaitable<T> = T | Promise<T>;

/** One connection. Synchronous engines answer at once, others with a promise. */
export interface Session {
  all<P, R>(statement: Statement<P, R>, parameters: P): Awaitable<readonly R[]>;
  /** Number of rows that it changed. */
  run<P>(statement: Statement<P, unknown>, parameters: P): Awaitable<number>;
}

export const statement = <P, R>(name: string, build: (db: Db, slots: P) => Compilable<R>): Statement<P, R> => ({
  name,
  build,
});

class Slot {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Every property is its own slot; Kysely carries it through as if it were the value. */
const slots = new Proxy({}, { get: (_target, name) => new Slot(String(name)) });

export const compile = (db: Db, { name, build }: Statement<never, unknown>): Plan => {
  const { sql, parameters } = build(db, slots as never).compile();
  return {
    name,
    sql,
    parameters: parameters.map((value) => (value instanceof Slot ? { slot: value.name } : { constant: value })),
  };
};
