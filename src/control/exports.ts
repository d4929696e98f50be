/**
 * Exports: what a domain hub tells its parent that its domain can do, and how the parent takes it. The parent trusts none of it: it
 * is an ordinary change of the configuration, of what this hub exports and of nothing else.
 */
import { z } from 'zod';
import {
  API_VERSION,
  type ControlPort,
  type DomainEntry,
  Fault,
  type NodeEntry,
  type Resource,
  type ResourceOf,
  RUN,
  type Snapshot,
  type TargetKind,
} from '../contract/index.ts';
import { domainsWithin } from './within.ts';

export interface ExportPlace {
  readonly tenant: string;
  readonly domain: string;
}

type Target = Extract<Resource, { kind: 'Agent' | 'Tool' | 'Model' }>;

/** Resources that one hub may export. */
const MOST = 2_000;

const ReportSchema = z.strictObject({
  resources: z.array(z.looseObject({ kind: z.enum(['Agent', 'Tool', 'Model', 'Domain']) })).max(MOST),
});

/**
 * What a hub says of its domain: every target in it and below with what callers must know, narrowed to what every domain on the way
 * up exports, and the domains themselves. Where they run, and how they are proven to, is nobody else's.
 */
export const exportsOf = (
  resources: readonly Resource[],
  domains: readonly DomainEntry[],
  place: ExportPlace,
): readonly object[] => {
  const ours = domainsWithin(domains, place);
  const inPlace = resources.filter(({ metadata }) => metadata.tenant === place.tenant);
  const targets = inPlace
    .filter(isTarget)
    .filter(({ metadata }) => ours.has(metadata.domain ?? ''))
    .flatMap((target) => exported(target, patternsFor(target.metadata.domain ?? '', domains, place)));
  const below = inPlace.flatMap((resource) =>
    resource.kind === 'Domain' && ours.has(resource.metadata.name)
      ? [
          {
            apiVersion: API_VERSION,
            kind: 'Domain',
            metadata: { name: resource.metadata.name },
            spec: defined({
              description: resource.spec.description,
              parent: resource.spec.parent,
              delegated: resource.spec.delegated,
              exports: resource.spec.exports,
            }),
          },
        ]
      : [],
  );
  const plans = inPlace.flatMap((resource) =>
    resource.kind === 'Plan' && ours.has(resource.metadata.domain ?? '')
      ? exported(agentOf(resource), patternsFor(resource.metadata.domain ?? '', domains, place))
      : [],
  );
  return [...below, ...targets, ...plans];
};

/** As others call it: whoever asks for a run needs to know nothing of its steps. */
const agentOf = ({ metadata, spec }: ResourceOf<'Plan'>): Target => ({
  apiVersion: API_VERSION,
  kind: 'Agent',
  metadata,
  spec: {
    ...{ protocol: 'http', endpoints: [], concurrency: 1, description: spec.description },
    operations: [{ name: RUN, effect: 'write', idempotent: true, description: spec.description, input: spec.input }],
  },
});

const isTarget = (resource: Resource): resource is Target =>
  resource.kind === 'Agent' || resource.kind === 'Tool' || resource.kind === 'Model';

/** Of each domain from the target's up to the hub's: all of them must let it through. */
const patternsFor = (
  home: string,
  domains: readonly DomainEntry[],
  { tenant, domain }: ExportPlace,
): readonly (readonly string[])[] => {
  const patterns: (readonly string[])[] = [];
  const seen = new Set<string>();
  for (let at = home; at !== '' && !seen.has(at); ) {
    seen.add(at);
    const entry = domains.find((one) => one.tenant === tenant && one.name === at);
    if (entry?.exports !== undefined) patterns.push(entry.exports);
    if (at === domain) break;
    at = entry?.parent ?? '';
  }
  return patterns;
};

const exported = (target: Target, patterns: readonly (readonly string[])[]): readonly object[] => {
  const { kind, metadata, spec } = target;
  const passes = (operation: string): boolean =>
    patterns.every((any) => any.some((pattern) => isMatch(pattern, metadata.name, operation)));
  const operations = spec.operations.filter(({ name }) => passes(name));
  // A protocol brings operations of its own, which nobody lists.
  if (operations.length === 0 && (spec.protocol === 'http' || !passes('*'))) return [];
  const { description, protocol, protocolVersion, binding, model, aliases, card, price, timeoutMs } = spec;
  return [
    {
      apiVersion: API_VERSION,
      kind,
      metadata: { name: metadata.name, ...(metadata.domain === undefined ? {} : { domain: metadata.domain }) },
      spec: defined({
        ...{ description, protocol, protocolVersion, binding, model, aliases, card, price, timeoutMs },
        operations,
      }),
    },
  ];
};

/** `name/operation`, with `*` for any number of characters; a name alone is all of its operations. */
const isMatch = (pattern: string, name: string, operation: string): boolean => {
  const slash = pattern.indexOf('/');
  const [target, rest] = slash < 0 ? [pattern, '*'] : [pattern.slice(0, slash), pattern.slice(slash + 1)];
  return isLike(target, name) && isLike(rest, operation);
};

/** No regular expression: patterns are written by people, and some of those would run for ever. */
const isLike = (pattern: string, text: string): boolean => {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern === text;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  const last = rest.pop()!;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
};

const defined = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

