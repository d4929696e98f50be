/** Bundles as people look them up: what decides now, what each said before, and which release brought it, if one did. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultOf } from '../fixture.ts';
import { bench, bundle, compilePolicy } from './fixture.ts';

const resource = (kind: string, name: string, spec: object) => ({
  ...{ apiVersion: 'airspace.dev/v1', kind, metadata: { name }, spec },
});

test('each bundle says its version, who changed it last, and who looks after it', async () => {
  const { train, apply, stage } = await bench();
  await apply(resource('Domain', 'house', {}), resource('Domain', 'kitchen', { parent: 'house' }));
  await apply(resource('User', 'sara', { administers: ['house'] }), resource('Team', 'cooks', { users: ['sara'] }), {
    ...bundle('k', 'kitchen'),
    metadata: { name: 'kitchen', owner: 'cooks' },
    spec: { level: 'kitchen', policies: { text: 'k' } },
  });
  const { active, twoPerson, items } = await train.overview('default');
  assert.equal(active, (await stage('two')).base);
  assert.equal(twoPerson, false);
  assert.deepEqual(
    items.map(({ name, level, owner, stewards, version, revision, by }) => [
      name,
      level,
      owner,
      stewards,
      version,
      revision,
      by,
    ]),
    [
      ['kitchen', 'kitchen', 'cooks', ['sara'], 1, 3, 'user/ann'],
      ['org', 'org', '', [], 1, 1, 'user/ann'],
    ],
  );
});

test('what a bundle said before is there with who brought it, and a release with its evidence', async () => {
  const { train, stage, activate, apply } = await bench();
  const { id } = await stage('two');
  await activate(id, 100);
  await apply(bundle('three'));
  const versions = await train.versions('default', 'org', 10);
  assert.deepEqual(
    versions.map(({ version, policies, limits, release }) => [version, policies, limits, release?.id, release?.author]),
    [
      [3, 'three', null, undefined, undefined],
      [2, 'two', null, id, 'user/ann'],
      [1, 'one', null, undefined, undefined],
    ],
  );
  assert.deepEqual(
    (await train.versions('default', 'org', 1)).map(({ version }) => version),
    [3],
  );
  assert.equal((await faultOf(train.versions('default', 'nothing', 10))).code, 'not_found');
});

test('a reason that only says it was a release makes none', async () => {
  const { train, stage, plane, wish } = await bench();
  const { id } = await stage('two');
  await plane.apply({ ...wish([bundle('another')]), reason: `policy release ${id}`, dryRun: false });
  assert.equal((await train.versions('default', 'org', 1))[0]?.release, null);
});

test('a release says the text that it brings', async () => {
  const { train, stage } = await bench();
  const { id } = await stage('two');
  assert.deepEqual(await train.texts('default', id), [{ name: 'org', level: 'org', policies: 'two', limits: null }]);
  assert.equal((await faultOf(train.texts('default', 'ffffffff'))).code, 'not_found');
});

test('what was worked out of a configuration is kept while that is the same, and no longer', async () => {
  let compiled = 0;
  const { train, stage, apply, activate } = await bench({
    compilePolicy: (...given) => {
      compiled++;
      return compilePolicy(...given);
    },
  });
  const { id } = await stage('two');
  const look = async () => {
    const before = compiled;
    const { active, items } = await train.overview('default');
    const { diff } = await train.get('default', id);
    return { active, versions: items.map(({ version }) => version), diff: diff.length, work: compiled - before };
  };
  const first = await look();
  assert.deepEqual(await look(), { ...first, work: 0 });
  await activate(id, 100);
  const second = await look();
  assert.deepEqual([second.active === first.active, second.versions, second.work > 0], [false, [2], true]);
  await apply(resource('Domain', 'house', {}), {
    ...bundle('h', 'house'),
    spec: { level: 'house', policies: { text: 'h' } },
  });
  assert.deepEqual((await look()).versions, [1, 2]);
});
