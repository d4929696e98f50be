/** Calls that wait for people in a tree of hubs, as callers of A2A see them: each at the hub where it entered, or refused with where to go. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type RunningDomainHub, startDomainHub } from '../../src/cli/node/domain.ts';
import { type RunningHub, startHub } from '../../src/cli/node/hub.ts';
import { DEFAULT_TENANT, WHOLE_TENANT } from '../../src/contract/index.ts';
import { APPROVAL_URI } from '../../src/doors/a2a/index.ts';
import { mintKey } from '../../src/identity/index.ts';
import { message, type PlainAgent, plainAgent, resource } from './scene.ts';
import type { Json } from './speakers.ts';

const keys = { alice: mintKey('alice-1'), inner: mintKey('inner-1'), ann: mintKey('ann-1') };
const POLICY = `
@id("all") @reason("everybody may call") permit (principal, action, resource);
@id("pay") @reason("payments need a person of finance") @remedy("approval") @approval("roles=finance; ttl=1h")
forbid (principal, action, resource) when { context.operation == "pay" };
`;
const held = new AsyncDisposableStack();
const common = { host: '127.0.0.1', port: 0, level: 'error', log: () => {} } as const;
let hub: RunningHub;
let branch: RunningDomainHub;
let plain: PlainAgent;

before(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-held-below-'));
  held.defer(() => rmSync(dir, { recursive: true, force: true }));
  plain = await plainAgent();
  held.defer(() => plain.close());
  hub = await startHub({ ...common, dir: join(dir, 'hub'), oracle: 0 });
  held.defer(() => hub.stop(false));
  const calls = { operations: [{ name: 'noop', effect: 'read' }] };
  const paid = { operations: [{ name: 'pay', effect: 'write' }], endpoints: [{ url: plain.url }] };
  const key = (name: 'alice' | 'inner', more: object = {}) =>
    resource('Key', `${name}-1`, { principal: { kind: 'agent', name }, secretHash: keys[name].secretHash }, more);
  const resources = [
    resource('Domain', 'branch', { delegated: true }),
    resource('Agent', 'alice', calls),
    resource('Agent', 'inner', calls, { domain: 'branch' }),
    ...[key('alice'), key('inner')],
    resource('User', 'ann', { roles: ['finance'] }),
    resource('Key', 'ann-1', { principal: { kind: 'user', name: 'ann' }, secretHash: keys.ann.secretHash }),
    resource('Agent', 'below', paid, { domain: 'branch' }),
    resource('Agent', 'outside', paid),
    resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
  ];
  await hub.control.apply({
    ...{ tenant: DEFAULT_TENANT, resources, origins: resources.map(() => 'test'), by: 'test', rights: WHOLE_TENANT },
    ...{ reason: '', dryRun: false, prune: false },
  });
  const grant = { role: 'domain', tenant: DEFAULT_TENANT, domain: 'branch', agent: '' } as const;
  const { token } = await hub.nodes.issueJoinToken(grant);
  branch = await startDomainHub({ ...common, dir: join(dir, 'branch'), hubUrl: hub.url, token });
  held.defer(() => branch.stop(false));
  while (branch.snapshotSeq() === 0) await new Promise((turn) => setImmediate(turn));
});
after(() => held.disposeAsync());

type At = Pick<RunningHub, 'url'>;

const ask = async (
  { url }: At,
  who: 'alice' | 'inner',
  agent: string,
  method: string,
  params: unknown,
): Promise<Json> => {
  const response = await fetch(`${url}/a2a/${agent}`, {
    method: 'POST',
    headers: {
      ...{ 'content-type': 'application/json', 'a2a-version': '1.0' },
      authorization: `Bearer ${keys[who].secret}`,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  return response.json();
};

const approve = async ({ url }: At, id: string): Promise<number> => {
  const headers = { authorization: `Bearer ${keys.ann.secret}`, 'content-type': 'application/json' };
  const view = (await (await fetch(`${url}/v1/approvals/${id}`, { headers })).json()) as Json;
  const body = JSON.stringify({ digest: view.digest, comment: 'because' });
  return (await fetch(`${url}/v1/approvals/${id}:approve`, { method: 'POST', headers, body })).status;
};

const pay = (text: string) => message(text, { metadata: { skill: 'pay' } });

/** Until it waits for nobody any more. */
const followed = async (at: At, who: 'alice' | 'inner', id: string): Promise<Json> => {
  for (;;) {
    const { result } = await ask(at, who, 'below', 'GetTask', { id });
    if (/COMPLETED|FAILED|REJECTED|CANCELED/.test(result.status.state)) return result;
    await new Promise((turn) => setImmediate(turn));
  }
};

for (const [where, at, who] of [
  ['the root', () => hub, 'alice'],
  ['a domain hub', () => branch, 'inner'],
] as const)
  test(`a call to an agent of a domain waits at ${where}, where it came in, and goes on as its task`, async () => {
    const asked = plain.asked.length;
    const { result } = await ask(at(), who, 'below', 'SendMessage', pay(where));
    const { id, status, metadata } = result.task;
    assert.equal(status.state, 'TASK_STATE_INPUT_REQUIRED');
    assert.equal(metadata[APPROVAL_URI].id, id);
    assert.equal(plain.asked.length, asked, 'nothing was sent');
    const other = where === 'the root' ? branch : hub;
    assert.notEqual(await approve(other, id), 200, 'it waits at one hub only');
    assert.equal(await approve(at(), id), 200);
    assert.equal((await followed(at(), who, id)).status.state, 'TASK_STATE_COMPLETED');
    assert.equal(plain.asked.length, asked + 1, 'it ran once');
  });

test('a call that leaves its domain is not held there: the caller is told which hub to ask', async () => {
  const asked = plain.asked.length;
  const { result, error } = await ask(branch, 'inner', 'outside', 'SendMessage', pay('out'));
  assert.equal(result, undefined);
  assert.ok(error.message.includes(hub.url), error.message);
  const [info] = error.data;
  assert.deepEqual([info.domain, info.metadata.code], ['airspace.dev', 'approval_required']);
  assert.equal(plain.asked.length, asked);
});
