/** What a busy hub and a sidecar say, as the tools of Prometheus read it. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { type Deployed, deploy } from '../../src/cli/deploy.ts';
import { inProcess } from '../../src/cli/under-test.ts';
import { API_VERSION } from '../../src/contract/index.ts';
import { skippable } from './tools.ts';

const scratch = mkdtempSync(join(tmpdir(), 'airspace-metrics-'));
const resource = (kind: string, name: string, spec: object, domain?: string) => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, ...(domain === undefined ? {} : { domain }) },
  spec,
});
const POLICY = `@id("house") @reason("the house may call") permit (principal in Domain::"house", action, resource)
  unless { resource in Model::"forbidden" };`;

/** Answers like a chat model, and like an agent. */
const model = createServer((request, response) => {
  request.resume();
  request.on('end', () =>
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ usage: { prompt_tokens: 10, completion_tokens: 20 } })),
  );
});
let deployed: Deployed;

before(async () => {
  await new Promise<void>((ready) => model.listen(0, '127.0.0.1', ready));
  const url = `http://127.0.0.1:${(model.address() as AddressInfo).port}`;
  // Nothing listens there.
  const gone = createServer();
  await new Promise<void>((ready) => gone.listen(0, '127.0.0.1', ready));
  const nobody = `http://127.0.0.1:${(gone.address() as AddressInfo).port}`;
  await new Promise((closed) => gone.close(closed));
  const chat = [{ name: 'chat', effect: 'spend' }];
  const price = { inputPerMTok: '1 USD', outputPerMTok: '10 USD' };
  deployed = await deploy(inProcess(scratch), {
    topology: 'mesh',
    resources: [
      resource('Domain', 'house', {}),
      resource('Agent', 'alice', { operations: [{ name: 'noop', effect: 'read' }] }, 'house'),
      resource('Agent', 'echo', { operations: [{ name: 'echo', effect: 'read' }] }, 'house'),
      resource('Team', 'blue', { agents: ['alice'] }),
      resource('Model', 'big', { endpoints: [{ url }], operations: chat, price }),
      resource('Model', 'forbidden', { endpoints: [{ url }], operations: chat, price }),
      resource('Model', 'gone', { endpoints: [{ url: nobody }], operations: chat, price }),
      resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
      resource('Budget', 'daily', { scope: 'organisation', unit: 'usd', limit: '1 USD', window: { every: 'day' } }),
    ],
    target: { name: 'echo', domain: 'house', instances: [{ name: 'a', url }] },
    callers: [{ name: 'alice', domain: 'house' }],
  });
  for (const path of [
    'models/big/chat',
    'models/forbidden/chat',
    'models/gone/chat',
    'agents/nobody/any',
    'agents/echo/echo',
  ])
    for (let n = 0; n < 3; n++) await ask(path);
});
after(async () => {
  await deployed?.stop();
  model.closeAllConnections();
  model.close();
  rmSync(scratch, { recursive: true, force: true });
});

/** Through the hub, by the key that alice has there. */
const ask = async (path: string): Promise<number> => {
  const response = await fetch(`${deployed.root.url}/v1/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${deployed.keys.get('alice')}`, 'content-type': 'application/json' },
    body: '{"max_tokens":50}',
  });
  await response.arrayBuffer();
  return response.status;
};

