/** The topology suite as part of every check: the same promises in hub, mesh and hierarchy, over real HTTP. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type TopologySuite, topologySuite } from '../conformance/index.ts';
import { TOPOLOGIES } from './deploy.ts';
import { topologyUnderTest } from './under-test.ts';

const scratch = mkdtempSync(join(tmpdir(), 'airspace-topologies-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

for (const topology of TOPOLOGIES) {
  describe(`topology ${topology}`, () => {
    let suite: TopologySuite;
    before(async () => {
      suite = await topologySuite(topology, topologyUnderTest(topology, join(scratch, topology)), {
        via: topology === 'mesh' ? 'mesh' : 'hub',
        delegated: topology === 'hierarchy',
      });
    });
    after(() => suite.stop());
    it('keeps every promise of the suite', async (t) => {
      for (const { promise, check } of suite.suite.checks) await t.test(promise, check);
    });
  });
}
