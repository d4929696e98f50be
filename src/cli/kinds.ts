/** Words for kinds: what people type, what the API calls it. */
import { KINDS, type ResourceKind } from '../contract/index.ts';
import { usage } from './failure.ts';

/** Observed, not desired: they can be looked at, not applied. */
export const OBSERVED = [
  'instances',
  'nodes',
  'sidecars',
  'targets',
  'calls',
  'requests',
  'breakers',
  'incidents',
  'approvals',
] as const;
export type Observed = (typeof OBSERVED)[number];

const SHORT: Readonly<Record<string, Observed>> = {
  sc: 'sidecars',
  req: 'requests',
  brk: 'breakers',
  inc: 'incidents',
  apr: 'approvals',
};

export type Wanted = { readonly kind: ResourceKind } | { readonly observed: Observed };

/** `agent`, `agents`, `ag`, `Agent`. Undefined for a word that nothing is called. */
export const kindOf = (word: string): ResourceKind | undefined => {
  const lower = word.toLowerCase();
  for (const [kind, { plural, short }] of Object.entries(KINDS) as [ResourceKind, (typeof KINDS)[ResourceKind]][])
    if (lower === plural || lower === short || lower === kind.toLowerCase()) return kind;
  return lower === 'policy' ? 'PolicyBundle' : undefined;
};

/** `calls`, `call`; `breakers`, `breaker`, `brk`. */
export const observedOf = (word: string): Observed | undefined => {
  const lower = word.toLowerCase();
  const short = Object.hasOwn(SHORT, lower) ? SHORT[lower] : undefined;
  return short ?? OBSERVED.find((name) => name === lower || name.slice(0, -1) === lower);
};

const words = (): string => [...Object.values(KINDS).map(({ plural }) => plural), ...OBSERVED].join(', ');

/** Throws a usage failure that lists what there is. */
export const wantedOf = (word: string): Wanted => {
  const kind = kindOf(word);
  if (kind !== undefined) return { kind };
  const observed = observedOf(word);
  if (observed !== undefined) return { observed };
  throw usage(`there is no kind \`${word}\``, `one of ${words()}`);
};

/** The same for kinds that can be applied and deleted. */
export const resourceKindOf = (word: string): ResourceKind => {
  const kind = kindOf(word);
  if (kind === undefined)
    throw usage(
      `there is no kind \`${word}\``,
      `one of ${Object.values(KINDS)
        .map(({ plural }) => plural)
        .join(', ')}`,
    );
  return kind;
};

/** `default/Agent/orders` of the API as people say it: `agent/orders`. */
export const spoken = (key: string): string => {
  const [, kind = '', name = ''] = key.split('/');
  return `${kind.toLowerCase()}/${name}`;
};
