/** The ground under the configuration of a domain hub: the last snapshot of its parent, and what of its own that leaves room for. */
import { Fault, type Resource, resourceKey, type Snapshot } from '../contract/index.ts';
import { existsAbove, widenedBy } from './above.ts';
import type { Draft, PolicyWorld } from './compile.ts';
import type { Configuration } from './configuration.ts';
import { type Conflict, type DomainPlace, draftOf, federate } from './federate.ts';
import type { Standing } from './plane.ts';

/** Where the own part that was compiled last is kept. */
export interface OwnPart {
  load(): Promise<Draft | undefined>;
  save(draft: Draft, revision: number): Promise<void>;
}

export interface StandingParts {
  readonly place: DomainPlace;
  /** Id of the parent. */
  readonly parent: string;
  readonly own: OwnPart;
  /** Hears what the levels above left no room for, whenever that changes. */
  readonly noted: (conflicts: readonly string[]) => void;
}

export class DomainStanding implements Standing {
  readonly #parts: StandingParts;
  #above: Snapshot | undefined;
  #own: Draft | undefined;
  #left: readonly string[] = [];
  #stale: string | undefined;

  constructor(parts: StandingParts) {
    this.#parts = parts;
  }

  /** The parent's snapshot in force; undefined before the first. */
  get above(): Snapshot | undefined {
    return this.#above;
  }

  /** What is configured here and not in force, each with why; empty when all of it is. */
  get left(): readonly string[] {
    return this.#stale === undefined ? this.#left : [this.#stale, ...this.#left];
  }

  stand(above: Snapshot): void {
    this.#above = above;
  }

  /** Everything on another parent's snapshot, for a try. Throws when the two do not go together at all. */
  tried(above: Snapshot): Draft {
    return federate(draftOf(above), this.#own ?? nothingOn(above), this.#parts.place).draft;
  }

  settled(resource: Resource): Resource {
    const { domain, tenant } = this.#parts.place;
    if (resource.metadata.tenant !== tenant) return resource;
    if (resource.kind === 'Domain')
      return resource.spec.parent === undefined
        ? { ...resource, spec: { ...resource.spec, parent: domain } }
        : resource;
    return resource.metadata.domain === undefined && LIVES_SOMEWHERE.has(resource.kind)
      ? ({ ...resource, metadata: { ...resource.metadata, domain } } as Resource)
      : resource;
  }

  readonly existsAbove: Standing['existsAbove'] = (...asked) => existsAbove(this.#ground())(...asked);

  conflicts(configuration: Configuration, draft: Draft): readonly Conflict[] {
    const { conflicts } = federate(draftOf(this.#ground()), draft, this.#parts.place);
    const levels = [...configuration.values()].filter(
      (one) => one.kind === 'PolicyBundle' || one.kind === 'TreeLimits',
    );
    // What is about a level is called otherwise than its level.
    const keysOf = ({ key }: Conflict): readonly string[] => {
      const [tenant, kind, level] = key.split('/');
      const named = levels.filter(
        (one) => one.kind === kind && one.metadata.tenant === tenant && one.spec.level === level,
      );
      return named.length === 0 ? [key] : named.map((one) => keyOf(one));
    };
    return [
      ...conflicts.flatMap((conflict) => keysOf(conflict).map((key) => ({ ...conflict, key }))),
      ...this.#people(configuration),
    ];
  }

  /** Of people without a key a snapshot says nothing. */
  #people(configuration: Configuration): readonly Conflict[] {
    const isAbove = existsAbove(this.#ground());
    return [...configuration.values()].flatMap((resource): Conflict[] => {
      if (resource.kind !== 'User' || !isAbove(resource.metadata.tenant, 'User', resource.metadata.name)) return [];
      return [{ key: keyOf(resource), why: 'the name is taken by the levels above; take another one' }];
    });
  }

  /** The same for a try: nobody hears of it. */
  on(draft: Draft): Draft {
    return federate(draftOf(this.#ground()), draft, this.#parts.place).draft;
  }

  widened(world: PolicyWorld): PolicyWorld {
    return this.#above === undefined ? world : widenedBy(world, this.#above, this.#parts.place.node);
  }

  whole(draft: Draft): Pick<Snapshot, 'above'> & Draft {
    const above = this.#ground();
    const { parent, place, noted } = this.#parts;
    const { draft: whole, conflicts } = federate(draftOf(above), draft, place);
    const left = conflicts.map(({ key, why }) => `${key.slice(key.indexOf('/') + 1)}: ${why}`);
    if (JSON.stringify(left) !== JSON.stringify(this.#left)) noted(left);
    this.#left = left;
    return { above: [{ hub: parent, seq: above.seq }, ...(above.above ?? [])], ...whole };
  }

  async keep(draft: Draft, revision: number): Promise<void> {
    this.#own = draft;
    this.#stale = undefined;
    try {
      await this.#parts.own.save(draft, revision);
    } catch (thrown) {
      // It is in force and in the store; only a restart under another parent's snapshot would miss it.
      this.#parts.noted([`what was compiled could not be kept on disk: ${Fault.from(thrown).message}`]);
    }
  }

  async kept(why: unknown): Promise<Draft | undefined> {
    this.#own ??= await this.#parts.own.load();
    const reason = `the own configuration no longer fits what is above, and runs as it was: ${Fault.from(why).message}`;
    if (this.#own !== undefined && this.#stale !== reason) this.#parts.noted([reason]);
    this.#stale = reason;
    return this.#own;
  }

  #ground(): Snapshot {
    if (this.#above === undefined)
      throw new Fault('stale', 'this hub has not heard from its parent yet, so nobody knows what it may say');
    return this.#above;
  }
}

/** Kinds that stand in a domain. Of the others it means nothing, or something else says it. */
const LIVES_SOMEWHERE: ReadonlySet<Resource['kind']> = new Set([
  'Agent',
  'Tool',
  'Model',
  'User',
  'Budget',
  'Route',
  'Team',
  'Plan',
]);

const keyOf = ({ kind, metadata: { tenant, name } }: Resource): string => resourceKey({ tenant, kind, name });

/** A domain that says nothing for itself. */
export const nothingOn = ({ policy }: Pick<Snapshot, 'policy'>): Draft => ({
  targets: [],
  routes: [],
  domains: [],
  keys: [],
  policy: { ...policy, arguments: [], facts: [], levels: [] },
});
