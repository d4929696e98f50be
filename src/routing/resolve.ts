/**
 * Chooses who gets a call for a capability. Pure: it asks what it must know of the world, and answers the same for the same answers.
 *
 * INVARIANT: nothing that the caller may not call is chosen, named or counted.
 */
import { Range } from 'semver';
import { type AskedCapability, type ChosenProvider, Fault, type Target } from '../contract/index.ts';
import type { CapabilityIndex, Provider } from './capability-index.ts';
import { nearest } from './nearest.ts';
import { RESIDENCY_LABEL } from './place.ts';

export interface Asking {
  readonly tenant: string;
  readonly asked: AskedCapability;
  /** Domain of the caller, or of the node that it asks; empty: the organisation itself. Inside of it is looked first where a hub serves it. */
  readonly from: string;
  /** What policy possibly lets the caller call. Asked without any effect, from the highest version down. */
  readonly mayCall: (target: Target) => boolean;
  /** Has it an endpoint that takes calls? Asked only where several provide the same version. Default: all of them have. */
  readonly isWell?: (provider: Provider) => boolean;
}

/** Longest range that is read; what people write is a tenth of it. */
const MAX_RANGE = 100;
/** Providers of one capability that are looked at for a caller who finds none, and names that are tried for a better one. */
const MAX_LOOKED_AT = 64;
const MAX_GUESSES = 8;
const MAX_LISTED = 10;

/** Throws `bad_request` for a range that is none, and `not_found` with the versions or the nearest name that the caller may know of. */
export const resolveCapability = (index: CapabilityIndex, asking: Asking): ChosenProvider => {
  const fits = fitting(asking.asked);
  const inRange = index.providers(asking.tenant, asking.asked.name).filter(({ version }) => fits.test(version));
  for (const scope of scopesOf(index, asking)) {
    const best = highest(within(inRange, scope, index, asking), asking);
    if (best.length > 0) return chosen({ best, what: 'highest version that fits', scope }, index, asking);
  }
  throw nobody(index, asking);
};

/**
 * Who is next when those of `tried`, the first choice first, could not take the call: of the same version and the same residency as
 * the first, in the same order. Who stands behind the hub of one of them comes after everybody else: that hub may be what is away.
 * Undefined: nobody is left.
 */
export const nextProvider = (
  index: CapabilityIndex,
  asking: Asking,
  tried: readonly ChosenProvider[],
): ChosenProvider | undefined => {
  const all = index.providers(asking.tenant, asking.asked.name);
  const asked = tried.flatMap(({ target, version }) =>
    all.filter((one) => one.version.version === version && isSame(one.target, target)),
  );
  const [first] = asked;
  if (first === undefined) return undefined;
  const left = all.filter(
    (one) =>
      one.version.compare(first.version) === 0 &&
      isAlike(one, first) &&
      !asked.some(({ target }) => isSame(one.target, target)) &&
      asking.mayCall(one.target),
  );
  const hubs = new Set(asked.map(({ entry }) => entry.exportedBy));
  const elsewhere = left.filter(({ entry: { exportedBy } }) => exportedBy === undefined || !hubs.has(exportedBy));
  const some = elsewhere.length > 0 ? elsewhere : left;
  for (const scope of scopesOf(index, asking)) {
    const best = within(some, scope, index, asking);
    if (best.length > 0) return chosen({ best, what: 'same version', scope }, index, asking);
  }
  return undefined;
};

const isSame = (a: Target, b: Target): boolean => a.kind === b.kind && a.name === b.name;

/** Where its data stay is said of a target by the levels that may label it. Saying nothing is another answer than any word. */
const isAlike = (a: Provider, b: Provider): boolean =>
  a.entry.labels[RESIDENCY_LABEL] === b.entry.labels[RESIDENCY_LABEL];

/** Throws `bad_request`. */
export const fitting = ({ name, range }: AskedCapability): Range => {
  try {
    // Pre-releases fit only a range that names one of the same version.
    if (range === null) return new Range('*');
    if (range.trim() !== '' && range.length <= MAX_RANGE) return new Range(range);
  } catch {}
  throw new Fault(
    'bad_request',
    `\`${shown(range ?? '')}\` is no range of versions; ask for \`${shown(name)}@^2\`, \`@~2.3\`, \`@2.3.1\` or \`@>=2.1 <3\``,
  );
};

/** Domains with a hub of their own around the caller, nearest first, then everything: who enters at such a hub and who does not find the same. */
const scopesOf = ({ domains, isDelegated }: CapabilityIndex, { tenant, from }: Asking): readonly string[] => [
  ...domains.chain(tenant, from).filter((domain) => isDelegated(tenant, domain)),
  '',
];

const within = (
  providers: readonly Provider[],
  scope: string,
  { domains }: CapabilityIndex,
  { tenant }: Asking,
): readonly Provider[] =>
  scope === '' ? providers : providers.filter(({ entry }) => domains.chain(tenant, entry.domain).includes(scope));

