/**
 * Promises that contradict each other: what two targets say that they provide is held against each other before it is in force, because
 * the caller of a capability has no say in which of them it reaches. Pure.
 */
import { compare, parse, type SemVer } from 'semver';
import {
  idOf,
  inputOf,
  type Operation,
  operationsOf,
  type Resource,
  type ResourceOf,
  resourceKey,
} from '../../contract/index.ts';
import type { Checked, Configuration } from '../configuration.ts';
import { quote } from '../problems.ts';
import { accepts } from './accepts.ts';
import { promised, type Schema } from './schema.ts';

type Target = ResourceOf<'Agent' | 'Tool' | 'Model'>;

/** One operation that provides one version. */
interface Promised {
  readonly target: Target;
  readonly operation: Operation;
  readonly capability: string;
  readonly version: SemVer;
  readonly shared: boolean;
}

/** `originOf` names the file that a resource came from. */
export const provisionConflicts = (configuration: Configuration, originOf: (key: string) => string): Checked => {
  const found = new Found(originOf);
  for (const same of byCapability(configuration).values()) {
    for (const equal of Map.groupBy(same, ({ version }) => version.version).values()) found.equal(equal);
    const stable = same.filter(({ version }) => version.prerelease.length === 0);
    for (const line of Map.groupBy(stable, ({ version }) => lineOf(version)).values()) {
      found.unknownInputs(line);
      const known = line.filter(({ operation }) => inputOf(operation) !== undefined);
      for (const [older, newer] of pairs(known)) found.incompatible(older, newer);
    }
  }
  return found;
};

/** Targets whose own best version of something is lower than it was: whoever asks for the higher one finds it no more. */
export const goingBack = (
  before: Configuration,
  after: Configuration,
  originOf: (key: string) => string,
): readonly string[] => {
  const was = bestOf(before);
  return [...bestOf(after)].flatMap(([key, now]) => {
    const then = was.get(key);
    if (then === undefined || then.version.compare(now.version) <= 0) return [];
    return [
      `${originOf(keyOf(now))}: ${spoken(now)}: provides \`${now.capability}\` in version ${now.version}, and provided ${then.version} before; whoever asks for \`^${then.version}\` gets it from somebody else, or not at all`,
    ];
  });
};

/** Within one line a newer version takes what an older one took: before 1.0.0 the second number stands for the first, and before 0.1.0 the third. */
const lineOf = ({ major, minor, patch }: SemVer): string =>
  major > 0 ? `${major}` : minor > 0 ? `0.${minor}` : `0.0.${patch}`;

class Found implements Checked {
  readonly problems: string[] = [];
  readonly warnings: string[] = [];
  readonly #originOf: (key: string) => string;

  constructor(originOf: (key: string) => string) {
    this.#originOf = originOf;
  }

  /** The same version may come from two places only if those who answer for them know of each other. */
  equal(same: readonly Promised[]): void {
    const own = new Map<string, Promised>();
    const told = new Set<Promised>();
    for (const one of same) {
      const before = own.get(keyOf(one));
      own.set(keyOf(one), before ?? one);
      if (before !== undefined)
        this.problems.push(
          `${this.#at(one)}: provides ${versionOf(one)} by the operations \`${before.operation.name}\` and \`${one.operation.name}\`; keep one of them, or give one another version`,
        );
      const other = one.shared || told.has(one) ? undefined : same.find((two) => ownerOf(two) !== ownerOf(one));
      if (other === undefined) continue;
      told.add(other);
      this.#rivals(one, other);
    }
  }

