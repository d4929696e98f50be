/** The control plane: takes wishes for the whole configuration, checks and compiles them before it commits, and publishes what came out. */
import {
  type ApplyRequest,
  type ApplyResult,
  type Change,
  type Clock,
  type ControlPort,
  Fault,
  idOf,
  type NodeStore,
  type PolicyCandidate,
  type Resource,
  type ResourceDiff,
  type ResourceId,
  type ResourceStore,
  type Revision,
  type RevisionChange,
  type Rights,
  resourceKey,
  type Snapshot,
  type StoredResource,
} from '../contract/index.ts';
import { checkConfiguration, checkDuplicates, type ExistsAbove } from './check.ts';
import { type CompilePolicy, compile, type Draft } from './compile.ts';
import type { Checked, Configuration } from './configuration.ts';
import { difference } from './difference.ts';
import { exportProblems } from './exported.ts';
import type { Conflict } from './federate.ts';
import { deletableBy, keepingSources, ownershipProblems } from './ownership.ts';
import { policyOf, type TenantPolicy, withPolicy } from './policy.ts';
import { refuseIfAny } from './problems.ts';
import { goingBack } from './provisions/index.ts';
import { checkShape } from './shape.ts';

export interface ControlParts {
  readonly resources: ResourceStore;
  readonly nodes: NodeStore;
  readonly compilePolicy: CompilePolicy;
  /** What the author should know about policy that is accepted, of one tenant. Default: nothing. */
  readonly remarksOn?: (policy: Snapshot['policy'], tenant: string) => readonly string[];
  readonly clock: Clock;
  /** Receives every new snapshot, in order. Must not throw. */
  readonly publish: (snapshot: Snapshot) => void;
  /** Releases of policy on trial. Default: none ever. */
  readonly trials?: Trials;
  /** What may not be changed without a release. Default: everything may. */
  readonly gate?: Gate;
  /** Of a domain hub: what the levels above say. Absent at the root: nobody is above. */
  readonly standing?: Standing;
}

/** What the configuration of a domain stands on. */
export interface Standing {
  /** The resource with what goes without saying there: the domain that it is in. */
  settled(resource: Resource): Resource;
  readonly existsAbove: ExistsAbove;
  /** What of a configuration the levels above leave no room for. Throws `stale` before anything was heard of them. */
  conflicts(configuration: Configuration, draft: Draft): readonly Conflict[];
  /** Everything that is published: theirs and ours. */
  whole(draft: Draft): Pick<Snapshot, 'above'> & Draft;
  /** The own part when it was last compiled, for when it no longer compiles on what is above by now. */
  keep(draft: Draft, revision: number): Promise<void>;
  /** Answers what was kept; undefined when there is nothing. Says why it was needed. */
  kept(why: unknown): Promise<Draft | undefined>;
}

/** Asked about every change that is no release, before anything is written. Throws `denied` when it must come as one. */
export type Gate = (before: Configuration, after: Configuration) => Promise<void>;

/** Asked with every configuration that is about to be published. */
export interface Trials {
  /** What is on trial beside this configuration. Must not throw: a release that no longer fits is left out. */
  candidates(configuration: Configuration): Promise<readonly PolicyCandidate[]>;
  /** It is out: what became of the releases that it does not carry can be written down. Must not throw. */
  published(configuration: Configuration, snapshot: Snapshot): Promise<void>;
}

/** A change of one tenant's policy and of nothing else, by the release train: what it asks of a release is asked there. */
export interface PolicyWish {
  readonly tenant: string;
  readonly by: string;
  readonly rights: Rights;
  readonly reason: string;
  /** All bundles and facts of the tenant as they are to be. May throw, to refuse what is there now. `isTheirs`: they may take it away. */
  readonly turn: (present: TenantPolicy, isTheirs: (resource: Resource) => boolean) => TenantPolicy;
  readonly originOf?: (key: string) => string;
  readonly rollbackOf?: number;
}

/** A configuration as it is and as it would be; everything that can be refused was refused. */
export interface Preview {
  readonly before: Configuration;
  readonly after: Configuration;
  readonly warnings: readonly string[];
}

