/** Registering again takes over what the target says about itself, and keeps what people decided about it. */
import { isDeepStrictEqual } from 'node:util';
import type { StoredResource } from '../../../contract/index.ts';
import { isRecord, type TargetResource } from '../../../discovery/index.ts';

type Spec = Readonly<Record<string, unknown>>;

/** What only the target knows; everything else that is there stays as it is. */
const THEIRS = ['description', 'protocol', 'protocolVersion', 'binding', 'card', 'model'] as const;
/** Of an operation, what somebody may have decided since. */
const DECIDED = ['effect', 'idempotent', 'reconcile', 'price', 'input', 'provides'] as const;
/** From harmless to what nobody takes back. */
const EFFECTS: readonly unknown[] = ['read', 'write', 'spend', 'irreversible'];

export const mergedWith = (stored: StoredResource | undefined, now: TargetResource): TargetResource => {
  if (stored === undefined) return now;
  const before = stored.resource as unknown as { readonly metadata: Spec; readonly spec: Spec };
  const spec: Spec = {
    ...omit(before.spec, [...THEIRS, 'operations', 'endpoints']),
    ...(before.spec['protocol'] === now.spec['protocol'] ? pick(before.spec, ['protocolVersion']) : {}),
    ...pick(now.spec, [...THEIRS, 'credential']),
    ...aliasesOf(before.spec, now.spec),
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
  const listed = now.map((one) =>
    operationOf(
      before.find(({ name }) => name === one['name']),
      one,
    ),
  );
  // Named by people, and not by the server that lists the others.
  const own = before.filter((one) => !isDefined(one) && now.every(({ name }) => name !== one['name']));
  const operations = [...listed, ...own];
  return operations.length === 0 ? {} : { operations };
};

/**
 * INVARIANT: what was decided holds for the tool that it was decided about. One that is defined otherwise by now is what its server says,
 * or what was decided, whichever is worse, and nothing runs it twice.
 */
const operationOf = (before: Spec | undefined, now: Spec): Spec => {
  if (before === undefined) return now;
  // A person says it with this very command.
  if (!isDefined(now)) return { ...before, ...now };
  if (isDeepStrictEqual(before['definition'], now['definition'])) return { ...now, ...pick(before, DECIDED) };
  const worse = EFFECTS.indexOf(before['effect']) > EFFECTS.indexOf(now['effect']) ? before : now;
  return { ...now, ...pick(before, ['price']), effect: worse['effect'] };
};

const aliasesOf = (before: Spec, now: Spec): Spec => {
  const aliases = [
    ...new Set([before['aliases'], now['aliases']].flatMap((some) => (Array.isArray(some) ? some : []))),
  ];
  return aliases.length === 0 ? {} : { aliases };
};

const isDefined = (operation: Spec): boolean => operation['definition'] !== undefined;

const listOf = (value: unknown): readonly Spec[] => (Array.isArray(value) ? value.filter(isRecord) : []);

const pick = (spec: Spec, names: readonly string[]): Spec =>
  Object.fromEntries(names.filter((name) => spec[name] !== undefined).map((name) => [name, spec[name]]));

const omit = (spec: Spec, names: readonly string[]): Spec =>
  Object.fromEntries(Object.entries(spec).filter(([name]) => !names.includes(name)));
