/** Registering again takes over what the target says about itself, and keeps what people decided about it. */
import { isDeepStrictEqual } from 'node:util';
import type { StoredResource } from '../../../contract/index.ts';
import { isRecord, type TargetResource } from '../../../discovery/index.ts';

type Spec = Readonly<Record<string, unknown>>;

/** What only the target knows; everything else that is there stays as it is. */
const THEIRS = ['description', 'protocol', 'protocolVersion', 'binding', 'card', 'model'] as const;
/** Of an operation, what somebody may have decided since: an effect that was corrected must not become the server's own hint again. */
const DECIDED = ['effect', 'idempotent', 'reconcile', 'price', 'input'] as const;

export const mergedWith = (stored: StoredResource | undefined, now: TargetResource): TargetResource => {
  if (stored === undefined) return now;
  const before = stored.resource as unknown as { readonly metadata: Spec; readonly spec: Spec };
  const spec: Spec = {
    ...omit(before.spec, [...THEIRS, 'operations', 'endpoints']),
    ...pick(now.spec, [...THEIRS, 'credential', 'aliases']),
    ...(isSameCard(before.spec['card'], now.spec['card']) ? pick(before.spec, ['card']) : {}),
    endpoints: endpointsOf(listOf(before.spec['endpoints']), listOf(now.spec['endpoints'])),
    ...operationsOf(listOf(before.spec['operations']), listOf(now.spec['operations'])),
  };
  return { ...now, metadata: { ...before.metadata, ...now.metadata }, spec };
};

/** Some agents sign anew whenever they are asked, and that is no difference. */
const isSameCard = (before: unknown, now: unknown): boolean =>
  isRecord(before) && isRecord(now) && isDeepStrictEqual(omit(before, ['signatures']), omit(now, ['signatures']));

/** The same address among others: nothing moved. Another one: it did. */
const endpointsOf = (before: readonly Spec[], now: readonly Spec[]): readonly Spec[] => {
  const known = now.every(({ url }) => before.some((one) => one['url'] === url));
  return known ? before : now;
};

const operationsOf = (before: readonly Spec[], now: readonly Spec[]): { readonly operations?: readonly Spec[] } => {
  if (now.length === 0) return before.some(isDefined) || before.length === 0 ? {} : { operations: before };
  // Named by people, and not by the server that lists the others.
  const own = before.filter((one) => !isDefined(one) && now.every(({ name }) => name !== one['name']));
  const merged = now.map((one) => ({
    ...one,
    ...pick(before.find(({ name }) => name === one['name']) ?? {}, DECIDED),
  }));
  return { operations: [...merged, ...own] };
};

const isDefined = (operation: Spec): boolean => operation['definition'] !== undefined;

const listOf = (value: unknown): readonly Spec[] => (Array.isArray(value) ? value.filter(isRecord) : []);

const pick = (spec: Spec, names: readonly string[]): Spec =>
  Object.fromEntries(names.filter((name) => spec[name] !== undefined).map((name) => [name, spec[name]]));

const omit = (spec: Spec, names: readonly string[]): Spec =>
  Object.fromEntries(Object.entries(spec).filter(([name]) => !names.includes(name)));
