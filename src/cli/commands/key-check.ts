/** What `airspace check` says about keys: a key without an end is a risk, one that ends soon a surprise. */
import type { ResourceOf } from '../../contract/index.ts';
import type { Admin } from '../admin.ts';
import { EXIT, Failure } from '../failure.ts';
import { isEnding } from './keys.ts';
import type { Verdict } from './verdict.ts';

type KeyRow = ResourceOf<'Key'>;

/** A domain hub has no configuration of its own to look at. */
export const keysSeen = async (admin: Admin): Promise<readonly KeyRow[] | undefined> => {
  try {
    const { items } = await admin.get<{ items: readonly { resource: KeyRow }[] }>('/v1/resources', { kind: 'Key' });
    return items.map(({ resource }) => resource);
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.exit === EXIT.usage) return undefined;
    throw thrown;
  }
};

/** Keys that never end were made before keys had to; keys that end soon stop somebody's work. */
export const keysJudged = (keys: readonly KeyRow[] | undefined): readonly Verdict[] => {
  if (keys === undefined) return [];
  const nowMs = Date.now();
  const endless = keys.filter(({ spec }) => spec.expiresAt === undefined);
  const ending = keys.filter(
    ({ spec: { expiresAt } }) => expiresAt !== undefined && Date.parse(expiresAt) > nowMs && isEnding(expiresAt, nowMs),
  );
  const notes = [
    ...(endless.length === 0 ? [] : [`without an end: ${namesOf(endless)}`]),
    ...(ending.length === 0 ? [] : [`end within two weeks: ${namesOf(ending)}`]),
  ];
  return [
    notes.length === 0
      ? { check: 'keys', verdict: 'ok', note: 'each ends, and none soon' }
      : { check: 'keys', verdict: 'warn', note: `${notes.join('; ')}; airspace key rotate <id>` },
  ];
};

const MOST_NAMES = 5;

const namesOf = (keys: readonly KeyRow[]): string => {
  const names = keys.slice(0, MOST_NAMES).map(({ metadata }) => metadata.name);
  return names.join(', ') + (keys.length > names.length ? ` and ${keys.length - names.length} more` : '');
};
