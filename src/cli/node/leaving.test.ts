import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Peer, SharedStore } from '../../contract/index.ts';
import { systemWorld } from '../../kernel/index.ts';
import { Others, type OthersParts } from './others.ts';

test('a hub that stops while it tells of itself is gone for the others', async () => {
  const peers = new Map<string, Peer>();
  const begun = Promise.withResolvers<void>();
  const may = Promise.withResolvers<void>();
  const shared: SharedStore = {
    name: 'memory',
    isPlain: false,
    holder: 'one',
    claim: async (_, value) => value,
    watch: () => () => {},
    putPeer: async (peer) => {
      if (peers.size > 0) {
        begun.resolve();
        await may.promise;
      }
      peers.set(peer.id, peer);
    },
    removePeer: async (id) => void peers.delete(id),
    peers: async () => [],
  };
  let seq = 1;
  const others = new Others({
    shared,
    control: { follow: async () => {}, republish: () => Promise.reject(new Error('nobody asks')) },
    kills: {
      get current() {
        return { seq } as OthersParts['kills']['current'];
      },
      follow: async () => {},
      renumber: async () => {},
    },
    nodes: { follow: async () => {}, hearPeer: () => {}, reports: () => [] },
    keeper: { heartbeatMs: 60_000, own: () => [], hearPeer: () => {}, renumber: () => {} },
    vault: { follow: async () => {} },
    world: systemWorld(),
    logger: { log: () => {} },
  });
  await others.start();
  seq = 2;
  others.changed();
  await begun.promise;
  const stopped = others.stop();
  may.resolve();
  await stopped;
  seq = 3;
  others.changed();
  assert.deepEqual([...peers.keys()], []);
});