/** What somebody wants, before anything is checked against the present. */
interface Wish {
  readonly by: string;
  readonly rights: Rights;
  readonly reason: string;
  readonly dryRun: boolean;
  readonly ifRevision?: number | undefined;
  readonly ifVersions?: Readonly<Record<string, number>> | undefined;
  readonly rollbackOf?: number | undefined;
  /** It comes from the release train, so the gate is not asked. */
  readonly isRelease?: true;
  /** The configuration that is to be. May throw. */
  readonly turn: (before: Configuration) => Promise<Configuration> | Configuration;
  /** Where a resource came from, for messages. */
  readonly originOf: (key: string) => string;
  /** Keys of the resources that the request names; absent when it names none. */
  readonly named?: ReadonlySet<string>;
}

/** A wish that was checked and compiled against one revision. */
interface Prepared {
  readonly base: Base;
  readonly after: Configuration;
  readonly diffs: readonly ResourceDiff[];
  readonly warnings: readonly string[];
  readonly draft: Draft;
}

interface Base {
  readonly revision: number;
  readonly configuration: Configuration;
  readonly versions: ReadonlyMap<string, number>;
}

/** Another replica may commit between our look and our commit; without a condition from the author we look again. */
const LOOKS = 5;

export class ControlPlane implements ControlPort {
  readonly #parts: ControlParts;
  #published: Snapshot | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(parts: ControlParts) {
    this.#parts = parts;
  }

  /**
   * Publishes the stored configuration unless the newest revision is out already: at start, and when another replica may have committed.
   * Throws when what is stored no longer compiles.
   */
  refresh(): Promise<Snapshot> {
    return this.#alone(async () => {
      const base = await this.#look();
      if (this.#published?.revision === base.revision) return this.#published;
      return this.#again(base);
    });
  }

  /** What another hub may have changed: publishes it, unless it is out already. Throws like `refresh`. */
  follow(): Promise<void> {
    return this.#alone(async () => {
      const base = await this.#look();
      const out = this.#published;
      const isOut = out?.revision === base.revision;
      // They are compiled to be compared, so only where nothing else has changed.
      if (isOut && namesOf(out.candidates ?? []) === namesOf(await this.#candidates(base.configuration))) return;
      await this.#again(base);
    });
  }

  /** The same configuration under a new number, because what is on trial beside it has changed. */
  republish(): Promise<Snapshot> {
    return this.#alone(async () => this.#again(await this.#look()));
  }

  /** Throws `bad_request` and `denied` like `apply`, and changes nothing. */
  async preview(wish: PolicyWish): Promise<Preview> {
    const { base, after, warnings } = await this.#prepare(policyWish(wish));
    return { before: base.configuration, after, warnings };
  }

  replacePolicy(wish: PolicyWish): Promise<ApplyResult> {
    return this.#fulfil(policyWish(wish));
  }

  /** The newest published snapshot; undefined before the first. */
  get snapshot(): Snapshot | undefined {
    return this.#published;
  }

  apply(request: ApplyRequest): Promise<ApplyResult> {
    return this.#fulfil(wishOf(request));
  }

  async diff(request: ApplyRequest): Promise<readonly ResourceDiff[]> {
    return (await this.#prepare(wishOf(request))).diffs;
  }

  async list(filter: Parameters<ControlPort['list']>[0]): Promise<readonly StoredResource[]> {
    const { resources } = await this.#parts.resources.list();
    return resources.filter(
      ({ resource: { kind, metadata } }) =>
        (filter.tenant === null || metadata.tenant === filter.tenant) &&
        (filter.kind === undefined || kind === filter.kind) &&
        (filter.name === undefined || metadata.name === filter.name),
    );
  }

  /** Throws `not_found` naming every one that does not exist; then nothing is removed. */
  remove(
    ids: readonly ResourceId[],
    by: string,
    reason: string,
    dryRun: boolean,
    rights: Rights,
  ): Promise<ApplyResult> {
    const keys = ids.map(resourceKey);
    const turn = (before: Configuration): Configuration => {
      const missing = keys.filter((key) => !before.has(key));
      if (missing.length > 0)
        throw new Fault('not_found', `there is no ${missing.map((key) => `\`${key}\``).join(', ')}`);
      return new Map([...before].filter(([key]) => !keys.includes(key)));
    };
    return this.#fulfil({ by, rights, reason, dryRun, turn, originOf: (key) => key });
  }

  history(limit: number, key?: string): Promise<readonly Revision[]> {
    return this.#parts.resources.history(limit, key);
  }

  async changes(revision: number): Promise<readonly RevisionChange[]> {
    const after = (await this.#parts.resources.list(revision)).resources;
    const before = revision === 0 ? [] : (await this.#parts.resources.list(revision - 1)).resources;
    const [was, is] = [versionsOf(before), versionsOf(after)];
    return difference(configurationOf(before), configurationOf(after))
      .filter(({ change }) => change !== 'none')
      .map((diff) => ({ ...diff, fromVersion: was.get(diff.key) ?? null, toVersion: is.get(diff.key) ?? null }));
  }

  /** A new revision with the old content. Throws `not_found` for an unknown revision, `bad_request` when it no longer compiles. */
  async rollback(
    toRevision: number,
    by: string,
    reason: string,
    dryRun: boolean,
    rights: Rights,
  ): Promise<ApplyResult> {
    let revived: readonly string[] = [];
    const turn = async (before: Configuration): Promise<Configuration> => {
      const then = configurationOf((await this.#parts.resources.list(toRevision)).resources);
      revived = [...then.values()]
        .filter(({ kind }) => kind === 'Key')
        .map(keyOf)
        .filter((key) => !before.has(key));
      return then;
    };
    const originOf = (key: string): string => `revision ${toRevision}, ${key}`;
    const result = await this.#fulfil({ by, rights, reason, dryRun, turn, originOf, rollbackOf: toRevision });
    const warnings = revived.map(
      (key) => `\`${key}\` was deleted since and works again now; remove it if it was revoked`,
    );
    return { ...result, warnings: [...result.warnings, ...warnings] };
  }

  #fulfil(wish: Wish): Promise<ApplyResult> {
    return this.#alone(async () => {
      for (let look = 1; ; look++) {
        const prepared = await this.#prepare(wish);
        try {
          return await this.#commit(wish, prepared);
        } catch (thrown) {
          const raced = thrown instanceof Fault && thrown.code === 'conflict' && !isConditional(wish);
          if (!raced || look === LOOKS) throw thrown;
        }
      }
    });
  }

  /** INVARIANT: everything that can be refused is refused here, before anything is written. */
  async #prepare(wish: Wish): Promise<Prepared> {
    const base = await this.#look();
    refuseStale(wish, base);
    const { standing } = this.#parts;
    const wanted = await wish.turn(base.configuration);
    const after = keepingSources(wish.rights, base.configuration, settledBy(standing, wanted));
    const changes = difference(base.configuration, after);
    refuseIfAny(exportProblems(wish.rights, changes, wish.originOf), 'denied');
    refuseIfAny(ownershipProblems(wish.rights, base.configuration, changes, wish.originOf), 'denied');
    const wallMs = this.#parts.clock.wallMs();
    const { problems, warnings }: Checked = checkConfiguration(after, wish.originOf, wallMs, standing?.existsAbove);
    refuseIfAny(problems);
    // What nobody named and nothing changed is no part of the answer.
    const diffs = changes.filter(({ key, change }) => change !== 'none' || wish.named?.has(key) === true);
    const draft = await compile(after, this.#parts.compilePolicy, wish.originOf, wallMs);
    refuseIfAny(conflictsOf(standing?.conflicts(after, draft) ?? [], changes, wish.originOf), 'conflict');
    if (wish.isRelease !== true) await this.#parts.gate?.(base.configuration, after);
    const lower = goingBack(base.configuration, after, wish.originOf);
    return { base, after, diffs, warnings: [...warnings, ...lower, ...this.#remarks(draft, diffs)], draft };
  }

  /** Only of tenants that something changes for: whoever changes one learns nothing of the others. */
  #remarks({ policy }: Draft, diffs: readonly ResourceDiff[]): readonly string[] {
    const changed = diffs.filter(({ change }) => change !== 'none');
    const tenants = new Set(changed.map(({ key }) => key.split('/', 1)[0] ?? ''));
    return [...tenants].flatMap((tenant) => this.#parts.remarksOn?.(policy, tenant) ?? []);
  }

  async #commit(wish: Wish, { base, after, diffs, warnings, draft }: Prepared): Promise<ApplyResult> {
    const changed = diffs.some(({ change }) => change !== 'none');
    if (wish.dryRun || !changed) {
      return { revision: base.revision, snapshotSeq: this.#published?.seq ?? 0, diffs, warnings };
    }
    // Before the commit: a number that is never used is harmless, a commit that cannot be published is not.
    const seq = await this.#nextSeq();
    const whole = await this.#withTrials(draft, after);
    const { revision } = await this.#parts.resources.commit(changeOf(wish, base, diffs), this.#parts.clock.wallMs());
    await this.#parts.standing?.keep(draft, revision);
    await this.#publish(whole, revision, seq, after);
    return { revision, snapshotSeq: seq, diffs, warnings };
  }

  async #again({ configuration, revision }: Pick<Base, 'configuration' | 'revision'>): Promise<Snapshot> {
    const draft = await this.#draftOf({ configuration, revision });
    return this.#publish(await this.#withTrials(draft, configuration), revision, await this.#nextSeq(), configuration);
  }

  /**
   * What the levels above say by now may not fit what is stored here any more, and must come into force all the same: then the
   * own part stays as it was compiled last.
   */
  async #draftOf({ configuration, revision }: Pick<Base, 'configuration' | 'revision'>): Promise<Draft> {
    const { standing, compilePolicy, clock } = this.#parts;
    try {
      const draft = await compile(configuration, compilePolicy, undefined, clock.wallMs());
      await standing?.keep(draft, revision);
      return draft;
    } catch (thrown) {
      const kept = await standing?.kept(thrown);
      if (kept === undefined) throw thrown;
      return kept;
    }
  }

  async #withTrials(draft: Draft, configuration: Configuration): Promise<Draft> {
    const candidates = await this.#candidates(configuration);
    return candidates.length === 0 ? draft : { ...draft, candidates };
  }

  async #candidates(configuration: Configuration): Promise<readonly PolicyCandidate[]> {
    return (await this.#parts.trials?.candidates(configuration)) ?? [];
  }

  #nextSeq(): Promise<number> {
    return this.#parts.nodes.next('snapshot');
  }

  async #publish(draft: Draft, revision: number, seq: number, configuration: Configuration): Promise<Snapshot> {
    const whole = this.#parts.standing?.whole(draft) ?? draft;
    const snapshot: Snapshot = { seq, revision, createdAtMs: this.#parts.clock.wallMs(), ...whole };
    this.#published = snapshot;
    this.#parts.publish(snapshot);
    await this.#parts.trials?.published(configuration, snapshot);
    return snapshot;
  }

  async #look(): Promise<Base> {
    const { revision, resources } = await this.#parts.resources.list();
    return { revision, configuration: configurationOf(resources), versions: versionsOf(resources) };
  }

  /** One change after the other, in the order in which they came. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => {});
    return result;
  }
}

const settledBy = (standing: Standing | undefined, configuration: Configuration): Configuration =>
  standing === undefined
    ? configuration
    : new Map([...configuration].map(([key, resource]) => [key, standing.settled(resource)]));

/** Of what this request changes: what became impossible without it is no reason to refuse it. */
const conflictsOf = (
  conflicts: readonly Conflict[],
  changes: readonly ResourceDiff[],
  originOf: (key: string) => string,
): readonly string[] => {
  const changed = new Set(changes.filter(({ change }) => change !== 'none').map(({ key }) => key));
  return conflicts
    .filter(({ key }) => changed.has(key))
    .map(({ key, why }) => `${originOf(key)}: ${named(key)}: ${why}`);
};

