import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { Fault, type Principal, type ProviderEntry, type Snapshot } from '../../contract/index.ts';
import { VirtualWorld } from '../../kernel/index.ts';
import { KeySets, LAST_GOOD_MS, REFETCH_MS, WAIT_MS } from './keysets.ts';
import { TokenVerifier } from './verify.ts';

const NOW_MS = 1_800_000_000_000;
const NOW = NOW_MS / 1000;
const ISSUER = 'https://id.example';

const pair = await generateKeyPair('ES256', { extractable: true });
const other = await generateKeyPair('ES256', { extractable: true });
const rsa = await generateKeyPair('RS256', { extractable: true });
const jwkOf = async (key: CryptoKey, kid: string) => ({ ...(await exportJWK(key)), kid, use: 'sig' });
const KEYS = { keys: [await jwkOf(pair.publicKey, 'one'), await jwkOf(rsa.publicKey, 'rsa')] };

const provider = (more: Partial<ProviderEntry> = {}): ProviderEntry => ({
  tenant: 'default',
  name: 'corp',
  issuer: ISSUER,
  audience: ['airspace'],
  algorithms: ['ES256'],
  jwks: KEYS,
  provision: false,
  users: { claim: 'sub', suffix: '', names: {} },
  workloads: [],
  ...more,
});

const targets = [
  { tenant: 'default', kind: 'agent', name: 'orders', domain: 'shop' },
] as unknown as Snapshot['targets'];
const users = [{ tenant: 'default', name: 'ada', domain: 'shop', roles: ['viewer'] }];

const never = (): Promise<never> => Promise.reject(new Fault('unreachable', 'nobody is there'));
const verifierOf = (
  one: ProviderEntry,
  fetchJson: (url: string) => Promise<unknown> = never,
  world = new VirtualWorld(1),
) =>
  new TokenVerifier(
    { providers: [one], users, targets },
    { keySets: new KeySets({ clock: world.clock, fetchJson, failed: () => {} }) },
  );

interface Made {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Record<string, unknown>;
  readonly key?: CryptoKey | Uint8Array;
}
const token = ({ claims = {}, header = {}, key = pair.privateKey }: Made = {}): Promise<string> =>
  new SignJWT({ iss: ISSUER, aud: 'airspace', sub: 'ada', exp: NOW + 300, ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'one', ...header })
    .sign(key, { crit: { x: true } });

const who = async (verifier: TokenVerifier, text: string, wallMs = NOW_MS): Promise<Principal | 'refused'> => {
  try {
    return await verifier.verify(text, wallMs);
  } catch (thrown) {
    assert.ok(thrown instanceof Fault && thrown.code === 'unauthenticated', String(thrown));
    return 'refused';
  }
};

const ADA: Principal = { kind: 'user', tenant: 'default', id: 'ada', domain: 'shop', roles: ['viewer'] };

test('a token that holds is the user that it names, with the roles and the domain of the User resource', async () => {
  assert.deepEqual(await who(verifierOf(provider()), await token()), ADA);
});

