/** Two requests beside each other, as the node aligns them. */
import { useQuery } from '@tanstack/react-query';
import type { Comparison } from '../../../src/contract/index.ts';
import { get } from './client.ts';

/** `version`: changes when the stream has told of something new in one of them. */
export const useComparison = (a: string, b: string, version: number) =>
  useQuery({
    queryKey: ['compare', a, b, version],
    queryFn: ({ signal }) => get<Comparison>(`/v1/traces/${a}/compare`, { with: b }, signal),
    enabled: a !== '' && b !== '',
    placeholderData: (before, query) => (query?.queryKey[1] === a && query.queryKey[2] === b ? before : undefined),
  });