const named = (key: string): string => {
  const [, kind = '', name = ''] = key.split('/');
  return `${kind} \`${name}\``;
};

/** What of releases on trial makes a difference to nodes; rules of one version are the same rules. */
const namesOf = (candidates: readonly PolicyCandidate[]): string =>
  JSON.stringify(candidates.map(({ policy, ...candidate }) => [candidate, policy.version]));

const keyOf = (resource: Resource): string => resourceKey(idOf(resource));

const versionsOf = (resources: readonly StoredResource[]): ReadonlyMap<string, number> =>
  new Map(resources.map(({ resource, version }) => [keyOf(resource), version]));

const configurationOf = (resources: readonly StoredResource[]): Configuration =>
  new Map(resources.map(({ resource }) => [keyOf(resource), resource]));

const wishOf = (request: ApplyRequest): Wish => {
  const { by, rights, reason, dryRun, ifRevision, ifVersions } = request;
  const shaped = checkShape(request, request.tenant);
  const problems = [...shaped.problems, ...checkDuplicates(shaped.resources)];
  const origins = new Map(shaped.resources.map(({ resource, origin }) => [keyOf(resource), origin]));
  const turn = (before: Configuration): Configuration => {
    refuseIfAny(problems);
    const isTheirs = deletableBy(rights, request.tenant, before);
    const kept = [...before].filter(([, resource]) => !request.prune || !isTheirs(resource));
    return new Map([
      ...kept,
      ...shaped.resources.map(({ resource }): [string, Resource] => [
        keyOf(resource),
        keepingDigest(resource, before.get(keyOf(resource))),
      ]),
    ]);
  };
  const originOf = (key: string): string => origins.get(key) ?? key;
  return { by, rights, reason, dryRun, ifRevision, ifVersions, turn, originOf, named: new Set(origins.keys()) };
};

