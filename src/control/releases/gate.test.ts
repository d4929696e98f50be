/** With two persons on there is one way to more: a release that somebody else approved. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ApplyResult, WHOLE_TENANT } from '../../contract/index.ts';
import { agent, faultOf } from '../fixture.ts';
import { bench, bundle, fact } from './fixture.ts';
import type { TrainParts } from './parts.ts';

type Bench = Awaited<ReturnType<typeof bench>>;

/** Everybody who changes policy without a release. */
const ways: Readonly<Record<string, (bench: Bench, dryRun: boolean) => Promise<ApplyResult>>> = {
  'an apply that changes a bundle': ({ plane, wish }, dryRun) => plane.apply({ ...wish([bundle('two')]), dryRun }),
  'an apply that adds a fact': ({ plane, wish }, dryRun) => plane.apply({ ...wish([fact(2)]), dryRun }),
  'an apply that prunes': ({ plane, wish }, dryRun) => plane.apply({ ...wish([agent('a')]), prune: true, dryRun }),
  'a delete of a bundle': ({ plane }, dryRun) =>
    plane.remove([{ tenant: 'default', kind: 'PolicyBundle', name: 'org' }], 'user/ann', '', dryRun, WHOLE_TENANT),
  'a rollback of the whole configuration': ({ plane }, dryRun) =>
    plane.rollback(1, 'user/ann', '', dryRun, WHOLE_TENANT),
};

for (const [what, change] of Object.entries(ways)) {
  test(`with two persons on, ${what} is refused, and its dry run says the same`, async () => {
    const made = await bench({ twoPerson: true });
    await released(made, 'three');
    const { revision } = await made.stores.resources.list();
    for (const dryRun of [true, false]) {
      const fault = await faultOf(change(made, dryRun));
      assert.equal(fault.code, 'denied');
      assert.match(fault.message, /`org\/all`: permit added.*airspace policy stage -f.*airspace policy approve/);
      assert.deepEqual(fault.facts['widens'], ['`org/all`: permit added']);
    }
    assert.equal((await made.stores.resources.list()).revision, revision);
  });
}

const released = async ({ stage, train, activate }: Bench, text: string): Promise<void> => {
  const { id } = await stage(text);
  await train.approve('default', id, 'user/bob', '');
  await activate(id, 100);
};

test('a diff says the same as an apply', async () => {
  const { plane, wish } = await bench({ twoPerson: true });
  assert.equal((await faultOf(plane.diff({ ...wish([bundle('two')]), dryRun: false }))).code, 'denied');
});

test('what can only narrow is applied, deleted and rolled back by one person', async () => {
  for (const change of Object.values(ways)) await change(await bench({ twoPerson: true, widenings: () => [] }), false);
});

test('what is no policy is nothing to the gate', async () => {
  const { apply } = await bench({ twoPerson: true });
  await apply(agent('b'));
  await apply(bundle('one'), agent('b', { labels: { tier: 'gold' } }));
});

test('the gate compares the policy of each tenant that changes, and of no other', async () => {
  const compared: string[] = [];
  const widenings: TrainParts['widenings'] = (present, proposed) => {
    compared.push(`${present.version} ${proposed.policy.version}`);
    return [];
  };
  const { plane, wish } = await bench({ twoPerson: true, widenings });
  await plane.apply({ ...wish([bundle('other')]), tenant: 'other', dryRun: false });
  assert.equal(compared.length, 1);
  await plane.rollback(1, 'user/ann', '', false, WHOLE_TENANT);
  assert.equal(compared.length, 2);
  assert.equal(compared[1], compared[0]?.split(' ').reverse().join(' '));
});

test('a rollback of policy needs nobody, because an incident does not wait', async () => {
  const made = await bench({ twoPerson: true });
  await released(made, 'two');
  await made.train.rollback('default', 'user/ann', 'it stops everybody', WHOLE_TENANT);
  assert.equal(await made.text(), 'one');
});

test('without two persons everything is applied as before', async () => {
  const { apply, text } = await bench();
  await apply(bundle('two'), fact(2));
  assert.equal(await text(), 'two');
});
