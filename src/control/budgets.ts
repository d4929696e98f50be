/** Budgets and prices of a checked configuration, as the snapshot carries them. */
import {
  type BudgetEntry,
  type BudgetScope,
  moneyOf,
  type PriceEntry,
  type PriceSpec,
  type ResourceOf,
  type TargetKind,
} from '../contract/index.ts';
import { type Catalogue, openCatalogue, priceEntry } from './prices.ts';

type Priced = ResourceOf<'Agent' | 'Tool' | 'Model'>;

/** Answers the price of an operation, by resource and name; undefined where nobody has said one. */
export type PriceOf = (resource: Priced, operation: string) => PriceEntry | undefined;

export interface Prices {
  readonly of: PriceOf;
  /** What the catalogue does not know; each completes "Kind `name`: ". */
  readonly problems: readonly { readonly resource: Priced; readonly text: string }[];
}

export const pricesOf = async (resources: readonly Priced[], wallMs: number): Promise<Prices> => {
  const named = new Set(resources.flatMap((resource) => specsOf(resource).flatMap(({ spec }) => spec.catalogue ?? [])));
  const catalogue: Catalogue = named.size > 0 ? await openCatalogue() : () => ({});
  // Each look-up tries the names of all models of a provider.
  const known = new Map([...named].map((name) => [name, catalogue(name, wallMs)]));
  const foundFor = ({ catalogue: name = '' }: PriceSpec) => known.get(name) ?? {};
  const problems: { resource: Priced; text: string }[] = [];
  for (const resource of resources)
    for (const { spec, field } of specsOf(resource)) {
      const found = foundFor(spec);
      if (typeof found === 'string') problems.push({ resource, text: `\`${field}.catalogue\` ${found}` });
    }
  const entryOf = (spec: PriceSpec): PriceEntry => {
    const found = foundFor(spec);
    return priceEntry(spec, typeof found === 'string' ? {} : found);
  };
  const of: PriceOf = ({ spec }, name) => {
    const price = spec.operations.find((operation) => operation.name === name)?.price ?? spec.price;
    return price === undefined ? undefined : entryOf(price);
  };
  return { of, problems };
};

const specsOf = ({ spec }: Priced): readonly { readonly spec: PriceSpec; readonly field: string }[] => [
  ...(spec.price === undefined ? [] : [{ spec: spec.price, field: 'spec.price' }]),
  ...spec.operations.flatMap(({ price }, at) =>
    price === undefined ? [] : [{ spec: price, field: `spec.operations[${at}].price` }],
  ),
];

const UNITS = { usd: 'micros', tokens: 'tokens', calls: 'calls' } as const;

export const budgetEntry = ({ metadata, spec }: ResourceOf<'Budget'>): BudgetEntry => ({
  tenant: metadata.tenant,
  name: metadata.name,
  scope: scopeOf(spec.scope),
  per: spec.per ?? null,
  class: spec.class ?? null,
  unit: UNITS[spec.unit],
  limit: moneyOf(spec.limit)!,
  window: spec.window,
  soft: spec.soft === undefined ? null : { percent: spec.soft.at, ...deedOf(spec.soft.do) },
  hard: spec.hard,
});

/** The schema has seen to it that the text has one of these forms. */
export const scopeOf = (text: string): BudgetScope => {
  const [kind = '', what = ''] = text.split(' ');
  if (kind === 'organisation') return { kind };
  if (kind !== 'target') return { kind: kind as 'domain', name: what };
  const [target = '', name = ''] = what.split('/');
  return { kind, target: target as TargetKind, name };
};

const deedOf = (text: string): { readonly do: 'event' | 'ask' | 'model'; readonly model: string } => {
  const [deed = '', model = ''] = text.split(' ');
  return { do: deed as 'event', model };
};
