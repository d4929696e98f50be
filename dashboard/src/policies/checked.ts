/** The last check of a draft, and whether it still is about what stands there now. Every step on the right looks at the same one. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReleaseCheck } from '../../../src/contract/index.ts';
import type { Bench } from './bench.ts';
import { proposalOf } from './proposal.ts';
import { useCheck } from './queries.ts';

interface Kept {
  readonly of: string;
  readonly result: ReleaseCheck;
}

export const fingerprintOf = ({ drafting: { draft } }: Pick<Bench, 'drafting'>): string =>
  draft === null ? '' : JSON.stringify([draft.policies, draft.limits, draft.cases]);

export const useChecked = (bench: Bench) => {
  const { entry, overview, drafting, stored } = bench;
  const client = useQueryClient();
  const key = ['policy-checked', entry.name];
  const { mutate, isPending, error } = useCheck();
  const { data } = useQuery<Kept | null>({
    queryKey: key,
    queryFn: () => null,
    enabled: false,
    gcTime: Number.POSITIVE_INFINITY,
  });
  const of = fingerprintOf(bench);
  const run = (): void => {
    const { draft } = drafting;
    if (draft !== null && !isPending)
      mutate(proposalOf(stored.resource, draft), {
        onSuccess: (result) => client.setQueryData<Kept>(key, { of, result }),
      });
  };
  const result = data?.result;
  const isOld = result !== undefined && (data?.of !== of || result.base !== overview.active);
  return { run, result, isOld, isPending, error };
};
