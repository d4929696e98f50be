/** Attributes, tags and membership: the operators that look into the entity store. */
import type { Entity } from '../entities.ts';
import { EvaluationError } from '../evaluation-error.ts';
import { CedarRecord, EntityRef, type Value } from '../value.ts';
import { asEntity, asSet, asString, type Env, type Operators, textIn } from './types.ts';

const fieldsOf = (env: Env, owner: Value): ReadonlyMap<string, Value> | undefined => {
  if (owner instanceof CedarRecord) return owner.fields;
  if (owner instanceof EntityRef) return env.entities.get(owner)?.attributes;
  throw new EvaluationError('type error: expected record or entity');
};

const getAttribute = (env: Env, owner: Value, name: string): Value => {
  const fields = fieldsOf(env, owner);
  if (fields === undefined) throw new EvaluationError(`entity \`${(owner as EntityRef).key}\` does not exist`);
  const value = fields.get(name);
  if (value === undefined) throw new EvaluationError(`there is no attribute \`${name}\` here`);
  return value;
};

/** `a has b.c.d`: false at the first one that is missing. */
const hasPath = (env: Env, start: Value, path: readonly string[]): boolean => {
  let owner = start;
  for (const name of path) {
    const value = fieldsOf(env, owner)?.get(name);
    if (value === undefined) return false;
    owner = value;
  }
  return true;
};

/** Cedar checks that every element is an entity before it looks for one that matches. */
const isInAny = (env: Env, inner: EntityRef, outer: Value): boolean => {
  if (outer instanceof EntityRef) return env.entities.isIn(inner, outer);
  return asSet(outer)
    .items.map(asEntity)
    .some((each) => env.entities.isIn(inner, each));
};

const tagsOf = (env: Env, owner: Value): Entity['tags'] | undefined => env.entities.get(asEntity(owner))?.tags;

export const ACCESS: Operators<'.' | 'has' | 'hasTag' | 'getTag' | 'in' | 'is'> = {
  '.': (body, compile) => {
    const owner = compile(body.left);
    const name = textIn(body.attr, 'the name of an attribute');
    return (env) => getAttribute(env, owner(env), name);
  },
  has: (body, compile) => {
    const owner = compile(body.left);
    const [first, ...rest] = typeof body.attr === 'string' ? [body.attr] : body.attr;
    const path = [first, ...rest].map((name) => textIn(name, 'the name of an attribute'));
    return (env) => hasPath(env, owner(env), path);
  },
  hasTag: (body, compile) => {
    const owner = compile(body.left);
    const name = compile(body.right);
    return (env) => {
      const tags = tagsOf(env, owner(env));
      const wanted = asString(name(env));
      return tags?.has(wanted) ?? false;
    };
  },
  getTag: (body, compile) => {
    const owner = compile(body.left);
    const name = compile(body.right);
    return (env) => {
      const tags = tagsOf(env, owner(env));
      const value = tags?.get(asString(name(env)));
      if (value === undefined) throw new EvaluationError('there is no such tag here');
      return value;
    };
  },
  in: (body, compile) => {
    const inner = compile(body.left);
    const outer = compile(body.right);
    return (env) => isInAny(env, asEntity(inner(env)), outer(env));
  },
  is: (body, compile) => {
    const subject = compile(body.left);
    const type = textIn(body.entity_type, 'the name of a type');
    const outer = body.in === undefined ? undefined : compile(body.in);
    return (env) => {
      const ref = asEntity(subject(env));
      return ref.type === type && (outer === undefined || isInAny(env, ref, outer(env)));
    };
  },
};
