import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { newNodeKey } from '../identity/index.ts';
import { faultOf } from './fixture.ts';
import { LastGood } from './lastgood.ts';
import { snapshot } from './linkfixture.ts';
import { signDocument } from './sign.ts';

const key = newNodeKey();
const signed = (seq: number, by = key) => signDocument('snapshot', snapshot(seq), by);
const folder = async (t: TestContext): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), 'airspace-kept-'));
  t.after(() => rm(path, { recursive: true }));
  return path;
};

test('what is kept is there after a restart, whole', async (t) => {
  const dir = await folder(t);
  assert.equal(await new LastGood(dir, key.publicKey).load('snapshot'), undefined);
  await new LastGood(dir, key.publicKey).keep('snapshot', signed(3));
  const kept = await new LastGood(dir, key.publicKey).load('snapshot');
  assert.deepEqual(kept?.document, snapshot(3));
  assert.equal(await new LastGood(dir, key.publicKey).load('roster'), undefined);
});

test('an older one never replaces a newer one, also after a restart (I14)', async (t) => {
  const dir = await folder(t);
  const kept = new LastGood(dir, key.publicKey);
  await kept.keep('snapshot', signed(3));
  assert.equal((await faultOf(kept.keep('snapshot', signed(2)))).code, 'conflict');
  await kept.keep('snapshot', signed(3));
  const restarted = new LastGood(dir, key.publicKey);
  await restarted.load('snapshot');
  assert.equal((await faultOf(restarted.keep('snapshot', signed(2)))).code, 'conflict');
  assert.equal((await restarted.load('snapshot'))?.document.seq, 3);
});

test('a torn, changed or foreign file is refused, and a good document replaces it', async (t) => {
  const dir = await folder(t);
  const path = join(dir, 'last-snapshot.json');
  await new LastGood(dir, key.publicKey).keep('snapshot', signed(3));
  const whole = await readFile(path, 'utf8');
  const spoiled: readonly (readonly [string, string])[] = [
    [whole.slice(0, whole.length / 2), 'bad_request'],
    ['', 'bad_request'],
    [whole.replace('sales', 'sales2'), 'denied'],
    [JSON.stringify(signed(9, newNodeKey())), 'denied'],
    [JSON.stringify(signDocument('roster', { seq: 9, nodes: [], instances: [] }, key)), 'denied'],
  ];
  for (const [content, code] of spoiled) {
    await writeFile(path, content);
    const kept = new LastGood(dir, key.publicKey);
    assert.equal((await faultOf(kept.load('snapshot'))).code, code);
    await kept.keep('snapshot', signed(1));
    assert.equal((await new LastGood(dir, key.publicKey).load('snapshot'))?.document.seq, 1);
  }
});

test('nothing that is not signed by the control plane gets onto the disk', async (t) => {
  const kept = new LastGood(await folder(t), key.publicKey);
  assert.equal((await faultOf(kept.keep('snapshot', signed(1, newNodeKey())))).code, 'denied');
  assert.equal((await faultOf(kept.keep('roster', signed(1)))).code, 'denied');
});
