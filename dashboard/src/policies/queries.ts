/** What the screen of policies asks the hub, and what it tells it: one hook for each. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type {
  BundleText,
  BundleVersion,
  Diagnosis,
  NodeView,
  PolicyOverview,
  ReleaseCheck,
  ReleaseDetail,
  ReleaseOutcome,
  ReleaseView,
  ReplayReport,
  RollbackOutcome,
  StoredResource,
} from '../../../src/contract/index.ts';
import { get, post } from '../api/client.ts';
import type { Listed, NodeStatus } from '../api/views.ts';
import { useAccount } from '../frame/account.ts';
import { digits } from './commands.ts';
import type { PolicyText } from './draft.ts';
import { type Bundle, filesOf, type Proposal } from './proposal.ts';

const SECOND = 1_000;
const MOST_VERSIONS = 100;
const MOST_RELEASES = 100;

export const useOverview = () =>
  useQuery({
    queryKey: ['policy', 'overview'],
    queryFn: ({ signal }) => get<PolicyOverview>('/v1/policy/bundles', {}, signal),
    refetchInterval: 3 * SECOND,
  });

export const useReleases = () =>
  useQuery({
    queryKey: ['policy', 'releases'],
    queryFn: ({ signal }) => get<Listed<ReleaseView>>('/v1/policy/releases', { limit: MOST_RELEASES }, signal),
    refetchInterval: 3 * SECOND,
  });

/** Asked more often while somebody watches a part of the calls. */
export const useRelease = (id: string) =>
  useQuery({
    queryKey: ['policy', 'release', id],
    queryFn: ({ signal }) => get<ReleaseDetail>(`/v1/policy/releases/${id}`, {}, signal),
    enabled: id !== '',
    refetchInterval: ({ state: { data } }) => (data?.state === 'canary' || data?.state === 'shadow' ? 2 : 5) * SECOND,
  });

/** What a release brings never changes. */
export const useTexts = (id: string) =>
  useQuery({
    queryKey: ['policy', 'texts', id],
    queryFn: ({ signal }) => get<Listed<BundleText>>(`/v1/policy/releases/${id}/bundles`, {}, signal),
    enabled: id !== '',
    staleTime: Number.POSITIVE_INFINITY,
  });

export interface StoredBundle {
  readonly resource: Bundle;
  readonly version: number;
  readonly revision: number;
}

/** `version`: as the list has it; another one is another text. */
export const useBundle = (name: string, version: number) =>
  useQuery({
    queryKey: ['policy', 'bundle', name, version],
    queryFn: async ({ signal }) => {
      const { items } = await get<Listed<StoredResource>>('/v1/resources', { kind: 'PolicyBundle', name }, signal);
      return (items[0] as StoredBundle | undefined) ?? null;
    },
    placeholderData: (before, query) => (query?.queryKey[2] === name ? before : undefined),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const useVersions = (name: string, version: number) =>
  useQuery({
    queryKey: ['policy', 'versions', name, version],
    queryFn: ({ signal }) =>
      get<Listed<BundleVersion>>(`/v1/policy/bundles/${name}/versions`, { limit: MOST_VERSIONS }, signal),
    placeholderData: (before, query) => (query?.queryKey[2] === name ? before : undefined),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** What the hub runs, and what each of its nodes says that it runs. */
export const useInForce = () =>
  useQuery({
    queryKey: ['policy', 'in-force'],
    queryFn: async ({ signal }) => {
      const [{ items }, { snapshotSeq }] = await Promise.all([
        get<Listed<NodeView>>('/v1/nodes', {}, signal),
        get<NodeStatus>('/v1/status', {}, signal),
      ]);
      return { nodes: items, snapshotSeq };
    },
    refetchInterval: 2 * SECOND,
  });

/** What an editor should say about a text, over what runs. Nothing is kept of it there. */
export const useDiagnosis = (bundle: Bundle, { policies, limits }: PolicyText, mayAsk: boolean) => {
  const { csrf } = useAccount();
  const { name } = bundle.metadata;
  return useQuery({
    queryKey: ['policy', 'diagnosis', name, policies, limits],
    queryFn: () => post<Diagnosis>('/v1/policy/diagnose', { files: filesOf(bundle, { policies, limits }) }, csrf),
    enabled: mayAsk,
    placeholderData: (before, query) => (query?.queryKey[2] === name ? before : undefined),
    gcTime: 30 * SECOND,
    refetchInterval: 30 * SECOND,
  });
};

export const useCheck = () => {
  const { csrf } = useAccount();
  return useMutation({
    mutationFn: (proposal: Proposal) => post<ReleaseCheck>('/v1/policy/releases:check', proposal, csrf),
  });
};

export type Candidate = { readonly release: string } | Pick<Proposal, 'resources' | 'origins'>;

export const useReplay = () => {
  const { csrf } = useAccount();
  return useMutation({
    mutationFn: ({ candidate, sinceMs }: { readonly candidate: Candidate; readonly sinceMs: number }) =>
      post<ReplayReport>('/v1/policy/releases:replay', { ...candidate, sinceMs }, csrf),
  });
};

export const useStage = () => {
  const { csrf } = useAccount();
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ proposal, reason }: { readonly proposal: Proposal; readonly reason: string }) =>
      post<ReleaseOutcome>('/v1/policy/releases', { ...proposal, reason }, csrf),
    onSettled: () => client.invalidateQueries({ queryKey: ['policy'] }),
  });
};

/** A step of a release. `percent`: of the call trees, when it is activated. */
export type Step =
  | { readonly verb: 'approve' | 'shadow'; readonly release: string; readonly reason: string }
  | { readonly verb: 'activate'; readonly release: string; readonly reason: string; readonly percent: number }
  | { readonly verb: 'rollback'; readonly reason: string };

export const useStep = () => {
  const { csrf } = useAccount();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (step: Step): Promise<ReleaseOutcome | RollbackOutcome> => {
      if (step.verb === 'rollback') return post('/v1/policy/releases:rollback', { reason: step.reason }, csrf);
      const { verb, release, ...body } = step;
      return post(`/v1/policy/releases/${digits(release)}:${verb}`, body, csrf);
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['policy'] }),
  });
};
