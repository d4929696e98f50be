/** Domains as the people above look at them: which hub serves one, what came of its exports, and what its calls were like. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { DomainSeen } from '../../src/cli/commands/domains.ts';
import type { RunningDomainHub } from '../../src/cli/node/domain.ts';
import type { RunningHub } from '../../src/cli/node/hub.ts';
import { line } from '../../src/cli/testing/line.ts';
import { DEFAULT_TENANT } from '../../src/contract/index.ts';
import { agent, apply, bundle, call, keyOf, mintKey, OPEN, resource, Scene, until } from './scene.ts';

const scene = new Scene();
const keys = { ann: mintKey('ann-1'), till: mintKey('till-1') };
let root: RunningHub;
let east: RunningDomainHub;

const domains = (exported: readonly string[] | undefined) => [
  resource('Domain', 'east', { delegated: true, ...(exported === undefined ? {} : { exports: exported }) }),
  resource('Domain', 'west', { delegated: true, telemetry: 'sums' }),
];

before(async () => {
  root = await scene.root();
  await apply(root, [
    ...[...domains(['counter']), bundle('org', OPEN)],
    ...[resource('User', 'ann', { roles: ['admin'] }), keyOf(keys.ann, 'ann', 'user')],
  ]);
  east = await scene.domain(root, 'east');
  const west = await scene.domain(root, 'west');
  const till = await scene.agent('till');
  const priced = { operations: [{ name: 'ask', effect: 'read', price: { perCall: '$0.25' } }] };
  await apply(east, [agent('till', null), agent('counter', null)]);
  await apply(west, [agent('till', till.url, priced), keyOf(keys.till, 'till')]);
  const exportsOf = (id: string) => root.nodes.list(DEFAULT_TENANT).find(({ node }) => node.id === id)?.exports;
  await until(() => exportsOf(east.id)?.taken === 1 && exportsOf(west.id)?.taken === 1);
  for (let at = 0; at < 4; at++) assert.equal((await call(west, keys.till, 'till/ask')).status, 200);
  // From now on both want to export it, and only one can.
  await apply(root, domains(undefined));
  await until(() => (exportsOf(east.id)?.refused ?? null) !== null);
  await until(async () => (await seenOf('west')).hour?.made.calls === 4);
});
after(() => scene[Symbol.asyncDispose]());

const airspace = async (...words: readonly string[]): Promise<string> => {
  const { exit, stdout, stderr } = await line([...words, '--url', root.url, '--key', keys.ann.secret]);
  assert.equal(exit, 0, stderr);
  return stdout;
};

const seenOf = async (name: string): Promise<DomainSeen> =>
  (JSON.parse(await airspace('describe', 'domain', name, '-o', 'json')) as { domain: DomainSeen }).domain;

test('get domains: hub, exports and the last hour, one line each', async () => {
  const lines = (await airspace('get', 'domains')).split('\n');
  const [titles = '', ...rows] = lines;
  for (const title of ['HUB', 'EXPORTS', 'CALLS/MIN', 'ERRORS', 'P50', 'P99', 'COST'])
    assert.ok(titles.includes(title));
  const row = (name: string) => rows.find((one) => one.startsWith(name)) ?? '';
  assert.match(row('east'), /^east +connected \d+ +1 +refused +0 +- +- +- +\$0\.00 +a hub of its own/);
  assert.match(
    row('west'),
    /^west +connected \d+ +1 +1 +[\d.<]+ +0 % +\S+ +\S+ +\$1\.00 +a hub of its own, keeps its calls/,
  );
  const { items } = JSON.parse(await airspace('get', 'domains', '-o', 'json')) as {
    items: readonly { resource: { metadata: { name: string } }; seen: DomainSeen }[];
  };
  assert.equal(
    items.find(({ resource: { metadata } }) => metadata.name === 'west')?.seen.hour?.made.costMicros,
    1_000_000,
  );
});

test('describe domain: why exports are refused, and who has the name', async () => {
  const text = await airspace('describe', 'domain', 'east');
  assert.match(text, new RegExp(`hub ${east.id} is connected, follows snapshot \\d+`));
  assert.match(
    text,
    /its exports are refused: .*Agent `till`: the name is taken: `domain-west-\w+` exports it, in domain `west`/,
  );
  assert.match(text, /last hour, calls that came in here or below: none/);
  const west = await airspace('describe', 'domain', 'west');
  assert.match(west, /its exports: 1 taken/);
  assert.match(
    west,
    /calls that came in here or below: 4 \(.* a minute\), 0 % errors, 0 denied, 0 held, p50 .*, p99 .*, \$1\.00/,
  );
  assert.match(west, /CALLED +CALLS +ERRORS[^\n]*\nagent\/till +4 +0 %/);
});

test('status and check of the parent say that exports are refused', async () => {
  assert.match(
    await airspace('status'),
    new RegExp(`refused +exports of domain east \\(${east.id}\\): .*the name is taken`),
  );
  assert.match(await airspace('check'), /domains +warn +refused: exports of domain east/);
});

test('a hub that left is away, and not forgotten', async () => {
  await east.stop(false);
  await until(async () => (await seenOf('east')).hubs[0]?.state !== 'alive');
  assert.match(await airspace('get', 'domains', 'east'), /east +away/);
});
