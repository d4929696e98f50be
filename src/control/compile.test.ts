/** What the ways of routes become in a snapshot. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, resourceKey, type Snapshot } from '../contract/index.ts';
import { compile } from './compile.ts';
import { route } from './fixture.ts';
import { checkShape } from './shape.ts';

const NO_POLICY: Snapshot['policy'] = { version: '', cedar: '', actionParents: {}, arguments: [], levels: [] };

const wayIn = async (way: object): Promise<unknown> => {
  const made = route('r', {}) as { readonly spec: object };
  const shaped = checkShape({ resources: [{ ...made, spec: { ...made.spec, ...way } }], origins: ['f:1'] }, 'default');
  assert.deepEqual(shaped.problems, []);
  const all = new Map(shaped.resources.map(({ resource }) => [resourceKey(idOf(resource)), resource]));
  const [entry] = (await compile(all, async () => NO_POLICY)).routes;
  const { via, meshPercent, withoutPeer } = entry!;
  return { via, meshPercent, withoutPeer };
};

const plain = { meshPercent: undefined, withoutPeer: undefined };

test('all and none have one form, however they are written, and whoever does not know a share sends all through the hub', async () => {
  for (const via of ['hub', { mesh: 0 }]) assert.deepEqual(await wayIn({ via }), { ...plain, via: 'hub' });
  for (const via of ['mesh', { mesh: 100 }]) assert.deepEqual(await wayIn({ via }), { ...plain, via: 'mesh' });
  assert.deepEqual(await wayIn({ via: { mesh: 25 } }), { ...plain, via: 'hub', meshPercent: 25 });
});

test('the way out is kept where something goes directly, and nowhere else', async () => {
  const withoutPeer = 'hub';
  assert.deepEqual(await wayIn({ via: { mesh: 1 }, withoutPeer }), { via: 'hub', meshPercent: 1, withoutPeer });
  assert.deepEqual(await wayIn({ via: 'mesh', withoutPeer }), { ...plain, via: 'mesh', withoutPeer });
  assert.deepEqual(await wayIn({ via: 'hub', withoutPeer }), { ...plain, via: 'hub' });
});
