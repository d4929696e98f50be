/** Levels in which a release adds, takes away or rewrites a rule. */
import { useMemo } from 'react';
import type { ReleaseView } from '../../../src/contract/index.ts';
import { digits } from './commands.ts';
import { useRelease } from './queries.ts';

export const useTouched = (release: ReleaseView | undefined): ReadonlySet<string> => {
  const { data } = useRelease(release === undefined ? '' : digits(release.id));
  return useMemo(
    () => new Set(data?.diff.flatMap(({ rule, kind }) => (kind === 'fact' ? [] : [rule.split('/', 1)[0]!])) ?? []),
    [data],
  );
};