const scrape = async (url: string, accept = '*/*'): Promise<Response> => {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${deployed.adminKey}`, accept } });
  assert.equal(response.status, 200);
  return response;
};

test('a busy hub says who called what, what was denied, what it cost, and how far its nodes are', async () => {
  const text = await (await scrape(deployed.root.url)).text();
  const value = (start: string): number =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(start))
        ?.split(' ')
        .at(-1) ?? Number.NaN,
    );
  const big = 'tenant="default",role="hub",caller_domain="house",kind="model",target="big",operation="chat"';
  assert.equal(value(`airspace_calls_total{${big},status="ok"}`), 3);
  assert.equal(value('airspace_decisions_total{tenant="default",role="hub",effect="deny",level="org"}'), 3);
  const use = 'tenant="default",role="hub",kind="model",target="big",caller="agent/alice",team="blue"';
  assert.equal(value(`airspace_tokens_total{${use},direction="output"}`), 60);
  assert.ok(Math.abs(value(`airspace_cost_usd_total{${use}}`) - 0.00063) < 1e-9);
  const budget = 'tenant="default",budget="daily",unit="usd"';
  assert.ok(value(`airspace_budget_spent{${budget}}`) >= 0.00063);
  assert.equal(value(`airspace_budget_limit{${budget}}`), 1);
  assert.ok(value(`airspace_budget_used_ratio{${budget}}`) < 0.01);
  assert.equal(value('airspace_node_up{'), 1);
  assert.equal(value('airspace_node_snapshot_lag{'), 0);
  assert.equal(value('airspace_calls_total{tenant="default",role="hub",caller_domain="house",kind="unknown"'), 3);
  assert.ok(text.includes('airspace_breaker_open{role="hub",via="hub",tenant="default",kind="model",target="gone"'));
});

test('a sidecar says how old what it runs is, and what its hub does not have yet', async () => {
  const text = await (await scrape(deployed.sidecars[0]!.appUrl)).text();
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  for (const name of ['airspace_snapshot_age_seconds', 'airspace_orders_age_seconds', 'airspace_hub_silent_seconds'])
    assert.ok(value(name) >= 0 && value(name) < 120, `${name} is ${value(name)}`);
  for (const name of ['airspace_spool_events', 'airspace_audit_unsent_records']) assert.ok(value(name) >= 0, name);
  assert.ok(value('airspace_snapshot_sequence') > 0);
  assert.match(text, /^airspace_build_info\{.*role="sidecar"\} 1$/m);
});

test('promtool has nothing to say about what nodes say', skippable('promtool'), async () => {
  const nodes = [deployed.root.url, ...deployed.sidecars.map(({ appUrl }) => appUrl)];
  assert.ok(nodes.length >= 2);
  for (const url of nodes) {
    const text = await (await scrape(url)).text();
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' });
  }
});

test(
  'a Prometheus scrapes a hub and a sidecar, answers from it, and keeps exemplars',
  skippable('prometheus'),
  async () => {
    const targets = [deployed.root.url, deployed.sidecars[0]!.appUrl].map((url) => new URL(url).host);
    await using prometheus = await startPrometheus(targets);
    const ask = async (path: string, given: Readonly<Record<string, string>>): Promise<unknown> => {
      const response = await fetch(`${prometheus.url}/api/v1/${path}?${new URLSearchParams(given)}`);
      return ((await response.json()) as { readonly data: unknown }).data;
    };
    const query = async (text: string): Promise<readonly string[]> => {
      const { result } = (await ask('query', { query: text })) as { result: readonly { value: [number, string] }[] };
      return result.map(({ value }) => value[1]);
    };
    while ((await query('sum(up{job="airspace"})'))[0] !== '2') await scraped();
    assert.deepEqual(await query('sum(airspace_calls_total{role="hub",target="big",status="ok"})'), ['3']);
    const [slowest] = await query(
      'histogram_quantile(0.99, sum by (le) (airspace_call_duration_seconds_bucket{role="hub",target="big"}))',
    );
    assert.ok(Number(slowest) > 0);
    const found = (await ask('query_exemplars', {
      query: 'airspace_call_duration_seconds_bucket{target="big"}',
      start: String(Date.now() / 1_000 - 600),
      end: String(Date.now() / 1_000 + 600),
    })) as readonly { readonly exemplars: readonly { readonly labels: { readonly trace_id: string } }[] }[];
    const [trace] = found.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id));
    assert.equal((await deployed.events(trace!)).length, 1, 'the exemplar leads to a call');
  },
);

/** A scrape comes to our door, whatever Prometheus makes of it afterwards. */
const scraped = async (): Promise<void> => {
  await scrape(deployed.root.url);
};

/** Ready, and scraping each second. */
const startPrometheus = async (targets: readonly string[]): Promise<AsyncDisposable & { readonly url: string }> => {
  const home = mkdtempSync(join(scratch, 'prometheus-'));
  const config = join(home, 'prometheus.yml');
  writeFileSync(join(home, 'key'), deployed.adminKey);
  writeFileSync(
    config,
    JSON.stringify({
      global: { scrape_interval: '1s' },
      scrape_configs: [
        {
          job_name: 'airspace',
          authorization: { credentials_file: join(home, 'key') },
          static_configs: [{ targets }],
        },
      ],
    }),
  );
  const port = await freePort();
  const server = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(home, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=exemplar-storage',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  await readyOf(server);
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.kill('SIGTERM');
      if (server.exitCode === null) await once(server, 'exit');
    },
  };
};

const freePort = async (): Promise<number> => {
  const probe = net.createServer();
  await new Promise<void>((ready) => probe.listen(0, '127.0.0.1', ready));
  const { port } = probe.address() as AddressInfo;
  await new Promise((closed) => probe.close(closed));
  return port;
};

/** Throws what it said when it ended instead. */
const readyOf = async (server: ChildProcess): Promise<void> => {
  const said: string[] = [];
  for await (const line of createInterface({ input: server.stderr! })) {
    said.push(line);
    if (line.includes('Server is ready to receive web requests')) {
      server.stderr!.resume();
      return;
    }
  }
  throw new Error(`prometheus ended: ${said.slice(-5).join('\n')}`);
};
