/** A release is policy and what policy reads: facts go through every step with the bundles. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WHOLE_TENANT } from '../../contract/index.ts';
import { agent, faultOf } from '../fixture.ts';
import { bench, bundle, fact } from './fixture.ts';
import { digestOf, seal, unseal } from './seal.ts';

test('a change of a fact alone is a release of its own, and goes from staged to active and back', async () => {
  const { apply, stageAll, activate, rate, published, train, stateOf } = await bench();
  await apply(fact(1));
  const { id, base } = await stageAll([fact(2)]);
  assert.notEqual(id, base);
  await activate(id, 10);
  assert.deepEqual([await rate(), published.at(-1)?.candidates?.[0]?.policy.version], [1, id]);
  await activate(id, 100);
  assert.deepEqual([await rate(), published.at(-1)?.policy.version, await stateOf(id)], [2, id, 'active']);
  await train.rollback('default', 'user/ann', '', WHOLE_TENANT);
  assert.deepEqual([await rate(), published.at(-1)?.policy.version], [1, base]);
});

test('a release brings bundles and facts together, and prune takes away both', async () => {
  const { apply, wish, train, activate, text, rate } = await bench();
  await apply(fact(1));
  const both = await train.stage({ ...wish([bundle('two'), fact(2)]), cases: [] });
  await activate(both.release.id, 100);
  assert.deepEqual([await text(), await rate()], ['two', 2]);
  const less = await train.stage({ ...wish([bundle('three')]), prune: true, cases: [] });
  await activate(less.release.id, 100);
  assert.deepEqual([await text(), await rate()], ['three', undefined]);
});

test('a release without any bundle would deny everything, and is none', async () => {
  const { wish, train } = await bench();
  const fault = await faultOf(train.stage({ ...wish([fact(2)]), prune: true, cases: [] }));
  assert.match(fault.message, /no PolicyBundle/);
});

test('a fact that changes under a release makes it stale, and halts it on trial', async () => {
  const { apply, stage, activate, stateOf, train } = await bench();
  const waiting = await stage('two');
  const tried = await stage('three');
  await activate(tried.id, 5);
  await apply(fact(1));
  assert.equal(await stateOf(tried.id), 'halted');
  assert.equal((await train.get('default', waiting.id)).stale, true);
  assert.equal((await faultOf(activate(waiting.id, 100))).code, 'conflict');
});

test('the order of fields, and what people say about a fact, makes no other policy', () => {
  const of = (spec: object) => digestOf({ bundles: [], facts: [{ ...fact(1), spec } as never] });
  assert.equal(of({ take: '', as: { a: 1, b: 2 } }), of({ as: { b: 2, a: 1 }, take: '', description: 'a rate' }));
  assert.notEqual(of({ take: '' }), of({ take: '/rate' }));
});

test('a release from before releases held facts opens, and fits only where there are none', async () => {
  const { stage, stores, key, train, activate, apply } = await bench();
  const { id } = await stage('two');
  const record = (await stores.releases.get('default', id))!;
  const { facts: _, proof: __, ...old } = unseal(record.sealed, key.publicKey);
  await stores.releases.put({ ...record, sealed: seal(old, key), version: record.version + 1 });
  const seen = await train.get('default', id);
  assert.deepEqual([seen.stale, seen.proof], [false, null]);
  await apply(agent('b'), fact(1));
  assert.equal((await train.get('default', id)).stale, true);
  assert.equal((await faultOf(activate(id, 100))).code, 'conflict');
});