test('every way in which a token can be wrong is refused, with one text', async () => {
  const unsecured = new UnsecuredJWT({ iss: ISSUER, aud: 'airspace', sub: 'ada', exp: NOW + 300 }).encode();
  // The classic: our public key, which everybody has, used as a shared secret.
  const confused = await token({
    header: { alg: 'HS256' },
    key: new TextEncoder().encode(await exportSPKI(pair.publicKey)),
  });
  const good = await token();
  const [head, body, signature] = good.split('.') as [string, string, string];
  const forged = Buffer.from(JSON.stringify({ iss: ISSUER, aud: 'airspace', sub: 'root', exp: NOW + 300 })).toString(
    'base64url',
  );
  const wrong: Readonly<Record<string, string>> = {
    unsecured,
    'hidden none': `${Buffer.from('{"alg":"nOnE"}').toString('base64url')}.${body}.`,
    confused,
    'an algorithm that is not pinned': await token({ header: { alg: 'RS256', kid: 'rsa' }, key: rsa.privateKey }),
    'another key': await token({ key: other.privateKey }),
    'an unknown kid': await token({ header: { kid: 'two' }, key: other.privateKey }),
    'another issuer': await token({ claims: { iss: 'https://evil.example' } }),
    'an issuer with a slash more': await token({ claims: { iss: `${ISSUER}/` } }),
    'another audience': await token({ claims: { aud: 'else' } }),
    expired: await token({ claims: { exp: NOW - 61 } }),
    'not yet valid': await token({ claims: { nbf: NOW + 61 } }),
    'without an end': await token({ claims: { exp: undefined } }),
    'nobody we know': await token({ claims: { sub: 'eve' } }),
    'no name': await token({ claims: { sub: 'Ada Lovelace' } }),
    'a critical header that we do not know': await token({ header: { crit: ['x'], x: 1 } }),
    'no subject': await token({ claims: { sub: undefined } }),
    'other claims under the signature': `${head}.${forged}.${signature}`,
    'a signature that is cut': `${head}.${body}.${signature.slice(0, -4)}`,
    'a key of its own in the header': await token({
      header: { kid: undefined, jwk: await exportJWK(other.publicKey) },
      key: other.privateKey,
    }),
    huge: `${good}${'x'.repeat(10_000)}`,
  };
  const verifier = verifierOf(provider());
  for (const [what, text] of Object.entries(wrong)) assert.equal(await who(verifier, text), 'refused', what);
  assert.equal(await who(verifierOf(provider({ audience: ['hub-2'] })), good), 'refused');
});

test('clocks may differ by a minute', async () => {
  const verifier = verifierOf(provider());
  assert.deepEqual(await who(verifier, await token({ claims: { exp: NOW - 59 } })), ADA);
  assert.deepEqual(await who(verifier, await token({ claims: { nbf: NOW + 59 } })), ADA);
});

test('a token that was here before costs a hash, until it ends', async () => {
  const verifier = verifierOf(provider());
  const text = await token();
  assert.ok(verifier.verify(text, NOW_MS) instanceof Promise);
  await verifier.verify(text, NOW_MS);
  assert.ok(!(verifier.verify(text, NOW_MS) instanceof Promise));
  assert.equal(await who(verifier, text, NOW_MS + 361_000), 'refused');
});

test('claims become users, roles and teams as the resource says, and nothing else', async () => {
  const mapped = provider({
    provision: true,
    users: { claim: 'email', suffix: '@corp.example', names: { 'boss@corp.example': 'ada' } },
    groups: { claim: 'groups', roles: { ops: ['operator'] }, teams: { ops: ['desk'] } },
  });
  const verifier = verifierOf(mapped);
  const as = async (claims: JWTPayload) => who(verifier, await token({ claims: { sub: 'x', ...claims } }));
  const eve = { email: 'eve@corp.example', email_verified: true };
  assert.deepEqual(await as({ ...eve, groups: ['ops', 'admin', '__proto__', 7] }), {
    kind: 'user',
    tenant: 'default',
    id: 'eve',
    roles: ['operator'],
    teams: ['desk'],
  });
  assert.deepEqual(await as({ ...eve, roles: ['admin'] }), { kind: 'user', tenant: 'default', id: 'eve', roles: [] });
  assert.deepEqual(await as({ email: 'boss@corp.example', email_verified: true }), ADA);
  assert.equal(await as({ email: 'eve@corp.example' }), 'refused', 'an address that nobody verified');
  assert.equal(await as({ email: 'eve@evil.example', email_verified: true }), 'refused');
  assert.equal(await as({ email: ['eve@corp.example'], email_verified: true }), 'refused');
});

test('a workload is the agent that its subject belongs to, with its domain and without roles', async () => {
  const sub = 'system:serviceaccount:*:orders';
  const verifier = verifierOf(provider({ users: undefined, workloads: [{ sub, agent: 'orders' }] }));
  const as = async (subject: string) => who(verifier, await token({ claims: { sub: subject, groups: ['admin'] } }));
  const orders: Principal = { kind: 'agent', tenant: 'default', id: 'orders', domain: 'shop', roles: [] };
  assert.deepEqual(await as('system:serviceaccount:prod:orders'), orders);
  for (const subject of [
    'system:serviceaccount:a:b:orders',
    'system:serviceaccount::orders',
    'system:serviceaccount:prod:orders2',
    'xsystem:serviceaccount:prod:orders',
  ])
    assert.equal(await as(subject), 'refused', subject);
});

