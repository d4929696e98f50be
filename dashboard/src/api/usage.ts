/** What calls came to, by who called what, over the chosen while; and the same step by step. */
import { useQuery } from '@tanstack/react-query';
import type { UsageView } from '../../../src/contract/index.ts';
import { get } from './client.ts';
import { again } from './queries.ts';

const SECOND = 1_000;
/** As many as the node answers with. */
export const MOST_GROUPS = 1_000;

/** As the node is asked: `by` with commas, `sort` in its words. */
export interface UsageQuestion {
  readonly by: string;
  readonly sort: string;
  readonly minutes: number;
}

/** Of this caller, target and operation only; nothing: of everybody. */
export type UsageOnly = Readonly<Partial<Record<'caller' | 'target' | 'operation', string>>>;

export const useUsage = ({ by, sort, minutes }: UsageQuestion, isPaused: boolean) =>
  useQuery({
    queryKey: ['usage', by, minutes, sort],
    queryFn: ({ signal }) => get<UsageView>('/v1/usage', { by, minutes, sort, limit: MOST_GROUPS }, signal),
    refetchInterval: again(10 * SECOND, isPaused),
    // Another order, or another while, of the same rows: they stay until the answer is there.
    placeholderData: (before, query) => (query?.queryKey[1] === by ? before : undefined),
  });

/** `only` null: nothing is asked. */
export const useUsageOverTime = (only: UsageOnly | null, minutes: number, isPaused: boolean) =>
  useQuery({
    queryKey: ['usage-time', only, minutes],
    queryFn: ({ signal }) => get<UsageView>('/v1/usage', { ...only, by: 'time', minutes, limit: MOST_GROUPS }, signal),
    refetchInterval: again(10 * SECOND, isPaused),
    enabled: only !== null,
  });
