/** A slice of `npm run conformance:cedar` for every change: corpus, fuzz, levels, and that each planted defect is found. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { archiveIn, checkCorpus } from './corpus.ts';
import { fuzz } from './fuzz.ts';
import { asOneSet, byLevels, checkHierarchy } from './hierarchy.ts';
import { PLANTS } from './plants.ts';
import { subjectOf } from './subject.ts';
import { failuresOf, merged, type Tally } from './tally.ts';

const DATA = process.env['AIRSPACE_DATA'] ?? new URL('../../../shared/data', import.meta.url).pathname;
const archive = archiveIn(`${DATA}/cedar-corpus`);
const skip = archive === undefined ? `Cedar's corpus is not in ${DATA}; set AIRSPACE_DATA to run it` : false;

const assertAgreed = (tally: Tally): void => assert.deepEqual([failuresOf(tally), tally.differences], [0, []]);

test('the engine agrees with a slice of the Cedar corpus', { skip }, (t) => {
  const tally = checkCorpus(archive ?? '', subjectOf(), { from: 7, stride: 40 });
  t.diagnostic(JSON.stringify(tally.counted));
  assertAgreed(tally);
  assert.ok((tally.compared['decisions'] ?? 0) > 300);
});

test('closures and cedar-wasm agree on every decision, reason and error', (t) => {
  const tally = fuzz(subjectOf(), { seed: 1, count: 40 });
  t.diagnostic(JSON.stringify(tally.counted));
  assertAgreed(tally);
  assert.ok((tally.counted['allowed'] ?? 0) > 0 && (tally.counted['failed policies'] ?? 0) > 0, 'both are reached');
});

for (const [name, plant] of PLANTS)
  test(`an engine in which ${plant.says} is found (${name})`, () => {
    assert.ok(failuresOf(fuzz(subjectOf(plant), { seed: 1, count: 300 })) > 0);
  });

test('whatever a child adds, it never loosens its parent', (t) => {
  const tally = checkHierarchy(byLevels, { seed: 1, count: 3_000 });
  t.diagnostic(JSON.stringify(tally.counted));
  assertAgreed(tally);
  assert.ok((tally.counted['allow'] ?? 0) > 100 && (tally.counted['require_approval'] ?? 0) > 100);
});

test('one merged set of all levels loosens, and is found', () => {
  const { compared, agreed } = checkHierarchy(asOneSet, { seed: 1, count: 1_000 });
  const kind = 'a child never loosens';
  assert.ok((agreed[kind] ?? 0) < (compared[kind] ?? 0));
});

test('a corpus that is not there is no success', () => {
  const main = new URL('main.ts', import.meta.url).pathname;
  const { status, stderr } = spawnSync(process.execPath, [main, '--corpus', '/nowhere'], { encoding: 'utf8' });
  assert.equal(status, 2);
  assert.match(stderr, /no corpus-tests.tar.gz in `\/nowhere`; nothing was checked/);
});

test('shares of threads add up', () => {
  const one = { compared: { a: 2 }, agreed: { a: 1 }, counted: { x: 1 }, differences: ['a: d'] };
  assert.deepEqual(merged([one, { ...one, counted: { y: 2 } }]), {
    compared: { a: 4 },
    agreed: { a: 2 },
    counted: { x: 1, y: 2 },
    differences: ['a: d', 'a: d'],
  });
});