const URL_PROVIDER = provider({ jwks: { url: `${ISSUER}/keys` } });
/** Lets promises that wait for nothing but each other settle. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await new Promise((next) => setImmediate(next));
};

test('a new key of the issuer is found, and strangers cannot make us ask for it again and again', async () => {
  const world = new VirtualWorld(1);
  let keys = { keys: [KEYS.keys[0]!] };
  let asked = 0;
  const verifier = verifierOf(
    URL_PROVIDER,
    async () => {
      asked += 1;
      return keys;
    },
    world,
  );
  assert.deepEqual(await who(verifier, await token()), ADA);
  const turned = await token({ header: { kid: 'two' }, key: other.privateKey });
  keys = { keys: [await jwkOf(other.publicKey, 'two')] };
  assert.equal(await who(verifier, turned), 'refused');
  for (let guess = 0; guess < 20; guess++)
    assert.equal(await who(verifier, await token({ header: { kid: `guess${guess}` } })), 'refused');
  assert.equal(asked, 1, 'not within the pause');
  await world.run(REFETCH_MS + 1);
  assert.deepEqual(await who(verifier, turned), ADA);
  assert.equal(asked, 2);
});

test('an issuer that is down is believed by its last keys for a day, and no longer', async () => {
  const world = new VirtualWorld(1);
  let up = true;
  const verifier = verifierOf(URL_PROVIDER, () => (up ? Promise.resolve(KEYS) : never()), world);
  assert.deepEqual(await who(verifier, await token()), ADA);
  up = false;
  await world.run(LAST_GOOD_MS - 1);
  assert.deepEqual(await who(verifier, await token({ claims: { jti: 'a' } })), ADA);
  await world.run(LAST_GOOD_MS + 2);
  assert.equal(await who(verifier, await token({ claims: { jti: 'b' } })), 'refused');
});

test('a call waits for keys that do not come, but not for long', async () => {
  const world = new VirtualWorld(1);
  const verifier = verifierOf(URL_PROVIDER, () => new Promise(() => {}), world);
  const answer = who(verifier, await token());
  await settle();
  await world.run(WAIT_MS + 1);
  assert.equal(await answer, 'refused');
});

test('a shared secret among the keys of an issuer is no key', async () => {
  const secret = new TextEncoder().encode('a secret that is long enough for this');
  const oct = { kty: 'oct', k: Buffer.from(secret).toString('base64url'), kid: 'one', alg: 'HS256' };
  const verifier = verifierOf(URL_PROVIDER, async () => ({ keys: [oct] }));
  assert.equal(await who(verifier, await token({ header: { alg: 'HS256' }, key: secret })), 'refused');
});

test('the configuration of an issuer says where its keys are, if it is that issuer', async () => {
  const discovering = provider({ jwks: undefined });
  const documents: Record<string, unknown> = { [`${ISSUER}/keys`]: KEYS };
  const fetchJson = async (url: string) => documents[url] ?? never();
  const at = `${ISSUER}/.well-known/openid-configuration`;
  documents[at] = { issuer: ISSUER, jwks_uri: `${ISSUER}/keys` };
  assert.deepEqual(await who(verifierOf(discovering, fetchJson), await token()), ADA);
  documents[at] = { issuer: 'https://evil.example', jwks_uri: `${ISSUER}/keys` };
  assert.equal(await who(verifierOf(discovering, fetchJson), await token()), 'refused');
});

test('a configuration that is only being prepared takes no keys from the one in force', async () => {
  const keySets = new KeySets({ clock: new VirtualWorld(1).clock, fetchJson: never, failed: () => {} });
  const inForce = new TokenVerifier({ providers: [provider()], users, targets }, { keySets });
  new TokenVerifier({ providers: [], users, targets }, { keySets });
  assert.deepEqual(await who(inForce, await token()), ADA);
});
