/** What other hubs must hear of, and how it is counted: never on the way of a call, because a NOTIFY makes all commits wait for each other. */
import type { StoreTopic } from '../../contract/index.ts';
import type { Writers } from '../sql/index.ts';

const TOPIC_OF: { readonly [K in keyof Writers]?: StoreTopic } = {
  commit: 'resources',
  putRelease: 'releases',
  putKill: 'kills',
  liftKill: 'kills',
  putNode: 'nodes',
  removeNode: 'nodes',
  putPeer: 'peers',
  removePeer: 'peers',
  putSecret: 'secrets',
  removeSecret: 'secrets',
  rekeySecrets: 'secrets',
  claimTenantKey: 'secrets',
};

/** In one order, so that two hubs never wait for each other's counters. */
export const topicsOf = (names: readonly string[]): readonly StoreTopic[] => {
  const topics = names.flatMap((name) => TOPIC_OF[name as keyof Writers] ?? []);
  return [...new Set(topics)].sort();
};

/** Counters live beside the sequences. One that a transaction has raised is locked until it ends, so none is ever seen to skip. */
export const counterOf = (topic: StoreTopic): string => `changed ${topic}`;

export const topicOf = (counter: string): StoreTopic => counter.slice('changed '.length) as StoreTopic;
