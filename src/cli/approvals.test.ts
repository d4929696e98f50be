/** Approvals on real hubs: an agent that knows nothing of them, people at three doors, a tree of hubs, and restarts. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type ApprovalView, DEFAULT_TENANT, WHOLE_TENANT } from '../contract/index.ts';
import { guardedFetch } from '../egress/index.ts';
import { type MintedKey, mintKey, verifySignature } from '../identity/index.ts';
import { signedWebhookText, systemWorld, WEBHOOK_HEADERS } from '../kernel/index.ts';
import { type RunningDomainHub, startDomainHub } from './node/domain.ts';
import { type RunningHub, startHub } from './node/hub.ts';
import { type RunningSidecar, startSidecar } from './node/sidecar.ts';
import { webhookTo } from './node/webhook.ts';
import { line } from './testing/line.ts';

const scratch = mkdtempSync(join(tmpdir(), 'airspace-approvals-'));
const keys: Record<string, MintedKey> = Object.fromEntries(
  ['ada', 'ann', 'bob', 'clerk', 'shop'].map((name) => [name, mintKey(`${name}-1`)]),
);
const bodies: string[] = [];
const hooks: { readonly headers: Readonly<Record<string, unknown>>; readonly body: string }[] = [];
let target: Server;
let hook: Server;
let hub: RunningHub;
let branch: RunningDomainHub;
let sidecar: RunningSidecar;

const listening = async (server: Server): Promise<string> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const common = { host: '127.0.0.1', port: 0, level: 'error', log: () => {} } as const;
const start = async (port = 0): Promise<RunningHub> =>
  startHub({
    ...common,
    port,
    dir: join(scratch, 'hub'),
    oracle: 0,
    allowPrivateEgress: true,
    approvalWebhook: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/hook`,
  });

const resource = (kind: string, name: string, spec: unknown, domain?: string) => ({
  apiVersion: 'airspace.dev/v1',
  kind,
  metadata: { name, ...(domain === undefined ? {} : { domain }) },
  spec,
});

const POLICY = `
@id("all") @reason("everybody may call") permit (principal, action, resource);
@id("pay") @reason("payments need a person of finance") @remedy("approval") @approval("roles=finance; ttl=1h")
forbid (principal, action, resource) when { context.operation == "pay" };
`;

const operations = [
  { name: 'pay', effect: 'write' },
  { name: 'look', effect: 'read' },
];

const apply = (resources: readonly unknown[], by = 'test') =>
  hub.control.apply({
    ...{ tenant: DEFAULT_TENANT, resources, origins: resources.map(() => 'test'), by, rights: WHOLE_TENANT },
    ...{ reason: '', dryRun: false, prune: false },
  });

const keyOf = (kind: 'user' | 'agent', name: string) =>
  resource('Key', `${name}-1`, { principal: { kind, name }, secretHash: keys[name]!.secretHash });

const until = async <T>(look: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> => {
  for (const endMs = performance.now() + 60_000; ; ) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    assert.ok(performance.now() < endMs, `it did not come about: ${look}`);
    await new Promise((next) => setImmediate(next));
  }
};

before(async () => {
  const answering = (take: (body: string, headers: Readonly<Record<string, unknown>>) => void) =>
    createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      take(body, request.headers);
      response.setHeader('content-type', 'application/json').end('{"paid":true}');
    });
  target = answering((body) => bodies.push(body));
  hook = answering((body, headers) => hooks.push({ body, headers }));
  const url = await listening(target);
  await listening(hook);
  hub = await start();
  await apply([
    resource('Domain', 'branch', { delegated: true }),
    resource('User', 'ada', { roles: ['admin'] }),
    resource('User', 'ann', { roles: ['finance'] }),
    resource('User', 'bob', { roles: ['finance'] }),
    resource('Agent', 'clerk', { operations: [{ name: 'x' }] }),
    resource('Agent', 'bank', { operations, endpoints: [{ url }] }),
    resource('Agent', 'till', { operations, endpoints: [{ url }] }, 'branch'),
    resource('Agent', 'kiosk', { operations }),
    resource('Agent', 'shop', { operations }, 'branch'),
    ...['ada', 'ann', 'bob'].map((name) => keyOf('user', name)),
    ...['clerk', 'shop'].map((name) => keyOf('agent', name)),
    resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
  ]);
  const token = async (grant: object): Promise<string> =>
    (await hub.nodes.issueJoinToken({ tenant: DEFAULT_TENANT, domain: 'branch', agent: '', ...grant })).token;
  branch = await startDomainHub({
    ...common,
    dir: join(scratch, 'branch'),
    hubUrl: hub.url,
    token: await token({ role: 'domain' }),
  });
  await until(() => branch.snapshotSeq() > 0);
  sidecar = await startSidecar({
    ...common,
    dir: join(scratch, 'sidecar'),
    hubUrl: hub.url,
    token: await token({ role: 'sidecar', domain: '', agent: 'kiosk' }),
    agentUrl: url,
    agentVersion: '1',
  });
  await until(() => sidecar.snapshotSeq() > 0);
});

after(async () => {
  await sidecar?.stop(false);
  await branch?.stop(false);
  await hub?.stop(false);
  for (const server of [target, hook]) server.closeAllConnections();
  for (const server of [target, hook]) server.close();
  rmSync(scratch, { recursive: true, force: true });
});

const bearer = (who: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${keys[who]!.secret}` });

const post = (path: string, who: string, body: string, headers: Readonly<Record<string, string>> = {}, at = hub.url) =>
  fetch(`${at}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(who), ...headers },
    body,
  });

const pay = (body: string, headers = {}, path = '/v1/agents/bank/pay', at = hub.url) =>
  post(path, 'clerk', body, headers, at);

const heldIn = async (response: Response): Promise<string> => {
  const json = (await response.json()) as { id: string; state: string };
  assert.deepEqual([response.status, json.state], [202, 'held'], JSON.stringify(json));
  assert.equal(response.headers.get('location'), `/v1/calls/${json.id}`);
  return json.id;
};

const view = async (id: string, who = 'ann', at = hub.url): Promise<ApprovalView> =>
  (await (await fetch(`${at}/v1/approvals/${id}`, { headers: bearer(who) })).json()) as ApprovalView;

const vote = async (id: string, who = 'ann', verdict = 'approve', at = hub.url): Promise<Response> =>
  post(
    `/v1/approvals/${id}:${verdict}`,
    who,
    JSON.stringify({ digest: (await view(id, 'ada', at)).digest, comment: 'ok' }),
    {},
    at,
  );

const record = async (id: string, at = hub.url): Promise<{ state: string; reply: { code: string } | null }> =>
  (await (await fetch(`${at}/v1/calls/${id}`, { headers: bearer('clerk') })).json()) as never;

const concluded = (id: string, at = hub.url) =>
  until(async () => {
    const found = await record(id, at);
    return found.reply !== null && found;
  });

const ran = (body: string): number => bodies.filter((each) => each === body).length;

describe('an agent that knows nothing of approvals', () => {
  for (const [way, headers] of [
    ['waits', {}],
    ['does not wait', { prefer: 'respond-async' }],
  ] as const)
    test(`sends again until it has its answer, and it ran once: it ${way}`, async () => {
      const body = JSON.stringify({ cents: 5, way });
      const send = { 'idempotency-key': `k-${way.length}`, ...headers };
      const id = await heldIn(await pay(body, send));
      assert.equal(await heldIn(await pay(body, send)), id, 'the same handle');
      assert.equal((await record(id)).state, 'held');
      assert.equal((await fetch(`${hub.url}/v1/calls/${id}/reply`, { headers: bearer('clerk') })).status, 409);
      assert.equal((await vote(id)).status, 200);
      await concluded(id);
      const answer = await pay(body, send);
      assert.deepEqual([answer.status, await answer.json()], [200, { paid: true }]);
      assert.deepEqual(await (await fetch(`${hub.url}/v1/calls/${id}/reply`, { headers: bearer('clerk') })).json(), {
        paid: true,
      });
      assert.equal(ran(body), 1);
    });

  test('that fetched its answer has it: the same call again is a call of its own', async () => {
    const body = '{"fetched":1}';
    const id = await heldIn(await pay(body));
    await vote(id);
    await concluded(id);
    for (const _ of [1, 2]) {
      const reply = await fetch(`${hub.url}/v1/calls/${id}/reply`, { headers: bearer('clerk') });
      assert.deepEqual(await reply.json(), { paid: true });
    }
    assert.notEqual(await heldIn(await pay(body)), id);
    assert.equal(ran(body), 1);
  });

  test('hears a no, and is not asked about again so soon', async () => {
    const id = await heldIn(await pay('{"no":1}'));
    await vote(id, 'ann', 'deny');
    assert.equal((await concluded(id)).reply?.code, 'denied');
    const again = await pay('{"no":1}');
    assert.equal(again.status, 403);
    assert.ok(Number(again.headers.get('retry-after')) > 500);
    assert.match(
      ((await again.json()) as { detail: string }).detail,
      /an approver denied this call: ok; .*not asked about again/,
    );
    assert.equal(ran('{"no":1}'), 0);
  });

  test('takes its call back', async () => {
    const id = await heldIn(await pay('{"back":1}'));
    const response = await fetch(`${hub.url}/v1/calls/${id}`, { method: 'DELETE', headers: bearer('clerk') });
    assert.equal(((await response.json()) as { state: string }).state, 'cancelled');
    assert.equal((await vote(id)).status, 409);
  });
});

describe('at the admin door', () => {
  test('only people with the role vote, each on what they saw, and others find nothing', async () => {
    const id = await heldIn(await pay('{"admin":1}'));
    assert.equal((await vote(id, 'ada')).status, 403, 'an admin is no approver');
    assert.equal((await vote(id, 'clerk')).status, 404, 'agents see nothing');
    const other = JSON.stringify({ digest: 'a'.repeat(64), comment: '' });
    assert.equal((await post(`/v1/approvals/${id}:approve`, 'ann', other)).status, 409);
    assert.equal((await post(`/v1/approvals/${'a'.repeat(32)}:approve`, 'ann', other)).status, 404);
    const delegated = JSON.stringify({ digest: (await view(id)).digest, user: 'bob' });
    assert.equal(
      (await post(`/v1/approvals/${id}:approve`, 'ann', delegated)).status,
      400,
      'nobody votes for somebody else',
    );
    assert.equal((await fetch(`${hub.url}/v1/approvals/${id}`)).status, 401);
    assert.equal(ran('{"admin":1}'), 0);
    assert.equal((await vote(id, 'bob', 'deny')).status, 200);
  });

  test('who made a key of the caller does not vote', async () => {
    await apply(
      [
        resource('Key', 'clerk-2', {
          principal: { kind: 'agent', name: 'clerk' },
          secretHash: mintKey('clerk-2').secretHash,
        }),
      ],
      'user/ann',
    );
    const id = await heldIn(await pay('{"holder":1}'));
    assert.equal((await vote(id, 'ann')).status, 403);
    assert.match((await view(id, 'ann')).obstacle ?? '', /you made a key of agent `clerk`/);
    assert.equal((await vote(id, 'bob')).status, 200);
    await concluded(id);
    assert.equal(ran('{"holder":1}'), 1);
    await hub.control.remove(
      [{ tenant: DEFAULT_TENANT, kind: 'Key', name: 'clerk-2' }],
      'test',
      '',
      false,
      WHOLE_TENANT,
    );
  });

  test('one proposes other arguments, and another one approves them', async () => {
    const id = await heldIn(await pay('{"edit":900}'));
    const { digest } = await view(id);
    const edit = JSON.stringify({ digest, comment: '', body: '{"edit":90}' });
    assert.equal((await post(`/v1/approvals/${id}:edit`, 'ann', edit)).status, 200);
    assert.equal((await vote(id, 'ann')).status, 403, 'an author has no vote');
    assert.equal(await heldIn(await pay('{"edit":900}')), id, 'the caller still finds its call');
    assert.equal((await vote(id, 'bob')).status, 200);
    await concluded(id);
    assert.deepEqual([ran('{"edit":900}'), ran('{"edit":90}')], [0, 1]);
  });
});

test('a restart keeps who waits and who voted, and runs what was approved', async () => {
  const id = await heldIn(await pay('{"restart":1}'));
  const port = Number(new URL(hub.url).port);
  await hub.stop(true);
  hub = await start(port);
  assert.equal((await record(id)).state, 'held');
  assert.equal((await vote(id)).status, 200);
  await concluded(id);
  assert.equal(ran('{"restart":1}'), 1);
  const kinds = (await (
    await fetch(`${hub.url}/v1/audit?object=approval/${id}&limit=9`, { headers: bearer('ada') })
  ).json()) as {
    items: readonly { readonly kind: string }[];
  };
  assert.deepEqual(kinds.items.map(({ kind }) => kind).reverse(), [
    'approval.opened',
    'approval.vote',
    'approval.consumed',
  ]);
});

test('the webhook hears of it, signed, and without a byte of the call', async () => {
  const id = await heldIn(await pay('{"hook":"s3cret"}'));
  const first = await until(() => hooks.find(({ body }) => body.includes(id)));
  const {
    [WEBHOOK_HEADERS.timestamp]: timestamp,
    [WEBHOOK_HEADERS.id]: message,
    [WEBHOOK_HEADERS.signature]: signature,
  } = first.headers;
  const text = signedWebhookText(String(timestamp), String(message), first.body);
  const bytes = Buffer.from(String(signature).slice('ed25519='.length), 'base64');
  assert.ok(verifySignature(hub.publicKey, text, bytes));
  assert.ok(!verifySignature(hub.publicKey, `${text} `, bytes));
  assert.ok(!first.body.includes('s3cret'));
  assert.equal(JSON.parse(first.body).type, 'approval.pending');
  await vote(id, 'ann', 'deny');
  await until(() => hooks.find(({ body }) => body.includes(id) && JSON.parse(body).type === 'approval.denied'));
});

test('a webhook goes to the public internet over TLS, or nowhere', async () => {
  const post = (url: string) =>
    webhookTo(url, guardedFetch({ clock: systemWorld().clock }))({ body: '{}', headers: {} });
  for (const url of ['http://example.com/', 'https://127.0.0.1/', 'https://10.0.0.1/', 'https://[::1]/', 'file:///x'])
    await assert.rejects(post(url), { code: 'denied' }, url);
});

describe('in a tree', () => {
  for (const [name, next] of [
    ['till', 'the domain hub'],
    ['kiosk', 'the sidecar'],
  ])
    test(`the root asks, and ${next} believes it`, async () => {
      const body = JSON.stringify({ down: name });
      const id = await heldIn(await pay(body, {}, `/v1/agents/${name}/pay`));
      // Until the hub has heard of it, nobody is there to take it, and it is tried again.
      assert.equal((await vote(id)).status, 200);
      const { reply } = await concluded(id);
      assert.equal(reply?.code, '', JSON.stringify(reply));
      assert.equal(ran(body), 1);
    });

  test('a domain hub asks about calls to its own domain, and sends others to the root', async () => {
    // The root was started again a moment ago: what wants an approval waits until it is heard.
    await until(async () => (await post('/v1/agents/bank/pay', 'shop', '{"up":0}', {}, branch.url)).status !== 503);
    const up = await post('/v1/agents/bank/pay', 'shop', '{"up":1}', {}, branch.url);
    assert.deepEqual([up.status, ((await up.json()) as { code: string }).code], [403, 'approval_required']);
    const own = await post('/v1/agents/till/pay', 'shop', '{"own":1}', {}, branch.url);
    const id = await heldIn(own);
    assert.equal((await vote(id, 'ann', 'approve', branch.url)).status, 200);
    await until(() => ran('{"own":1}') > 0);
    assert.equal(ran('{"up":1}'), 0);
  });

  test('a sidecar holds nothing and says where to go', async () => {
    const response = await until(async () => {
      const answered = await fetch(`${sidecar.appUrl}/v1/agents/bank/pay`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${sidecar.appKey}` },
        body: '{"side":1}',
      });
      return answered.status !== 503 && answered;
    });
    const problem = (await response.json()) as { code: string; detail: string };
    assert.deepEqual([response.status, problem.code], [403, 'approval_required']);
    assert.match(problem.detail, /ask the hub .*with a key of the agent/);
  });

  test('a word about an approval that anybody could say is not heard', async () => {
    const forged = `${Buffer.from('{"iss":"hub"}').toString('base64url')}.AAAA`;
    const response = await pay('{"forged":1}', { 'airspace-approval': forged });
    await heldIn(response);
    assert.equal(ran('{"forged":1}'), 0);
  });
});

describe('at the command line', () => {
  const as = (who: string, ...argv: readonly string[]) => line(['--url', hub.url, '--key', keys[who]!.secret, ...argv]);

  test('a held call ends with exit 10; ls, show, approve, watch tell and decide', async () => {
    const sent = await as('clerk', 'request', 'bank/pay', '--data', '{"cli":1}');
    assert.equal(sent.exit, 10, sent.stderr);
    const { id } = JSON.parse(sent.stdout);
    const listed = await as('ann', 'approval', 'ls');
    assert.match(listed.stdout, new RegExp(id.slice(0, 12)));
    const shown = await as('ann', 'approval', 'show', id.slice(0, 12));
    assert.match(shown.stdout, /exactly this is sent .*untrusted[\s\S]*\{"cli":1\}/);
    assert.equal((await as('ada', 'approval', 'approve', id, '-y')).exit, 5);
    assert.equal((await as('ann', 'approval', 'show', 'abcdef')).exit, 4);
    const voted = await as('ann', 'approval', 'approve', id.slice(0, 8), '-y', '--comment', 'fine');
    assert.equal(voted.exit, 0, voted.stderr);
    await concluded(id);
    assert.equal((await as('ann', 'approval', 'deny', id, '-y')).exit, 6);
    assert.equal(ran('{"cli":1}'), 1);
  });

  test('edit changes a field, and deny ends it', async () => {
    const id = JSON.parse((await as('clerk', 'request', 'bank/pay', '--data', '{"a":1,"b":"x"}')).stdout).id;
    assert.equal((await as('ann', 'approval', 'edit', id, '--set', 'a=2', '-y')).exit, 0);
    assert.equal((await view(id)).body, '{"a":2,"b":"x"}');
    assert.match(
      (await as('bob', 'approval', 'watch', '--once')).stdout,
      /pending 0\/1 +agent\/clerk -> agent\/bank\/pay/,
    );
    assert.equal((await as('bob', 'approval', 'deny', id, '-y')).exit, 0);
  });
});
