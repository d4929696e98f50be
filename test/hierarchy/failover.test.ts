/** Two domains that can do the same, as processes: the hub of one is killed, and calls for the capability go to the other, if it may hold the data. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { RunningHub } from '../../src/cli/node/hub.ts';
import { type CallEvent, DEFAULT_TENANT } from '../../src/contract/index.ts';
import { agent, apply, bundle, call, keyOf, mintKey, OPEN, resource, Scene, until } from './scene.ts';
import { type Serving, serve } from './serving.ts';

const scene = new Scene();
const keys = { concierge: mintKey('concierge-1'), clerk: mintKey('clerk-1') };
/** In the order in which they are chosen: by name. */
const DOMAINS = ['east', 'north', 'south'] as const;
type Domain = (typeof DOMAINS)[number];
let root: RunningHub;
let hubs: Record<Domain, Serving>;
let seen: Record<Domain, readonly string[]>;

const nameIn = (domain: Domain): string => `ledger-${domain}`;

const provided = (capability: string, version: string) => ({ capability, version, shared: true });

const provides = { operations: [{ name: 'ask', effect: 'write', provides: [provided('query', '2.1.0')] }] };
/** East has something that nobody else has. */
const alone = { operations: [{ name: 'ask', effect: 'write', provides: [provided('forecast', '1.0.0')] }] };

before(async () => {
  root = await scene.root();
  await apply(root, [
    ...DOMAINS.map((name) => resource('Domain', name, { delegated: true })),
    ...[bundle('org', OPEN), agent('concierge', null), keyOf(keys.concierge, 'concierge')],
  ]);
  const started = await Promise.all(DOMAINS.map(begun));
  hubs = Object.fromEntries(started.map(({ domain, hub }) => [domain, hub])) as unknown as typeof hubs;
  seen = Object.fromEntries(started.map(({ domain, asked }) => [domain, asked])) as unknown as typeof seen;
  for (const domain of DOMAINS)
    await until(async () => (await call(root, keys.concierge, `${nameIn(domain)}/ask`)).status === 200, domain);
});
after(() => scene[Symbol.asyncDispose]());

const begun = async (domain: Domain) => {
  const { url, seen: asked } = await scene.agent(domain);
  const grant = { role: 'domain', tenant: DEFAULT_TENANT, domain, agent: '' } as const;
  const { token } = await root.nodes.issueJoinToken(grant);
  const hub = await serve(scene, domain, ['--parent', root.url], token);
  const endpoints = [{ url, labels: { residency: 'eu' } }];
  await hub.apply([agent(nameIn(domain), null, { ...(domain === 'east' ? alone : provides), endpoints })]);
  if (domain === 'east') await hub.apply([agent('clerk', null), keyOf(keys.clerk, 'clerk')]);
  return { domain, hub, asked };
};

interface Heard {
  readonly status: number;
  readonly text: string;
  /** What the reply says about its provider. */
  readonly by: string | null;
  readonly callId: string;
}

/** At the root, or by the clerk of the east at the hub of the east. */
const asked = async (capability: string, at: 'root' | 'east' = 'root'): Promise<Heard> => {
  const [{ url }, { secret }] = at === 'root' ? [root, keys.concierge] : [hubs.east, keys.clerk];
  const reply = await fetch(`${url}/v1/capabilities/${capability}`, {
    method: 'POST',
    headers: {
      ...{ authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      // Less than a breaker rests: whoever has nobody else would wait for it.
      'airspace-timeout-ms': '3500',
    },
    body: '{}',
  });
  const { headers, status } = reply;
  const by = headers.get('airspace-capability');
  return { status, text: await reply.text(), by, callId: headers.get('airspace-call-id') ?? '' };
};

const BY_NORTH = 'query@2.1.0; provider=agent/ledger-north/ask';
const BY_SOUTH = 'query@2.1.0; provider=agent/ledger-south/ask';
const INSTEAD = '; instead-of=agent/ledger-north/ask; because=unavailable';

const eventAt = async (callId: string): Promise<CallEvent> => {
  const found = async () =>
    (await root.traces.trace(DEFAULT_TENANT, callId)).find(
      (event) => event.node === root.id && event.callId === callId,
    );
  await until(async () => (await found()) !== undefined, 'the record of the call');
  return (await found())!;
};

/** What the organisation says of where the data of a domain stay; nobody in the domain is asked. */
const label = async (domain: Domain, labels: Readonly<Record<string, string>>): Promise<void> => {
  const [kept] = (await root.configure.list({ tenant: DEFAULT_TENANT, kind: 'Agent' })).filter(
    ({ resource: { metadata } }) => metadata.name === nameIn(domain),
  );
  const { metadata, ...rest } = kept!.resource;
  await apply(root, [{ ...rest, metadata: { ...metadata, labels } }]);
};

test('a capability goes around a domain whose hub was killed, is decided about anew, and nobody else notices', async () => {
  assert.deepEqual([(await asked('query@^2')).by, (await asked('forecast')).status], [BY_NORTH, 200]);
  await until(async () => (await asked('query@^2', 'east')).by === BY_NORTH, 'a way from domain to domain');
  await hubs.north.node.kill();

  const across = await asked('query@^2', 'east');
  assert.deepEqual([across.status, across.by], [200, BY_SOUTH + INSTEAD], across.text);
  const next = await asked('query@^2', 'east');
  assert.deepEqual([next.status, next.by], [200, BY_SOUTH], 'a hub further away remembers it too');

  const before = seen.south.length;
  const moved = await asked('query@^2');
  assert.deepEqual([moved.status, moved.text], [200, '{"from":"south"}']);
  assert.equal(moved.by, BY_SOUTH + INSTEAD);
  assert.equal(seen.south.length, before + 1, 'once');

  const { steps, target } = await eventAt(moved.callId);
  const told = steps.map(({ name }) => name).filter((name) => ['resolve', 'decide', 'failover'].includes(name));
  assert.deepEqual(told, ['resolve', 'decide', 'failover', 'decide'], 'a decision of its own for each of them');
  assert.equal(target.name, 'ledger-south');
  const again = await asked('query@^2');
  assert.deepEqual([again.status, again.by], [200, BY_SOUTH], 'what is known to be away is not asked first');
  assert.equal((await asked('forecast')).text, '{"from":"east"}');
});

test('data of another residency are no way around, and the caller hears which domain is away', async () => {
  const before = seen.south.length;
  await label('south', { residency: 'eu' });
  const away = await asked('query@^2');
  assert.equal(away.status, 503);
  assert.match(away.text, /domain `north`/);
  assert.doesNotMatch(away.text, /south/);
  assert.equal(seen.south.length, before);
  await label('north', { residency: 'eu' });
  assert.match((await asked('query@^2')).by ?? '', /provider=agent\/ledger-south\/ask/);
});

test('who is back is used again', async () => {
  await hubs.north.again();
  // Whoever was away is asked again after half a minute at the latest.
  await until(async () => (await asked('query@^2')).by === BY_NORTH, 'north is back', 60_000);
});