export interface ExportTaker {
  /** All that the hub exports; what it no longer does goes. Throws with everything that is wrong, and then nothing changes. */
  take(node: NodeEntry, untrusted: unknown): Promise<{ readonly taken: readonly string[] }>;
  /** The hub is no member any more. */
  withdraw(node: NodeEntry, by: string): Promise<void>;
}

/** `control`: whoever changes something through it is in the audit. */
export const exportTaker = (
  control: Pick<ControlPort, 'apply' | 'list'>,
  snapshot: () => Pick<Snapshot, 'domains'> | undefined,
): ExportTaker => ({
  take: async (node, untrusted) => {
    const report = ReportSchema.safeParse(untrusted);
    if (!report.success)
      throw new Fault('bad_request', `exports are at most ${MOST} resources of kinds Agent, Tool, Model and Domain`);
    const { tenant, domain } = node;
    const { domains = [] } = snapshot() ?? {};
    if (node.role !== 'domain') throw new Fault('denied', 'only the hub of a domain exports');
    const isNothing = report.data.resources.length === 0;
    if (!isNothing && domains.find((one) => one.tenant === tenant && one.name === domain)?.delegated !== true)
      throw new Fault('denied', `domain \`${domain}\` is not delegated here; its parent must say \`delegated: true\``);
    const resources = await settled(control, node, report.data.resources, domains);
    await apply(control, node, resources, `node/${node.id}`, `exports of domain \`${domain}\``);
    return { taken: resources.map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`) };
  },
  withdraw: (node, by) => apply(control, node, [], by, `node \`${node.id}\` was removed`),
});

type Exported = z.output<typeof ReportSchema>['resources'][number] & {
  readonly metadata: { readonly name: string; readonly domain?: string };
  readonly spec: Readonly<Record<string, unknown>>;
};

/** With whose they are, and with the labels that people here gave them. Throws `denied` for what is outside of its domain. */
const settled = async (
  control: Pick<ControlPort, 'apply' | 'list'>,
  { tenant, domain, id }: NodeEntry,
  given: readonly { readonly kind: string }[],
  known: readonly DomainEntry[],
): Promise<readonly Exported[]> => {
  const resources = given.filter(isFormed);
  if (resources.length < given.length) throw new Fault('bad_request', 'each export needs metadata, a name and a spec');
  const before = new Map(
    (await control.list({ tenant })).map(({ resource }) => [`${resource.kind}/${resource.metadata.name}`, resource]),
  );
  const declared = known.filter(({ exportedBy }) => exportedBy !== id);
  const said = resources
    .filter(({ kind }) => kind === 'Domain')
    .map(({ metadata: { name }, spec }) => ({ tenant, name, parent: String(spec['parent'] ?? ''), delegated: true }));
  const ours = domainsWithin([...declared, ...said], { tenant, domain });
  return resources.map((resource) => {
    const { kind, metadata, spec } = resource;
    const home = kind === 'Domain' ? String(spec['parent'] ?? '') : (metadata.domain ?? '');
    const label = `${kind} \`${metadata.name}\``;
    if (!ours.has(home))
      throw new Fault(
        'denied',
        `${label}: ${home === '' ? 'it is of no domain' : `domain \`${home}\` is not \`${domain}\` or below it`}, and this hub speaks for nothing else`,
      );
    const other = Object.keys(metadata).find((field) => field !== 'name' && field !== 'domain');
    if (other !== undefined) throw new Fault('denied', `${label}: \`metadata.${other}\` is not the exporter's to say`);
    const hidden = Object.keys(spec).find((field) => !(kind === 'Domain' ? OF_DOMAINS : OF_TARGETS).has(field));
    if (hidden !== undefined) throw new Fault('denied', `${label}: \`spec.${hidden}\` is not for export`);
    const { labels = {} } = before.get(`${kind}/${metadata.name}`)?.metadata ?? {};
    return { ...resource, metadata: { ...metadata, tenant, labels, exportedBy: id } };
  });
};

const OF_DOMAINS: ReadonlySet<string> = new Set(['description', 'parent', 'delegated', 'exports']);
/** Nothing about where it runs: calls go to the hub that exports it. */
const OF_TARGETS: ReadonlySet<string> = new Set(
  'description protocol protocolVersion binding model aliases card price timeoutMs operations'.split(' '),
);

const isFormed = (resource: { readonly kind: string }): resource is Exported => {
  const { metadata, spec } = resource as { readonly metadata?: unknown; readonly spec?: unknown };
  return (
    isMap(metadata) &&
    isMap(spec) &&
    typeof metadata['name'] === 'string' &&
    (metadata['domain'] === undefined || typeof metadata['domain'] === 'string')
  );
};

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const apply = async (
  control: Pick<ControlPort, 'apply' | 'list'>,
  { id, tenant, domain }: NodeEntry,
  resources: readonly unknown[],
  by: string,
  reason: string,
): Promise<void> => {
  await control.apply({
    ...{ tenant, resources, by, reason, dryRun: false, prune: true },
    origins: resources.map(() => `export of \`${id}\``),
    rights: { kind: 'domains', tenant, domains: [domain], exporter: id },
  });
};

/** For messages, and for whoever compares: `agent/orders`. */
export const exportNames = (resources: readonly object[]): readonly string[] =>
  resources.map((resource) => {
    const { kind, metadata } = resource as Exported;
    return `${kind.toLowerCase() as TargetKind}/${metadata.name}`;
  });
