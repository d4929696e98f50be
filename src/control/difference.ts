/** What differs between two configurations, resource by resource and field by field. Pure. */
import type { Resource, ResourceDiff } from '../contract/index.ts';
import type { Configuration } from './configuration.ts';
import { dotted } from './problems.ts';

/** One entry per key of either side, by key. Unchanged resources are there with `none`. */
export const difference = (before: Configuration, after: Configuration): readonly ResourceDiff[] => {
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  return keys.map((key) => resourceDiff(key, before.get(key) ?? null, after.get(key) ?? null));
};

const resourceDiff = (key: string, before: Resource | null, after: Resource | null): ResourceDiff => {
  if (before === null) return { key, change: 'create', before, after, paths: [] };
  if (after === null) return { key, change: 'delete', before, after, paths: [] };
  const paths = differingPaths(before, after);
  return { key, change: paths.length === 0 ? 'none' : 'update', before, after, paths };
};

/** Paths of leaves that differ, such as `spec.endpoints[0].weight`. The order of fields in a map means nothing; that of a list does. */
const differingPaths = (before: unknown, after: unknown, path: readonly PropertyKey[] = []): readonly string[] => {
  if (Object.is(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, at) => differingPaths(before[at], after[at], [...path, at])).flat();
  }
  if (isMap(before) && isMap(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) => differingPaths(before[name], after[name], [...path, name]));
  }
  return [dotted(path)];
};

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
