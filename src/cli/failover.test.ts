/** A capability whose first provider is away, at a real hub: who is asked instead, and what of the call is theirs. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DEFAULT_TENANT, WHOLE_TENANT } from '../contract/index.ts';
import { mintKey } from '../identity/index.ts';
import { type RunningHub, startHub } from './node/hub.ts';
import { line } from './testing/line.ts';

const scratch = mkdtempSync(join(tmpdir(), 'airspace-failover-'));
const admin = mintKey('ada-1');
const caller = mintKey('alice-1');
const ran: string[] = [];
let server: http.Server;
let hub: RunningHub;

/** Each test has a capability of its own, whose first provider is away and which two others provide. */
const CAPABILITIES = ['plain', 'refused', 'asked', 'stopped', 'keyed', 'spoken', 'shown', 'hidden'] as const;
type Capability = (typeof CAPABILITIES)[number];

const resource = (kind: string, name: string, spec: unknown) => ({
  ...{ apiVersion: 'airspace.dev/v1', kind, metadata: { name }, spec },
});

/** Nothing listens at port 1. */
const providersOf = (capability: Capability) =>
  ['a', 'b', 'c'].map((letter) =>
    resource('Tool', `${capability}-${letter}`, {
      endpoints: [{ url: letter === 'a' ? 'http://127.0.0.1:1' : `${urlOf(server)}/${capability}-${letter}` }],
      operations: [{ name: 'run', effect: 'write', provides: [{ capability, version: '1.0.0' }] }],
    }),
  );

const urlOf = (of: http.Server): string => `http://127.0.0.1:${(of.address() as AddressInfo).port}`;

const POLICY = `@id("alice") @reason("alice works") permit (principal == Agent::"alice", action, resource);
@id("not-this-one") @reason("not with it") @code("NOT_WITH_IT")
forbid (principal, action, resource in Tool::"refused-b") when { context.session };
@id("ask-somebody") @reason("somebody has to look at it") @remedy("approval") @approval("ttl=1h")
forbid (principal, action, resource in Tool::"asked-b");
@id("not-for-alice") @reason("not for sale") forbid (principal, action, resource in Tool::"hidden-b");
@id("nor-that") @reason("not for sale") forbid (principal, action, resource in Tool::"hidden-c");`;

