import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Fault, type SealedSecret, type SecretStore, type TenantKey } from '../contract/index.ts';
import { VirtualWorld } from '../kernel/index.ts';
import { memoryStores } from '../stores/index.ts';
import { openRootKey } from './root.ts';
import { Vault } from './vault.ts';

const { clock } = new VirtualWorld(1);
const root = randomBytes(32);
const BANK = 'https://bank.example';
const secret = (more: object = {}) => ({
  tenant: 'default',
  name: 'bank',
  value: 'sk-planted-value',
  origins: [BANK],
  by: 'user/ada',
  ...more,
});
const codeOf = (work: () => unknown): string => {
  try {
    return String(work());
  } catch (thrown) {
    assert.ok(thrown instanceof Fault, String(thrown));
    return thrown.code;
  }
};

test('a secret is opened for the places that it is for, and for its own tenant', async () => {
  const vault = await Vault.open(memoryStores().secrets, root, clock);
  await vault.set(secret());
  assert.equal(vault.reveal('default', 'bank', BANK), 'sk-planted-value');
  for (const elsewhere of ['https://evil.example', 'http://bank.example', `${BANK}:8443`, 'https://bank.example.evil'])
    assert.equal(
      codeOf(() => vault.reveal('default', 'bank', elsewhere)),
      'denied',
      elsewhere,
    );
  assert.equal(
    codeOf(() => vault.reveal('acme', 'bank', BANK)),
    'unavailable',
  );
  assert.equal(
    codeOf(() => vault.reveal('default', 'other', BANK)),
    'unavailable',
  );
  await vault.remove('default', 'bank');
  assert.equal(
    codeOf(() => vault.reveal('default', 'bank', BANK)),
    'unavailable',
  );
  await assert.rejects(vault.remove('default', 'bank'), { code: 'not_found' });
});

test('a store has nothing of the value, and opens with its root key only', async () => {
  const { secrets } = memoryStores();
  const vault = await Vault.open(secrets, root, clock);
  await vault.set(secret());
  const kept = JSON.stringify([await secrets.list(), await secrets.keys()]);
  for (const form of ['utf8', 'base64', 'base64url', 'hex'] as const)
    assert.ok(!kept.includes(Buffer.from('sk-planted-value').toString(form)), form);
  assert.equal((await Vault.open(secrets, root, clock)).reveal('default', 'bank', BANK), 'sk-planted-value');
  await assert.rejects(Vault.open(secrets, randomBytes(32), clock), { code: 'storage' });
});

/** A store in which somebody has changed what secrets are for. */
const tampered = (secrets: readonly SealedSecret[], keys: readonly TenantKey[]): SecretStore => ({
  ...memoryStores().secrets,
  list: async () => secrets,
  keys: async () => keys,
});

test('whoever can write to the store can neither move a secret nor widen where it goes', async () => {
  const { secrets } = memoryStores();
  const vault = await Vault.open(secrets, root, clock);
  await vault.set(secret());
  await vault.set(secret({ name: 'other', value: 'another' }));
  await vault.set(secret({ tenant: 'acme' }));
  const [acme, bank, other] = (await secrets.list()) as [SealedSecret, SealedSecret, SealedSecret];
  const keys = await secrets.keys();
  const broken: readonly SealedSecret[] = [
    { ...bank, origins: ['https://evil.example'] },
    { ...bank, sealed: other.sealed },
    { ...bank, sealed: acme.sealed },
    { ...bank, version: 7 },
    { ...bank, sealed: bank.sealed.slice(0, -4) + (bank.sealed.endsWith('AAA=') ? 'BBB=' : 'AAA=') },
  ];
  for (const one of broken) {
    const opened = await Vault.open(tampered([one], keys), root, clock);
    assert.throws(() => opened.reveal('default', 'bank', one.origins[0]!));
  }
});

test('sealed anew, everything opens as before, and the old key opens nothing', async () => {
  const { secrets } = memoryStores();
  const vault = await Vault.open(secrets, root, clock);
  await vault.set(secret());
  const [before] = (await secrets.list()) as [SealedSecret];
  const oldKeys = await secrets.keys();
  const [, , count] = await Promise.all([
    vault.set(secret({ name: 'b' })),
    vault.set(secret({ name: 'c' })),
    vault.rekey('default'),
  ]);
  assert.equal(count, 3);
  const again = await Vault.open(secrets, root, clock);
  for (const name of ['bank', 'b', 'c']) assert.equal(again.reveal('default', name, BANK), 'sk-planted-value', name);
  assert.notDeepEqual(await secrets.keys(), oldKeys);
  assert.notEqual((await secrets.list())[1]?.sealed, before.sealed);
});

test('a root key is made once, one that was named is never made up, and one that others may read is refused', async () => {
  const files = new Map<string, string>();
  let mode = 0o600;
  const disk = {
    read: async (path: string) => files.get(path),
    create: async (path: string, content: string) => !files.has(path) && files.set(path, content) !== undefined,
    isPrivate: async () => mode === 0o600,
  };
  const first = await openRootKey('own', true, disk);
  assert.equal(first.byteLength, 32);
  assert.deepEqual(await openRootKey('own', true, disk), first);
  await assert.rejects(openRootKey('named', false, disk), { code: 'storage' });
  files.set('short', 'c2hvcnQ=');
  await assert.rejects(openRootKey('short', true, disk), { code: 'storage' });
  mode = 0o640;
  await assert.rejects(openRootKey('own', true, disk), { code: 'storage', message: /chmod 600 own/ });
});

test('what another hub over the same store sets, replaces, seals anew and removes is known after one look', async () => {
  const { secrets } = memoryStores();
  const [one, other] = [await Vault.open(secrets, root, clock), await Vault.open(secrets, root, clock)];
  const known = async (): Promise<string> => {
    await other.follow();
    return codeOf(() => other.reveal('default', 'bank', BANK));
  };
  await one.set(secret());
  assert.equal(await known(), 'sk-planted-value');
  await one.set(secret({ value: 'sk-second' }));
  assert.equal(await known(), 'sk-second');
  await one.rekey('default');
  assert.equal(await known(), 'sk-second');
  await one.remove('default', 'bank');
  assert.equal(await known(), 'unavailable');
});

test('a hub with another root key says so when it looks, and keeps what it has', async () => {
  const { secrets } = memoryStores();
  const stranger = await Vault.open(secrets, randomBytes(32), clock);
  await (await Vault.open(secrets, root, clock)).set(secret());
  await assert.rejects(stranger.follow(), { code: 'storage' });
  assert.deepEqual(stranger.list('default'), []);
});

test('a change begins with what another hub over the same store has made of it', async () => {
  const { secrets } = memoryStores();
  const [one, other] = [await Vault.open(secrets, root, clock), await Vault.open(secrets, root, clock)];
  await one.set(secret());
  assert.equal((await other.set(secret({ value: 'sk-second' }))).version, 2);
  await one.rekey('default');
  await other.set(secret({ name: 'shop', value: 'sk-shop' }));
  await one.set(secret({ value: 'sk-third' }));
  assert.equal(await other.rekey('default'), 2);
  const after = await Vault.open(secrets, root, clock);
  assert.deepEqual(
    ['bank', 'shop'].map((name) => after.reveal('default', name, BANK)),
    ['sk-third', 'sk-shop'],
  );
});
