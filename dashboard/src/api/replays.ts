/** Requests made again: what one would stand on, and one itself. */
import { useMutation, useQuery } from '@tanstack/react-query';
import type { ReplayCheck, RequestReplay } from '../../../src/contract/index.ts';
import { post } from './client.ts';

/** Asked when somebody wants to know: it changes nothing, and reads a lot. */
export const useReplayCheck = (request: string, csrf: string, isWanted: boolean) =>
  useQuery({
    queryKey: ['replay-check', request],
    queryFn: () => post<ReplayCheck>('/v1/replays:check', { request }, csrf),
    enabled: isWanted,
    retry: false,
  });

export const useReplay = (csrf: string, onDone: (report: RequestReplay) => void) =>
  useMutation({
    mutationFn: (request: string) => post<RequestReplay>('/v1/replays', { request }, csrf),
    onSuccess: onDone,
  });
