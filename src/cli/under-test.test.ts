/** The topology suite as part of every check: the same promises in every topology, over real HTTP, and the same outcomes. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type CheckResult, compareOutcomes, type Outcomes, runSuites, topologySuite } from '../conformance/index.ts';
import type { Topology } from './deploy.ts';
import { shapeOf, topologyUnderTest, UNDER_TEST } from './under-test.ts';

interface Held {
  readonly results: readonly CheckResult[];
  readonly outcomes: Outcomes;
}

const scratch = mkdtempSync(join(tmpdir(), 'airspace-topologies-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const held = new Map<Topology, Held>();

const hold = async (topology: Topology): Promise<void> => {
  const under = topologyUnderTest(topology, join(scratch, topology));
  const suite = await topologySuite(topology, under, shapeOf(topology));
  const results = await runSuites([suite.suite], () => {});
  held.set(topology, { results, outcomes: await suite.outcomes() });
  await suite.stop();
};

/** They wait for each other's nodes rather than for the processor, so they wait together. */
before(() => Promise.all(UNDER_TEST.map(hold)));

for (const topology of UNDER_TEST)
  describe(`topology ${topology}`, () => {
    it('keeps every promise of the suite', async (t) => {
      for (const { promise, broken } of held.get(topology)!.results)
        await t.test(promise, () => {
          if (broken !== undefined) throw broken;
        });
    });
  });

/** Rows of the table without their last cell, which says why. */
const documented = (): readonly string[] => {
  const text = readFileSync(new URL('../../docs/topologies.md', import.meta.url), 'utf8');
  const rows = text.split('\n').filter((line) => /^\| (mesh|hierarchy|tree) \|/.test(line));
  return rows.map((row) => row.slice(2, -2).split(' | ').slice(0, 4).join(' | '));
};

/** `5 x alice agent/echo/echo: 200`. Versions of policy are the same, and change with its text. */
const counted = (lines: readonly string[]): string =>
  [...Map.groupBy(lines, (line) => line.replaceAll(/sha256:[0-9a-f]+/g, '*'))]
    .map(([line, { length }]) => (length === 1 ? line : `${length} x ${line}`))
    .join('; ') || 'nothing';

describe('the topologies against each other', () => {
  it('come to the same, but for what the table in docs/topologies.md says', () => {
    const hub = held.get('hub')!.outcomes;
    const found = UNDER_TEST.slice(1).flatMap((topology) =>
      compareOutcomes(held.get(topology)!.outcomes, hub).map(({ promise, here, there }) =>
        [topology, promise, counted(there), counted(here)].join(' | '),
      ),
    );
    assert.deepEqual(found.sort(), documented().toSorted());
  });
});
