/** What strangers may find in the catalog of a node: nothing but what the organisation that runs it labelled so. */
import { DEFAULT_TENANT, type TargetEntry } from '../../contract/index.ts';
import type { LivePipeline } from './live.ts';

const LABEL = 'public';

export const publishedBy =
  (live: Pick<LivePipeline, 'snapshot'>): (() => readonly TargetEntry[]) =>
  () =>
    (live.snapshot?.targets ?? []).filter(
      ({ tenant, labels }) => tenant === DEFAULT_TENANT && labels[LABEL] === 'true',
    );
