/**
 * Who may change what. An attribute belongs to the level that decides by it: a domain owns its own policy and how its targets
 * run, and what levels above read (labels, effects, who belongs where) is the organisation's. Pure.
 */
import type { Resource, ResourceDiff, ResourceOf, Rights } from '../contract/index.ts';
import { knownNodes } from '../identity/index.ts';
import type { Configuration } from './configuration.ts';
import { difference } from './difference.ts';

/** Name of a domain; empty: the organisation. */
type Owner = string;

/** A field that changes, and whose it is. */
interface Owned {
  readonly path: string;
  readonly owner: Owner;
  /** Why, where it is not plain. */
  readonly because?: string;
}

type Change = Pick<ResourceDiff, 'change' | 'before' | 'after' | 'paths'>;
type Target = ResourceOf<'Agent' | 'Tool' | 'Model'>;

/**
 * One sentence for every change that somebody may not make. `before` is the configuration in force: parents of domains are what it
 * says and never what the request says.
 */
export const ownershipProblems = (
  rights: Rights,
  before: Configuration,
  diffs: readonly ResourceDiff[],
  originOf: (key: string) => string,
): readonly string[] => {
  // What a hub exports is its own, and `exportProblems` keeps it to that.
  if (rights.kind === 'tenant' || rights.exporter !== undefined) return [];
  const isTheirs = ownerIn(rights, before);
  const changes = diffs.filter(({ change }) => change !== 'none');
  const own = changes.filter((diff) => tenantOf(diff) === rights.tenant);
  // Of other tenants nobody learns so much as a name.
  const foreign = own.length < changes.length ? ['it would also change what is not in your tenant'] : [];
  return [
    ...own.flatMap((diff) =>
      ownedBy(diff, before)
        .filter(({ owner }) => !isTheirs(owner))
        .map((owned) => `${originOf(diff.key)}: ${sentence(diff, owned)}`),
    ),
    ...foreign,
  ];
};

/**
 * Which file a policy came from is a note for messages. A checkout that lies elsewhere says of levels that are not theirs what is so
 * already, and must not be refused for that.
 */
export const keepingSources = (rights: Rights, before: Configuration, after: Configuration): Configuration => {
  if (rights.kind === 'tenant') return after;
  const isTheirs = ownerIn(rights, before);
  const moved = difference(before, after).filter(
    (diff) =>
      diff.change === 'update' &&
      diff.paths.every((path) => SOURCE.test(path)) &&
      ownedBy(diff, before).some(({ owner }) => !isTheirs(owner)),
  );
  return new Map([...after, ...moved.map(({ key }): [string, Resource] => [key, before.get(key)!])]);
};

const SOURCE = /^spec\.(policies|limits)\.source$/;

/** May they delete it? So nobody's prune takes away what is not theirs. */
export const deletableBy = (
  rights: Rights,
  tenant: string,
  before: Configuration,
): ((resource: Resource) => boolean) => {
  const exporter = rights.kind === 'domains' ? rights.exporter : undefined;
  const isIn = ({ metadata }: Resource): boolean => metadata.tenant === tenant && metadata.exportedBy === exporter;
  if (rights.kind === 'tenant' || exporter !== undefined) return isIn;
  const isTheirs = ownerIn(rights, before);
  return (resource) => isIn(resource) && ownedBy(deleted(resource), before).every(({ owner }) => isTheirs(owner));
};

const ownerIn = (
  { tenant, domains }: Extract<Rights, { kind: 'domains' }>,
  before: Configuration,
): ((owner: Owner) => boolean) => {
  const { isWithin } = knownNodes({ targets: [], domains: domainsOf(before) }, () => undefined);
  return (owner) => owner !== '' && domains.some((domain) => isWithin(tenant, owner, domain));
};

const domainsOf = (before: Configuration) =>
  [...before.values()].flatMap((resource) => {
    if (resource.kind !== 'Domain') return [];
    const { metadata, spec } = resource;
    return [{ tenant: metadata.tenant, name: metadata.name, parent: spec.parent ?? '', delegated: spec.delegated }];
  });

const deleted = (before: Resource): Change => ({ change: 'delete', before, after: null, paths: [] });

const shownOf = ({ before, after }: Change): Resource => (before ?? after)!;
const tenantOf = (change: Change): string => shownOf(change).metadata.tenant;

const ownedBy = (change: Change, configuration: Configuration): readonly Owned[] => {
  const { before, after, paths } = change;
  if (shownOf(change).kind === 'PolicyBundle') return ownedOfBundle(change);
  if (before !== null && after !== null && isTarget(before))
    return paths.map((path) => ownedOfTarget(before, path, configuration));
  // Levels above read everything else, and which targets there are.
  return (change.change === 'update' ? paths : ['metadata.name']).map((path) => ({ path, owner: '' }));
};

/** A bundle is its level's, wherever it says that it belongs; one that changes its level is of both. */
const ownedOfBundle = ({ before, after, paths }: Change): readonly Owned[] => {
  const [was, is] = [levelOf(before), levelOf(after)];
  if (was === undefined || is === undefined) return [{ path: 'spec.level', owner: was ?? is ?? '' }];
  // A text that changed says more than the file that it is in now.
  const told = paths.some((path) => !SOURCE.test(path)) ? paths.filter((path) => !SOURCE.test(path)) : paths;
  return told.flatMap((path) => (path === 'spec.level' ? [was, is] : [was]).map((owner) => ({ path, owner })));
};

const levelOf = (resource: Resource | null): Owner | undefined => {
  if (resource?.kind !== 'PolicyBundle') return undefined;
  return resource.spec.level === 'org' ? '' : resource.spec.level;
};

const isTarget = (resource: Resource): resource is Target =>
  resource.kind === 'Agent' || resource.kind === 'Tool' || resource.kind === 'Model';

/** How a target runs. INVARIANT: what is not in here is the organisation's, also a field that is new. */
const HOW_IT_RUNS =
  /^spec\.((description|endpoints|health|concurrency|timeoutMs)(?=[.[]|$)|operations\[\d+\]\.description$)/;
const WHERE_IT_RUNS = /^spec\.endpoints(?=[.[]|$)/;

const ownedOfTarget = (target: Target, path: string, configuration: Configuration): Owned => {
  if (!HOW_IT_RUNS.test(path)) return { path, owner: '' };
  const fact = WHERE_IT_RUNS.test(path) ? factThatAsks(target, configuration) : undefined;
  if (fact !== undefined) return { path, owner: '', because: `because the Fact \`${fact}\` asks it` };
  return { path, owner: target.metadata.domain ?? '' };
};

/** Whoever moves what answers a fact decides what policies of all levels read. */
const factThatAsks = ({ kind, metadata }: Target, configuration: Configuration): string | undefined =>
  [...configuration.values()].find(
    (resource) =>
      resource.kind === 'Fact' &&
      resource.metadata.tenant === metadata.tenant &&
      resource.spec.ask?.kind === kind.toLowerCase() &&
      resource.spec.ask.name === metadata.name,
  )?.metadata.name;

const DOING: Readonly<Record<Change['change'], string>> = {
  create: ', and so does creating it',
  delete: ', and so does deleting it',
  update: '',
  none: '',
};

const sentence = (change: Change, { path, owner, because }: Owned): string => {
  const { kind, metadata } = shownOf(change);
  const whose = owner === '' ? 'the organisation' : `domain \`${owner}\``;
  const why = because === undefined ? '' : ` ${because}`;
  return `${kind} \`${metadata.name}\`: \`${path}\` belongs to ${whose}${DOING[change.change]}${why}; ask an administrator of ${whose}`;
};
