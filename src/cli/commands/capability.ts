/** `airspace capability ls | show`: what can be asked for instead of a name, and who answers. */
import type { CapabilityView, ProviderView, RangeView } from '../../doors/admin/index.ts';
import type { Context } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import { clean } from '../render/clean.ts';
import type { Column } from '../render/table.ts';

const PATH = '/v1/capabilities';

export const listCapabilities = async ({ admin, out }: Context): Promise<number> => {
  const { items } = await (await admin()).get<{ items: readonly CapabilityView[] }>(PATH);
  await out.list({
    kind: 'Capability',
    rows: items,
    columns: [
      { title: 'CAPABILITY', value: ({ name }) => clean(name) },
      { title: 'VERSIONS', value: ({ providers }) => unique(providers.map(({ version }) => version)) },
      { title: 'PROVIDERS', value: ({ providers }) => unique(providers.map(providerText)) },
      { title: 'OWNERS', value: ({ providers }) => unique(providers.map(ownerText)) },
      { title: 'ANSWERS', value: ({ ranges }) => (ranges[0] === undefined ? '-' : providerText(ranges[0].target)) },
    ],
    name: ({ name }) => `capability/${name}`,
    empty: 'no operation that you may see provides a capability; say `provides` in its resource',
  });
  return EXIT.ok;
};

const unique = (texts: readonly string[]): string => [...new Set(texts)].join(', ') || '-';

const providerText = ({ kind, name, operation }: Pick<ProviderView, 'kind' | 'name' | 'operation'>): string =>
  clean(`${kind}/${name}/${operation}`);

/** Who answers for it: its team, or else its domain, or else the organisation. */
const ownerText = ({ owner, domain }: Pick<ProviderView, 'owner' | 'domain'>): string =>
  owner !== '' ? `team ${owner}` : domain !== '' ? `domain ${domain}` : 'the organisation';

export const showCapability = async ({ admin, out }: Context, name: string): Promise<number> => {
  if (!/^[\w.-]{1,128}$/.test(name)) throw usage(`\`${name}\` is no name of a capability`, 'airspace capability ls');
  const { items } = await (await admin()).get<{ items: readonly CapabilityView[] }>(PATH, { name });
  const view = items[0]!;
  await out.one(view, () =>
    [
      `capability ${clean(view.name)}`,
      '',
      out.table(view.providers, PROVIDERS).trimEnd(),
      '',
      view.ranges.length === 0 ? 'only pre-releases: ask for one by its version' : out.table(view.ranges, RANGES),
    ].join('\n'),
  );
  return EXIT.ok;
};

const PROVIDERS: readonly Column<ProviderView>[] = [
  { title: 'VERSION', value: ({ version }) => version },
  { title: 'PROVIDER', value: providerText },
  { title: 'OWNER', value: ownerText },
  { title: 'DOMAIN', value: ({ domain }) => domain || '-' },
  { title: 'SHARED', value: ({ shared }) => (shared ? 'yes' : '-') },
  {
    title: 'WELL',
    value: ({ well }) => (well === null ? 'not seen' : well ? 'yes' : 'no'),
    style: ({ well }) => (well === null ? undefined : well ? 'green' : 'red'),
  },
];

const RANGES: readonly Column<RangeView>[] = [
  { title: 'RANGE', value: ({ range }) => range },
  { title: 'ANSWERED BY', value: ({ target }) => providerText(target) },
  { title: 'IN VERSION', value: ({ version }) => version },
];
