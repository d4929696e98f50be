/** What the compiler makes: functions from a request to a value, and the checks that a value is of the wanted type. */
import { Fault } from '../../contract/index.ts';
import type { EntityStore } from '../entities.ts';
import type { Expr, OperatorBodies } from '../est.ts';
import { EvaluationError } from '../evaluation-error.ts';
import { isLong, type Long } from '../long.ts';
import { type CedarRecord, CedarSet, EntityRef, type Value } from '../value.ts';

/** One request as policies see it. */
export interface Env {
  readonly principal: EntityRef;
  readonly action: EntityRef;
  readonly resource: EntityRef;
  readonly context: CedarRecord;
  readonly entities: EntityStore;
}

/** A compiled expression. Throws EvaluationError when Cedar would report an evaluation error. */
export type Evaluate = (env: Env) => Value;
export type Compile = (expr: Expr) => Evaluate;

/** Operators of one family: how each turns its body into a function. */
export type Operators<Names extends keyof OperatorBodies> = {
  readonly [Name in Names]: (body: OperatorBodies[Name], compile: Compile) => Evaluate;
};

/** A name or text inside a tree. A tree comes from outside: a wrong one must not become an operator that never matches. */
export const textIn = (data: unknown, what: string): string => {
  if (typeof data === 'string') return data;
  throw new Fault('bad_request', `it needs ${what} where it has ${JSON.stringify(data)}`);
};

const expected = (what: string): EvaluationError => new EvaluationError(`type error: expected ${what}`);

export const asBool = (value: Value): boolean => {
  if (typeof value === 'boolean') return value;
  throw expected('bool');
};

export const asLong = (value: Value): Long => {
  if (isLong(value)) return value;
  throw expected('long');
};

export const asString = (value: Value): string => {
  if (typeof value === 'string') return value;
  throw expected('string');
};

export const asEntity = (value: Value): EntityRef => {
  if (value instanceof EntityRef) return value;
  throw expected('entity');
};

export const asSet = (value: Value): CedarSet => {
  if (value instanceof CedarSet) return value;
  throw expected('set');
};
