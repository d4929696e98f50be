/** One node:sqlite connection that runs compiled plans, each prepared once. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Plan, Session, Statement } from '../sql/index.ts';

type Fill = (parameters: Readonly<Record<string, SQLInputValue>>) => SQLInputValue[];

interface Prepared {
  readonly statement: StatementSync;
  readonly fill: Fill;
}

export class SqliteSession implements Session {
  readonly #db: DatabaseSync;
  readonly #plans: ReadonlyMap<string, Plan>;
  readonly #prepared = new Map<string, Prepared>();

  constructor(db: DatabaseSync, plans: readonly Plan[]) {
    this.#db = db;
    this.#plans = new Map(plans.map((plan) => [plan.name, plan]));
  }

  all<P, R>({ name }: Statement<P, R>, parameters: P): readonly R[] {
    const { statement, fill } = this.#prepare(name);
    return statement.all(...fill(parameters as Parameters<Fill>[0])) as R[];
  }

  run<P>({ name }: Statement<P, unknown>, parameters: P): number {
    const { statement, fill } = this.#prepare(name);
    return Number(statement.run(...fill(parameters as Parameters<Fill>[0])).changes);
  }

  #prepare(name: string): Prepared {
    const known = this.#prepared.get(name);
    if (known !== undefined) return known;
    const plan = this.#plans.get(name);
    if (plan === undefined) throw new Error(`no plan for statement ${name}`);
    const prepared = { statement: this.#db.prepare(plan.sql), fill: fillOf(plan) };
    this.#prepared.set(name, prepared);
    return prepared;
  }
}

const fillOf = ({ parameters }: Plan): Fill => {
  const sources = parameters.map((source) =>
    'slot' in source ? { slot: source.slot } : { slot: null, constant: source.constant as SQLInputValue },
  );
  return (values) => sources.map((source) => (source.slot === null ? source.constant : values[source.slot]!));
};
