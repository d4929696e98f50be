/** Who exists, with which attributes and tags, and who belongs to whom: what `in`, `has` and `.` look at. */
import type { EntityRef, Value } from './value.ts';

export interface Entity {
  readonly ref: EntityRef;
  readonly attributes: ReadonlyMap<string, Value>;
  readonly tags: ReadonlyMap<string, Value>;
  readonly parents: readonly EntityRef[];
}

const NONE: ReadonlyMap<string, Value> = new Map();

export const entity = (
  ref: EntityRef,
  parents: readonly EntityRef[] = [],
  attributes: ReadonlyMap<string, Value> = NONE,
  tags: ReadonlyMap<string, Value> = NONE,
): Entity => ({ ref, parents, attributes, tags });

/** Immutable once built. A layer on top of a base adds what only one request knows. */
export class EntityStore {
  readonly #entities = new Map<string, Entity>();
  readonly #ancestors = new Map<string, ReadonlySet<string>>();
  readonly #base: EntityStore | undefined;

  constructor(entities: Iterable<Entity>, base?: EntityStore) {
    for (const each of entities) this.#entities.set(each.ref.key, each);
    this.#base = base;
  }

  get(ref: EntityRef): Entity | undefined {
    return this.#find(ref.key);
  }

  /** Cedar's `in`: the entity itself, or any ancestor. Entities that do not exist have no ancestors. */
  isIn(inner: EntityRef, outer: EntityRef): boolean {
    return inner.key === outer.key || this.#ancestorsOf(inner.key).has(outer.key);
  }

  #find(key: string): Entity | undefined {
    const own = this.#entities.get(key);
    return own === undefined && this.#base !== undefined ? this.#base.#find(key) : own;
  }

  #ancestorsOf(key: string): ReadonlySet<string> {
    const known = this.#ancestors.get(key);
    if (known !== undefined) return known;
    const found = this.#walk(key);
    // Keys come from requests too: only what exists is remembered, so strangers cannot fill the memory.
    if (this.#find(key) !== undefined) this.#ancestors.set(key, found);
    return found;
  }

  #walk(start: string): ReadonlySet<string> {
    const found = new Set<string>();
    const open = [start];
    for (let key = open.pop(); key !== undefined; key = open.pop()) {
      for (const parent of this.#find(key)?.parents ?? []) {
        if (found.has(parent.key)) continue; // a cycle of domains ends here
        found.add(parent.key);
        open.push(parent.key);
      }
    }
    return found;
  }
}