/** What nobody is shown nobody can say again: a key without a digest is the key that was there. */
const keepingDigest = (resource: Resource, before: Resource | undefined): Resource => {
  if (resource.kind !== 'Key' || before?.kind !== 'Key' || resource.spec.secretHash !== undefined) return resource;
  return { ...resource, spec: { ...resource.spec, secretHash: before.spec.secretHash } };
};

const policyWish = ({ tenant, turn, originOf, ...wish }: PolicyWish): Wish => ({
  ...wish,
  dryRun: false,
  isRelease: true,
  originOf: originOf ?? ((key) => key),
  turn: (before) =>
    withPolicy(before, tenant, turn(policyOf(before, tenant), deletableBy(wish.rights, tenant, before))),
});

const isConditional = (wish: Wish): boolean => wish.ifRevision !== undefined || wish.ifVersions !== undefined;

/** The store checks again when it commits; a dry run must say the same before. */
const refuseStale = (wish: Wish, base: Base): void => {
  if (wish.ifRevision !== undefined && wish.ifRevision !== base.revision) {
    throw new Fault(
      'conflict',
      `you looked at revision ${wish.ifRevision}, and the configuration is at ${base.revision} now; look again and apply on top of it`,
      { facts: { expected: wish.ifRevision, actual: base.revision } },
    );
  }
  for (const [key, expected] of Object.entries(wish.ifVersions ?? {})) {
    const actual = base.versions.get(key) ?? 0;
    if (expected !== actual) {
      throw new Fault(
        'conflict',
        `\`${key}\` is at version ${actual}, not ${expected}; look again and apply on top of it`,
        {
          facts: { expected, actual, key },
        },
      );
    }
  }
};

/** Always conditional on the revision that was looked at: what was checked and compiled is what gets committed. */
const changeOf = (wish: Wish, base: Base, diffs: readonly ResourceDiff[]): Change => ({
  puts: diffs.flatMap(({ change, after }) => (after !== null && change !== 'none' ? [after] : [])),
  deletes: diffs.flatMap(({ before, after }) => (before !== null && after === null ? [idOf(before)] : [])),
  by: wish.by,
  reason: wish.reason,
  ifRevision: base.revision,
  ...(wish.ifVersions === undefined ? {} : { ifVersions: wish.ifVersions }),
  ...(wish.rollbackOf === undefined ? {} : { rollbackOf: wish.rollbackOf }),
});
