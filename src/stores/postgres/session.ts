/** One PostgreSQL connection that runs compiled plans, each prepared once by the server. */
import type pg from 'pg';
import type { Plan, Session, Statement } from '../sql/index.ts';
import { toText } from './text.ts';

type Values = Readonly<Record<string, unknown>>;

/** What runs a statement: a connection of its own, or a pool that lends one. */
export type Runner = Pick<pg.Client, 'query'>;

export class PostgresSession implements Session {
  readonly #runner: Runner;
  readonly #plans: ReadonlyMap<string, Plan>;

  constructor(runner: Runner, plans: ReadonlyMap<string, Plan>) {
    this.#runner = runner;
    this.#plans = plans;
  }

  async all<P, R>({ name }: Statement<P, R>, parameters: P): Promise<readonly R[]> {
    return (await this.#query(name, parameters as Values)).rows as R[];
  }

  async run<P>({ name }: Statement<P, unknown>, parameters: P): Promise<number> {
    return (await this.#query(name, parameters as Values)).rowCount ?? 0;
  }

  #query(name: string, values: Values): Promise<pg.QueryResult> {
    const plan = this.#plans.get(name);
    if (plan === undefined) throw new Error(`no plan for statement ${name}`);
    return this.#runner.query({ name, text: plan.sql, values: valuesOf(plan, values) });
  }
}

const valuesOf = ({ parameters }: Plan, values: Values): unknown[] =>
  parameters.map((source) => {
    const value = 'slot' in source ? values[source.slot] : source.constant;
    return typeof value === 'string' ? toText(value) : value;
  });
