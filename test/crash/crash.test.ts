/** A short slice of the crash rounds, so that every check kills each kind of node once. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Topology } from '../../src/cli/deploy.ts';
import { crashRound, type KindName } from './kinds.ts';
import { roundLine } from './report.ts';
import { openScene, type Scene } from './scene.ts';

/** Other tests share the machine: here it matters that nothing is lost, and `npm run crash` holds the time. */
const BACK_WITHIN_MS = 20_000;

/** Two topologies for four kinds: the root of a tree is a hub on the way of every call, and starting nodes is what takes time. */
const SCENES: readonly (readonly [Topology, readonly KindName[]])[] = [
  ['mesh', ['sidecar', 'centre']],
  ['hierarchy', ['hub', 'domain']],
];

describe('kill -9', { concurrency: SCENES.length }, () => {
  for (const [topology, kinds] of SCENES) {
    describe(`in the ${topology}`, { concurrency: 1 }, () => {
      let scene: Scene | undefined;
      before(async () => {
        scene = await openScene(topology);
      });
      after(() => scene?.stop());
      for (const kind of kinds) {
        it(`of the ${kind} loses nothing that was acknowledged and runs nothing twice`, async (context) => {
          const seed = Math.floor(Math.random() * 100_000);
          const round = await crashRound({ scene: scene!, kind, number: 1, seed, backWithinMs: BACK_WITHIN_MS });
          context.diagnostic(`seed ${seed}: ${roundLine({ kind, number: 1, ...round })}`);
          assert.deepEqual(round.findings, []);
          assert.ok(round.acknowledged > 0 && round.changes > 0, 'there was load');
        });
      }
    });
  }
});
