/** What strangers may find at a node: nothing but what the organisation that runs it labelled so. */
import { DEFAULT_TENANT, type TargetEntry } from '../../contract/index.ts';
import type { LivePipeline } from './live.ts';

const LABEL = 'public';

/** For every door that shows something to whoever has no key. */
export const isPublished = ({ tenant, labels }: Pick<TargetEntry, 'tenant' | 'labels'>): boolean =>
  tenant === DEFAULT_TENANT && Object.hasOwn(labels, LABEL) && labels[LABEL] === 'true';

export const publishedBy =
  (live: Pick<LivePipeline, 'snapshot'>): (() => readonly TargetEntry[]) =>
  () =>
    (live.snapshot?.targets ?? []).filter(isPublished);
