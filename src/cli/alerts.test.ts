/** Alerts on a real hub: applied, fired by real calls, told to a real webhook, looked at with the commands, and there after a restart. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { API_VERSION, DEFAULT_TENANT, type Incident, WHOLE_TENANT } from '../contract/index.ts';
import { type MintedKey, mintKey, verifySignature } from '../identity/index.ts';
import { signedWebhookText, WEBHOOK_HEADERS } from '../kernel/index.ts';
import { type RunningHub, startHub } from './node/hub.ts';
import { line } from './testing/line.ts';

const scratch = mkdtempSync(join(tmpdir(), 'airspace-alerts-'));
const keys: Readonly<Record<string, MintedKey>> = { ada: mintKey('ada-1'), clerk: mintKey('clerk-1') };
const heard: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
let wake = (): void => {};
let hook: Server;
let hub: RunningHub;

const start = (port = 0): Promise<RunningHub> =>
  startHub({
    ...{ host: '127.0.0.1', port, level: 'error', log: () => {}, oracle: 0 },
    dir: join(scratch, 'hub'),
    allowPrivateEgress: true,
  });

const resource = (kind: string, name: string, spec: unknown) => ({
  ...{ apiVersion: API_VERSION, kind, metadata: { name }, spec },
});
const keyOf = (kind: 'user' | 'agent', name: string) =>
  resource('Key', `${name}-1`, { principal: { kind, name }, secretHash: keys[name]!.secretHash });
const apply = (...resources: readonly unknown[]) =>
  hub.configure.apply({
    ...{ tenant: DEFAULT_TENANT, resources, origins: resources.map((_, at) => `file:${at + 1}`), by: 'test' },
    ...{ rights: WHOLE_TENANT, reason: '', dryRun: false, prune: false },
  });

const command = (...argv: string[]) => line([...argv, '--url', hub.url, '--key', keys['ada']!.secret]);
const incidents = async (): Promise<readonly Incident[]> =>
  (JSON.parse((await command('incident', 'ls', '-o', 'json')).stdout) as { items: Incident[] }).items;

const call = async (): Promise<number> => {
  const response = await fetch(`${hub.url}/v1/agents/orders/where`, {
    method: 'POST',
    headers: { authorization: `Bearer ${keys['clerk']!.secret}`, 'content-type': 'application/json' },
    body: '{}',
  });
  await response.arrayBuffer();
  return response.status;
};

const hookUrl = (): string => `http://127.0.0.1:${(hook.address() as AddressInfo).port}/in`;

const nextMessage = async (type: string, alert = 'denials'): Promise<(typeof heard)[number]> => {
  for (;;) {
    const found = heard.find(({ body }) => JSON.parse(body).type === type && JSON.parse(body).alert === alert);
    if (found !== undefined) return found;
    await new Promise<void>((come) => {
      wake = come;
    });
  }
};

before(async () => {
  hook = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    heard.push({ headers: request.headers, body });
    response.end();
    wake();
  });
  await new Promise<void>((ready) => hook.listen(0, '127.0.0.1', ready));
  hub = await start();
  await apply(
    resource('User', 'ada', { roles: ['admin'] }),
    resource('Agent', 'clerk', { operations: [{ name: 'x' }] }),
    resource('Agent', 'orders', { operations: [{ name: 'where', effect: 'read' }] }),
    keyOf('user', 'ada'),
    keyOf('agent', 'clerk'),
    // The clerk may do nothing: each call is a denial.
    resource('PolicyBundle', 'org', {
      level: 'org',
      policies: {
        text: '@id("itself") @reason("orders may call itself") permit (principal == Agent::"orders", action, resource);',
      },
    }),
    resource('Alert', 'denials', {
      ...{ signal: 'denials', target: 'agent/orders', abovePercent: 50, windowMs: 60_000, severity: 'page' },
      webhook: hookUrl(),
    }),
    resource('Alert', 'quiet', { signal: 'breaker' }),
  );
});
after(async () => {
  await hub?.stop(false);
  hook.closeAllConnections();
  hook.close();
  rmSync(scratch, { recursive: true, force: true });
});

test('a wrong alert is refused, and the field is named', async () => {
  const refused = async (spec: object, ...said: readonly RegExp[]): Promise<void> =>
    assert.rejects(apply(resource('Alert', 'bad', spec)), (thrown: Error & { facts?: unknown }) => {
      const text = JSON.stringify([thrown.message, thrown.facts]);
      for (const each of said) assert.match(text, each);
      return true;
    });
  await refused({ signal: 'errors' }, /spec\.objectivePercent.*is missing.*errors/);
  await refused({ signal: 'breaker', aboveMs: 5 }, /spec\.aboveMs.*signal: breaker/);
  await refused({ signal: 'latency', aboveMs: 0.5 }, /spec\.aboveMs/);
  await refused({ signal: 'denials', abovePercent: 100 }, /spec\.abovePercent/);
  await refused({ signal: 'error' }, /spec\.signal.*errors/);
  await refused({ signal: 'budget', budget: 'daily', abovePercent: 5, withinMs: 60_000 }, /spec\.abovePercent/);
  await refused({ signal: 'budget', budget: 'ghost', abovePercent: 5 }, /spec\.budget.*ghost.*does not exist/);
  await refused({ signal: 'breaker', target: 'agent/ghost' }, /spec\.target.*ghost.*does not exist/);
  await refused({ signal: 'breaker', target: 'ghost' }, /spec\.target.*agent\/orders/);
  await refused({ signal: 'breaker', webhook: 'file:///etc/passwd' }, /spec\.webhook/);
  await refused({ signal: 'breaker', every: 5 }, /every/);
});

test('calls that are denied make an alert fire, its webhook hears of it, and the commands show it', async () => {
  for (let n = 0; n < 25; n++) assert.equal(await call(), 403);
  const { headers, body } = await nextMessage('incident.opened');
  const [timestamp, id, signature] = [WEBHOOK_HEADERS.timestamp, WEBHOOK_HEADERS.id, WEBHOOK_HEADERS.signature].map(
    (name) => String(headers[name]),
  );
  const bytes = Buffer.from(signature!.slice('ed25519='.length), 'base64');
  assert.ok(verifySignature(hub.publicKey, signedWebhookText(timestamp!, id!, body), bytes));
  const told = JSON.parse(body);
  assert.deepEqual([told.alert, told.severity, told.tenant], ['denials', 'page', 'default']);
  assert.match(told.text, /^100 % of 25 calls were denied; 50 % is the most$/);

  const [incident] = await incidents();
  assert.equal(incident?.id, told.incident);
  assert.match((await command('incident', 'ls', '--open')).stdout, /open +page +denials/);
  const listed = (await command('get', 'alerts')).stdout;
  assert.match(listed, /denials +firing +page +100 % of 25 calls were denied/);
  assert.match(listed, /quiet +ok +ticket/);
  const described = (await command('describe', 'alert', 'denials')).stdout;
  assert.match(described, /firing since /);
  assert.ok(described.includes(told.incident));
  const metrics = await fetch(`${hub.url}/metrics`, { headers: { authorization: `Bearer ${keys['ada']!.secret}` } });
  assert.match(await metrics.text(), /\nairspace_alerts\{tenant="default",severity="page",state="firing"\} 1\n/);
});

test('an operator says that she looks after it: it stays open, its webhook hears of it, and the audit has who it was', async () => {
  const [{ id }] = (await incidents()) as [Incident];
  const short = id.slice(0, 8);
  const acked = await command('incident', 'ack', short, '--note', 'a loop\u001b[2J');
  assert.match(acked.stdout, /is acknowledged by user\/ada; it stays open/, acked.stderr);
  const { body } = await nextMessage('incident.acknowledged');
  assert.deepEqual([JSON.parse(body).incident, JSON.parse(body).acknowledged.by], [id, 'user/ada']);
  assert.match((await command('incident', 'ls', '--open')).stdout, /acknowledged +page +denials/);
  const shown = (await command('incident', 'show', short)).stdout;
  assert.match(shown, /acknowledged +by user\/ada/);
  assert.match(shown, /note +a loop/);
  assert.equal(shown.includes('\u001b'), false);
  const again = await command('incident', 'ack', short);
  assert.match(again.stderr, /is acknowledged already, by `user\/ada`/);
  assert.match((await command('incident', 'ack', 'nope')).stderr, /`nope` is no incident/);
  assert.match((await command('incident', 'close', short)).stderr, /why is it over/);
  assert.match((await command('incident', 'close', '0'.repeat(8), '--reason', 'x')).stderr, /there is no incident/);
  const { stdout } = await command('audit', 'ls', '--kind', 'incident.acknowledged', '-o', 'json');
  assert.match(stdout, new RegExp(`incident/${id}`));
  assert.match((await command('audit', 'ls', '--kind', 'incident.acknowledged')).stdout, /alert=denials +note=a loop/);
});

test('an incident is there after a restart, is told of once, and ends with its alert', async () => {
  const port = Number(new URL(hub.url).port);
  const before = await incidents();
  await hub.stop(true);
  hub = await start(port);
  assert.deepEqual(
    (await incidents()).map(({ id, endedAtMs }) => [id, endedAtMs]),
    before.map(({ id }) => [id, null]),
  );
  assert.match((await command('get', 'alerts', 'denials')).stdout, /firing/);
  assert.equal((await command('delete', 'alert', 'denials', '--yes')).exit, 0);
  const { body } = await nextMessage('incident.ended');
  assert.equal(JSON.parse(body).ended, 'the alert was removed');
  const [over] = await incidents();
  assert.ok(over!.endedAtMs !== null);
  assert.equal((await command('incident', 'ls', '--open')).stdout.includes('denials'), false);
  assert.equal(heard.filter((one) => JSON.parse(one.body).type === 'incident.opened').length, 1);
});

test('an incident that is closed by hand says who did it and why', async () => {
  await apply(resource('Alert', 'more', { signal: 'denials', abovePercent: 50, windowMs: 60_000, webhook: hookUrl() }));
  for (let n = 0; n < 25; n++) await call();
  const { body } = await nextMessage('incident.opened', 'more');
  const id = JSON.parse(body).incident;
  const closed = await command('incident', 'close', id, '--reason', 'it was a test');
  assert.equal(closed.exit, 0, closed.stderr);
  assert.match((await command('incident', 'show', id)).stdout, /ended .*: by user\/ada: it was a test/);
  assert.match((await command('incident', 'close', id, '--reason', 'x')).stderr, /is over/);
  const ended = await nextMessage('incident.ended', 'more');
  assert.equal(JSON.parse(ended.body).ended, 'by user/ada: it was a test');
  await command('delete', 'alert', 'more', '--yes');
});

test('who may only look sees alerts and changes none', async () => {
  const vera = mintKey('vera-1');
  await apply(
    resource('User', 'vera', { roles: ['viewer'] }),
    resource('Key', 'vera-1', { principal: { kind: 'user', name: 'vera' }, secretHash: vera.secretHash }),
  );
  const as = (...argv: string[]) => line([...argv, '--url', hub.url, '--key', vera.secret]);
  assert.match((await as('get', 'alerts')).stdout, /quiet/);
  assert.match((await as('delete', 'alert', 'quiet', '--yes')).stderr, /role/);
  const [{ id }] = (await incidents()) as [Incident];
  assert.match((await as('incident', 'show', id)).stdout, /state +over/);
  assert.match((await as('incident', 'ack', id)).stderr, /role `operator`/);
  assert.match((await as('incident', 'close', id, '--reason', 'x')).stderr, /role `operator`/);
});