before(async () => {
  server = http.createServer((req, res) => {
    ran.push(req.url!.split('/')[1]!);
    req.resume().on('end', () => res.writeHead(200, { 'content-type': 'application/json' }).end('{"rows":1}'));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  hub = await startHub({
    ...{ dir: join(scratch, 'data'), host: '127.0.0.1', port: 0, level: 'error', log: () => {}, oracle: 0 },
  });
  const resources = [
    resource('User', 'ada', { roles: ['admin'] }),
    resource('Agent', 'alice', { operations: [{ name: 'x' }] }),
    resource('Key', 'ada-1', { principal: { kind: 'user', name: 'ada' }, secretHash: admin.secretHash }),
    resource('Key', 'alice-1', { principal: { kind: 'agent', name: 'alice' }, secretHash: caller.secretHash }),
    ...CAPABILITIES.flatMap(providersOf),
    resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
  ];
  await hub.control.apply({
    ...{ tenant: DEFAULT_TENANT, by: 'test', rights: WHOLE_TENANT, reason: '', dryRun: false, prune: false },
    ...{ resources, origins: resources.map(({ metadata: { name } }) => name) },
  });
});
after(async () => {
  await hub?.stop(false);
  server?.close();
  rmSync(scratch, { recursive: true, force: true });
});

const reached = (): string[] => ran.splice(0);

const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
  const response = await fetch(`${hub.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${caller.secret}`, ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return {
    ...{ status: response.status, text, json: () => JSON.parse(text) },
    by: response.headers.get('airspace-capability'),
    id: response.headers.get('airspace-call-id') ?? '',
  };
};

const ask = (capability: Capability, headers?: Record<string, string>) =>
  post(`/v1/capabilities/${capability}@^1`, { sql: '' }, headers);

const insteadOf = (capability: Capability): string =>
  `${capability}@1.0.0; provider=tool/${capability}-b/run; instead-of=tool/${capability}-a/run; because=unreachable`;

const get = async (path: string) => {
  const reply = await fetch(`${hub.url}${path}`, { headers: { authorization: `Bearer ${admin.secret}` } });
  assert.ok(reply.ok, `${path}: ${reply.status}`);
  return reply.json();
};

test('what changes something runs once, at the next one, and its record and its audit are about that one', async () => {
  const moved = await ask('plain');
  assert.deepEqual([moved.status, moved.by], [200, insteadOf('plain')], moved.text);
  assert.deepEqual(reached(), ['plain-b']);
  // Its answer comes in chunks, and the end of a stream is written when it is over.
  const headers = { authorization: `Bearer ${caller.secret}` };
  for (const endMs = performance.now() + 30_000; ; ) {
    const record = await fetch(`${hub.url}/v1/calls/${moved.id}`, { headers });
    if (((await record.json()) as { state: string }).state === 'done') break;
    assert.ok(performance.now() < endMs, 'the record is not done');
  }
  const { items } = (await get(`/v1/audit?call=${moved.id}`)) as {
    items: readonly { seq: number; kind: string; object: string; details: Record<string, unknown> }[];
  };
  assert.deepEqual(
    items
      .toSorted((one, other) => one.seq - other.seq)
      .map(({ kind, object, details }) => [kind, object, details['executed']]),
    [
      ['call.sent', 'tool/plain-a/run', undefined],
      ['call.ended', 'tool/plain-a/run', 'no'],
      ['call.sent', 'tool/plain-b/run', undefined],
      ['call.ended', 'tool/plain-b/run', 'yes'],
    ],
  );
});

test('a denial of the next one is the answer: nobody is asked until one has no such rule', async () => {
  const denied = await ask('refused', { 'airspace-session': 's1' });
  assert.equal(denied.status, 403, denied.text);
  const { code, facts } = denied.json();
  assert.deepEqual([code, facts.code], ['denied', 'NOT_WITH_IT']);
  assert.deepEqual(facts.providers, ['tool/refused-a/run: unreachable', 'tool/refused-b/run: denied']);
  assert.deepEqual(reached(), []);
});

test('where the next one wants people, people are asked about exactly that one', async () => {
  const held = await ask('asked');
  assert.deepEqual([held.status, held.by], [202, insteadOf('asked')], held.text);
  assert.deepEqual(reached(), []);
});

test('what an order stops is no way around', async () => {
  const by = { kind: 'user', tenant: DEFAULT_TENANT, id: 'ada', roles: ['admin'] } as const;
  await hub.kills.order(by, { kind: 'tool', name: 'stopped-b', reason: 'it runs wild' });
  const moved = await ask('stopped');
  assert.match(moved.by ?? '', /provider=tool\/stopped-c\/run; instead-of=tool\/stopped-a\/run/);
  assert.deepEqual(reached(), ['stopped-c']);
  await hub.kills.order(by, { kind: 'tool', name: 'stopped-c', reason: 'it runs wild too' });
  const left = await ask('stopped');
  assert.deepEqual(
    [left.status, left.json().code],
    [503, 'unavailable'],
    'the caller hears what is away, not what stops',
  );
});

test('under a key the choice stays, and another key goes where somebody is', async () => {
  const first = await ask('keyed', { 'idempotency-key': 'k1' });
  assert.deepEqual([first.status, first.json().code, first.by], [502, 'unreachable', null]);
  assert.equal(first.json().facts.providers, undefined);
  const other = await ask('keyed', { 'idempotency-key': 'k2' });
  assert.deepEqual([other.status, other.by], [200, 'keyed@1.0.0; provider=tool/keyed-b/run']);
  assert.deepEqual(reached(), ['keyed-b']);
});

test('what A2A has written for one provider stays with it, and the next message goes where somebody is', async () => {
  const message = {
    ...{ messageId: 'm', role: 'ROLE_USER', parts: [{ data: { sql: '' } }] },
    metadata: { skill: 'capability/spoken@^1' },
  };
  const send = () =>
    post('/a2a', { jsonrpc: '2.0', id: 1, method: 'SendMessage', params: { message } }, { 'a2a-version': '1.0' });
  assert.doesNotMatch((await send()).text, /"rows"/);
  assert.match((await send()).text, /"rows"/);
  assert.deepEqual(reached(), ['spoken-b']);
});

test('what the caller may not call is neither asked instead nor named', async () => {
  const away = await ask('hidden');
  assert.deepEqual([away.status, away.json().code], [502, 'unreachable']);
  assert.doesNotMatch(away.text, /hidden-[bc]/);
  assert.deepEqual(reached(), []);
});

test('people see whom a call was asked of, and why', async () => {
  const moved = await ask('shown');
  const why = await line(['why', moved.id, '--url', hub.url, '--key', admin.secret]);
  assert.match(why.stdout, /^call \S+ {2}tool\/shown-b\/run {2}ok/, why.stdout + why.stderr);
  assert.match(
    why.stdout,
    /failover +tool\/shown-a\/run could not take it \(unreachable\), so tool\/shown-b\/run is asked: same version, first by name/,
  );
  assert.equal(why.stdout.match(/ decide /g)?.length, 2, 'a decision of its own for each');
  reached();
});