  /** Told to whoever brings one of them: the other may be there already. */
  #rivals(one: Promised, other: Promised): void {
    const [mine, theirs] = this.#isNew(one) || !this.#isNew(other) ? [one, other] : [other, one];
    this.problems.push(
      `${this.#at(mine)}: provides ${versionOf(mine)}, and so does ${this.#of(theirs)}; it belongs to ${ownerOf(mine)} and the other to ${ownerOf(theirs)}: take another version, or let both say \`shared: true\``,
    );
  }

  /** It has a file, and is not only known by its key. */
  #isNew(one: Promised): boolean {
    return this.#originOf(keyOf(one)) !== keyOf(one);
  }

  unknownInputs(line: readonly Promised[]): void {
    const known = line.find(({ operation }) => inputOf(operation) !== undefined);
    if (known === undefined) return;
    for (const one of line)
      if (inputOf(one.operation) === undefined)
        this.warnings.push(
          `${this.#at(one)}: \`${one.operation.name}\` provides \`${one.capability}\` ${one.version} without a schema of its input, and ${this.#of(known)} has one; say \`input\`, so that both can be compared and policies can read the arguments`,
        );
  }

  /** Two of one version are asked both ways: callers reach either. */
  incompatible(older: Promised, newer: Promised): void {
    this.#narrower(older, newer);
    if (older.version.compare(newer.version) === 0) this.#narrower(newer, older);
  }

  #narrower(older: Promised, newer: Promised): void {
    const result = accepts(inputOf(newer.operation) as Schema, promised(inputOf(older.operation) as Schema));
    if (result.answer === 'yes') return;
    const what = `\`${newer.capability}\` ${newer.version}`;
    const of = `${older.version} of ${this.#of(older)}, which belongs to ${ownerOf(older)},`;
    if (result.answer === 'unknown')
      return void this.warnings.push(
        `${this.#at(newer)}: it cannot be told whether ${what} takes everything that ${of} takes; compare the two schemas of the input`,
      );
    this.problems.push(
      `${this.#at(newer)}: ${what} does not take ${quote(JSON.stringify(result.example))}, which ${of} takes; it belongs to ${ownerOf(newer)}: a change that breaks callers needs the version ${brokenTo(newer.version)}`,
    );
  }

  #at(one: Promised): string {
    return `${this.#originOf(keyOf(one))}: ${spoken(one)}`;
  }

  /** With its file, where that is not its key. */
  #of(one: Promised): string {
    return this.#isNew(one) ? `${spoken(one)} (${this.#originOf(keyOf(one))})` : spoken(one);
  }
}

const brokenTo = ({ major, minor, patch }: SemVer): string =>
  major > 0 ? `${major + 1}.0.0` : minor > 0 ? `0.${minor + 1}.0` : `0.0.${patch + 1}`;

const keyOf = ({ target }: Promised): string => resourceKey(idOf(target));
const versionOf = ({ capability, version }: Promised): string => `\`${capability}\` in version ${version}`;
const spoken = ({ target }: Promised): string => `${target.kind} \`${target.metadata.name}\``;

/** A team, or else whose domain it is in. */
const ownerOf = ({ target: { metadata } }: Promised): string => {
  if (metadata.owner !== undefined) return `team \`${metadata.owner}\``;
  return metadata.domain === undefined ? 'the organisation' : `domain \`${metadata.domain}\``;
};

/** Neighbours in the order of versions: what each takes of the one before, all take of all before. */
const pairs = (ordered: readonly Promised[]): readonly (readonly [Promised, Promised])[] =>
  ordered.slice(1).map((one, at) => [ordered[at]!, one]);

const byCapability = (configuration: Configuration): ReadonlyMap<string, readonly Promised[]> => {
  const all = [...configuration.values()].filter(isTarget).flatMap(promisesOf);
  const ordered = all.sort((a, b) => compare(a.version, b.version) || (keyOf(a) < keyOf(b) ? -1 : 1));
  return Map.groupBy(ordered, ({ target, capability }) => `${target.metadata.tenant}/${capability}`);
};

const isTarget = (resource: Resource): resource is Target =>
  resource.kind === 'Agent' || resource.kind === 'Tool' || resource.kind === 'Model';

const promisesOf = (target: Target): readonly Promised[] =>
  operationsOf(target.spec.protocol, target.spec.operations).flatMap((operation) =>
    (operation.provides ?? []).flatMap(({ capability, version: text, shared = false }): Promised[] => {
      const version = parse(text);
      return version === null ? [] : [{ target, operation, capability, version, shared }];
    }),
  );

const bestOf = (configuration: Configuration): ReadonlyMap<string, Promised> => {
  const best = new Map<string, Promised>();
  // In the order of versions, so that the last one stays.
  for (const [, same] of byCapability(configuration))
    for (const one of same) if (one.version.prerelease.length === 0) best.set(`${keyOf(one)} ${one.capability}`, one);
  return best;
};
