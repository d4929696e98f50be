/** What strangers may find at a node: nothing but what the configuration labels so, of the tenant that the node belongs to. */
import type { TargetEntry } from '../../contract/index.ts';
import type { LivePipeline } from './live.ts';

const LABEL = 'public';

/** For every door that shows something to whoever has no key. */
export const isPublished = ({ labels }: Pick<TargetEntry, 'labels'>): boolean =>
  Object.hasOwn(labels, LABEL) && labels[LABEL] === 'true';

export const publishedBy =
  (live: Pick<LivePipeline, 'snapshot'>, tenant: string): (() => readonly TargetEntry[]) =>
  () =>
    (live.snapshot?.targets ?? []).filter((target) => target.tenant === tenant && isPublished(target));