/** All that may be called of the highest version that has any. */
const highest = (providers: readonly Provider[], { mayCall }: Asking): readonly Provider[] => {
  const first = providers.findIndex(({ target }) => mayCall(target));
  if (first < 0) return [];
  const best = providers[first]!;
  return providers
    .slice(first)
    .filter(
      ({ version, target }) => version.compare(best.version) === 0 && (target === best.target || mayCall(target)),
    );
};

interface Choice {
  /** Not empty, all of one version. */
  readonly best: readonly Provider[];
  /** What they are, in words. */
  readonly what: string;
  readonly scope: string;
}

/** INVARIANT: where the data stay follows from who is nearest, and never from who is well. */
const chosen = ({ best, what, scope }: Choice, index: CapabilityIndex, asking: Asking): ChosenProvider => {
  const { isWell = () => true } = asking;
  const preferred = nearestOf(best, index, asking)[0]!;
  const alike = best.filter((one) => isAlike(one, preferred));
  const well = alike.length === 1 ? alike : alike.filter(isWell);
  const rest = well.length === 0 ? alike : well;
  const near = nearestOf(rest, index, asking);
  const { target, version } = near[0]!;
  const because = [
    what,
    ...(scope === '' ? [] : [`inside domain ${scope}`]),
    ...(alike.length < best.length ? ['of one residency'] : []),
    ...(rest.length < alike.length ? ['well'] : []),
    ...(near.length < rest.length ? ['nearest'] : []),
    ...(near.length > 1 ? ['first by name'] : []),
  ].join(', ');
  return { target, version: version.version, because };
};

const nearestOf = (
  providers: readonly Provider[],
  index: CapabilityIndex,
  { tenant, from }: Asking,
): readonly Provider[] => {
  const places = providers.map(({ entry }) => distance(index, tenant, from, entry.domain));
  const nearestPlace = places.reduce((a, b) => (before(b, a) ? b : a));
  return providers.filter((_, at) => !before(nearestPlace, places[at]!));
};

/** Steps up from one domain to what both are in, then down to the other: own domain, below it, parent, sibling, further away. */
type Distance = readonly [up: number, down: number];

const distance = ({ domains }: CapabilityIndex, tenant: string, from: string, to: string): Distance => {
  const mine = [...domains.chain(tenant, from), ''];
  const theirs = [...domains.chain(tenant, to), ''];
  const up = mine.findIndex((domain) => theirs.includes(domain));
  return [up, theirs.indexOf(mine[up]!)];
};

const before = (a: Distance, b: Distance): boolean => a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);

/** A capability that only others may call reads as one that nobody provides. */
const nobody = (index: CapabilityIndex, asking: Asking): Fault => {
  const { name, range } = asking.asked;
  const versions = versionsSeen(index, asking, name);
  const facts = { capability: shown(name), ...(range === null ? {} : { range: shown(range) }) };
  if (versions.length > 0) {
    const first = versions.slice(0, MAX_LISTED).map((version) => `\`${version}\``);
    const more = versions.length > MAX_LISTED ? ` and ${versions.length - MAX_LISTED} more` : '';
    const what = range === null ? 'in a stable version' : `in a version that fits \`${shown(range)}\``;
    return new Fault(
      'not_found',
      `nobody provides the capability \`${shown(name)}\` ${what}; there ${versions.length === 1 ? 'is' : 'are'} ${first.join(', ')}${more}`,
      { facts: { ...facts, versions } },
    );
  }
  const guess = nearestSeen(index, asking);
  const help =
    guess === undefined ? '`airspace capability ls` lists those that there are' : `did you mean \`${guess}\`?`;
  return new Fault('not_found', `nobody that you may call provides the capability \`${shown(name)}\`; ${help}`, {
    facts,
  });
};

const versionsSeen = (index: CapabilityIndex, { tenant, mayCall }: Asking, name: string): readonly string[] => [
  ...new Set(
    index
      .providers(tenant, name)
      .slice(0, MAX_LOOKED_AT)
      .filter(({ target }) => mayCall(target))
      .map(({ version }) => version.version),
  ),
];

const nearestSeen = (index: CapabilityIndex, asking: Asking): string | undefined => {
  const names = new Set(index.names(asking.tenant));
  names.delete(asking.asked.name);
  for (let guesses = 0; guesses < MAX_GUESSES; guesses++) {
    const guess = nearest(asking.asked.name, names);
    if (guess === undefined || versionsSeen(index, asking, guess).length > 0) return guess;
    names.delete(guess);
  }
  return undefined;
};

/** From outside, safe to print: short, and without control or quoting characters. */
const shown = (text: string): string => {
  const plain = text.replace(/[^\x20-\x5f\x61-\x7e]/g, '?');
  return plain.length > 80 ? `${plain.slice(0, 80)}...` : plain;
};
