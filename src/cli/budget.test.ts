/** Budgets on a real hub over HTTP: a model behind it, commands in front of it, and the ledger on disk between them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { BudgetView, PayersView } from '../doors/admin/index.ts';
import { type Deployed, deploy } from './deploy.ts';
import { line } from './testing/line.ts';
import { inProcess } from './under-test.ts';

const scratch = mkdtempSync(join(tmpdir(), 'airspace-budget-'));
let model: Server;
let deployed: Deployed;
let ran = 0;

const resource = (kind: string, name: string, spec: unknown, domain?: string) => ({
  apiVersion: 'airspace.dev/v1',
  kind,
  metadata: { name, ...(domain === undefined ? {} : { domain }) },
  spec,
});
const budget = (name: string, spec: object) =>
  resource('Budget', name, { scope: 'organisation', unit: 'usd', ...spec });

const POLICY = `@id("all") @reason("the house may call everything") permit (principal in Domain::"house", action, resource);`;

/** Answers like a chat model: ten tokens in, as many out as it is allowed to write. */
const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  ran += 1;
  const asked = chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString() || '{}');
  if (asked.stream === true) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let n = 0; n < 200 && !response.destroyed; n++) {
      response.write(`data: ${JSON.stringify({ choices: [{ delta: { content: 'word '.repeat(20) } }] })}\n\n`);
      await new Promise((thought) => setTimeout(thought, 2)); // Models write slower than networks carry.
    }
    response.end('data: [DONE]\n\n');
    return;
  }
  const usage = { prompt_tokens: 10, completion_tokens: Math.min(20, asked.max_tokens ?? 20) };
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify({ max_tokens: asked.max_tokens, usage }));
};

before(async () => {
  model = createServer((request, response) => void answer(request, response));
  await new Promise<void>((ready) => model.listen(0, '127.0.0.1', ready));
  const url = `http://127.0.0.1:${(model.address() as AddressInfo).port}`;
  const operations = [{ name: 'chat', effect: 'spend' }];
  deployed = await deploy(inProcess(scratch), {
    topology: 'hub',
    resources: [
      resource('Domain', 'house', {}),
      resource('Agent', 'alice', { operations: [{ name: 'noop', effect: 'read' }] }, 'house'),
      resource('Agent', 'echo', { operations: [{ name: 'echo', effect: 'read' }] }, 'house'),
      resource('Model', 'big', {
        endpoints: [{ url }],
        operations,
        price: { inputPerMTok: '1 USD', outputPerMTok: '10 USD' },
      }),
      resource('Model', 'unpriced', { endpoints: [{ url }], operations }),
      resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
      budget('daily', { limit: '1 USD', window: { every: 'day' }, soft: { at: 80 } }),
      budget('sessions', { scope: 'target model/big', per: 'session', unit: 'calls', limit: 3 }),
    ],
    target: { name: 'echo', domain: 'house', instances: [{ name: 'a', url }] },
    callers: [{ name: 'alice', domain: 'house' }],
  });
});

after(async () => {
  await deployed?.stop();
  model.closeAllConnections();
  model.close();
  rmSync(scratch, { recursive: true, force: true });
});

const ask = async (body: object, session: string, name = 'big'): Promise<Response> => {
  const { url, key } = deployed.access.get('alice')!;
  return fetch(`${url}/v1/models/${name}/chat`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'airspace-session': session },
    body: JSON.stringify(body),
  });
};

const command = (...argv: string[]) => line([...argv, '--url', deployed.root.url, '--key', deployed.adminKey]);
const data = async <T>(...argv: string[]): Promise<T> => JSON.parse((await command(...argv, '-o', 'json')).stdout) as T;
const viewOf = async (name: string): Promise<BudgetView> =>
  (await data<{ items: BudgetView[] }>('budget', 'show', name)).items[0]!;

/** The outcome of a reply of unknown length is written when it is over; its reader does not wait for the disk. */
const settled = async (name: string) => {
  for (;;) {
    const [account] = (await viewOf(name)).accounts;
    if (account?.reserved === 0 && account.spent > 0) return account;
  }
};

test('a call is charged what the model reports, and the trace shows what it cost', async () => {
  const response = await ask({ max_tokens: 100 }, 's1');
  assert.equal(response.status, 200);
  await response.arrayBuffer();
  const account = await settled('daily');
  assert.equal(account.spent, 210);
  const trace = await command('trace', response.headers.get('airspace-call-id')!);
  assert.match(trace.stdout, /^trace .* \$0\.00021\n/);
  assert.match(trace.stdout, /model\/big\/chat .*\$0\.00021/);
});

test('a model call without a cap reaches the model with one', async () => {
  const response = await ask({}, 's2');
  assert.equal(((await response.json()) as { max_tokens: number }).max_tokens, 4_096);
});

test('each session has calls of its own, and the one too many is refused with 402 before it reaches the model', async () => {
  const before_ = ran;
  const statuses = await Promise.all(
    Array.from({ length: 10 }, () => ask({ max_tokens: 5 }, 's3').then((one) => one.status)),
  );
  assert.deepEqual(
    [statuses.filter((status) => status === 200).length, statuses.filter((status) => status === 402).length],
    [3, 7],
  );
  assert.equal(ran - before_, 3);
  const problem = (await (await ask({ max_tokens: 5 }, 's3')).json()) as { code: string; detail: string };
  assert.equal(problem.code, 'budget_exhausted');
  assert.match(
    problem.detail,
    /budget `sessions` of `session\/s3` has 0 calls left and this call asks for 1 calls; raise it/,
  );
  const asked = await command(
    'request',
    'model/big/chat',
    '-d',
    '{}',
    '--session',
    's3',
    '--as-key',
    deployed.access.get('alice')!.key,
  );
  assert.equal(asked.exit, 9);
});

test('a model that nobody has priced is refused where money is counted', async () => {
  const problem = (await (await ask({}, 's4', 'unpriced')).json()) as { code: string; detail: string };
  assert.equal(problem.code, 'denied');
  assert.match(problem.detail, /model `unpriced` has no price for `chat`, and budget `daily` counts money/);
});

test('who pays adds up to the account, to the micro', async () => {
  const { spent } = await settled('daily');
  for (const by of ['principal', 'target', 'tree', 'session']) {
    const { items } = await data<PayersView>('budget', 'who-pays', 'daily', '--by', by);
    const rows = items as PayersView['items'];
    assert.equal(
      rows.reduce((sum, { spent }) => sum + spent, 0),
      spent,
      by,
    );
  }
  const table = await command('budget', 'who-pays', 'daily');
  assert.match(table.stdout, /PRINCIPAL +SPENT +SET ASIDE +CALLS +SHARE\nagent\/alice +\$0\.0\d+ .* 100 %/);
});

test('a limit is set and topped up from the command line, and the next call sees it', async () => {
  await command('budget', 'topup', 'sessions', '2', '--holder', 'session/s3');
  const statuses: number[] = [];
  for (let n = 0; n < 3; n++) statuses.push((await ask({ max_tokens: 5 }, 's3')).status);
  assert.deepEqual(statuses, [200, 200, 402]);
  const raised = await command('budget', 'set', 'sessions', '100');
  assert.equal(raised.exit, 0, raised.stderr);
  assert.equal((await ask({ max_tokens: 5 }, 's3')).status, 200);
  assert.equal((await command('budget', 'set', 'daily', '20')).exit, 2, 'money needs its currency');
  assert.equal((await command('budget', 'topup', 'sessions', '2', '--holder', 'session/typo')).exit, 4);
  assert.match(
    (await command('budget', 'topup', 'sessions', '2')).stderr,
    /is one account for each session; say which/,
  );
  assert.equal((await command('budget', 'show', 'nothing')).exit, 4);
});

test('a stream that outgrows its budget ends with an error that says so', async () => {
  const { spent } = await settled('daily');
  await command('budget', 'set', 'daily', `0.${String(spent + 12_000).padStart(6, '0')} USD`);
  const response = await ask({ stream: true, max_tokens: 100_000 }, 's5');
  const text = await response.text();
  assert.equal(response.status, 200);
  assert.match(text, /event: error\ndata: \{.*"code":"budget_exhausted"/);
  const account = await settled('daily');
  // What comes with the chunk that is one too many was written already, and the model wants to be paid for it.
  assert.ok(account.spent > spent && account.spent < account.limit + 7_000, JSON.stringify(account));
});

test('the tree, the list and the forecast say where accounts stand', async () => {
  const shown = await command('budget', 'show');
  assert.match(
    shown.stdout,
    /^daily {2}\$0\.\d+ a day for organisation, from 80 % on event, then refuse\n {2}█+.* spent .* left/,
  );
  assert.match(
    shown.stdout,
    /target model\/big|sessions {2}100 calls for target model\/big, each session, then refuse/,
  );
  const listed = await command('budget', 'ls');
  assert.match(listed.stdout, /^NAME +FOR +LIMIT +SPENT +SET ASIDE +LEFT +ACCOUNTS +UNTIL +THEN\n/);
  const forecast = await command('budget', 'forecast', 'daily');
  // In the last minutes of a day nothing runs out before the day is over.
  assert.equal(forecast.exit, forecast.stdout.includes('not at this pace') ? 0 : 1);
  assert.match(forecast.stdout, /daily +- +\$\S+ +\$\S+ +(is empty|20\d\d-|not at this pace)/);
  const metrics = await fetch(`${deployed.root.url}/metrics`, {
    headers: { authorization: `Bearer ${deployed.adminKey}` },
  });
  assert.match(await metrics.text(), /airspace_budget_refused_total [1-9]/);
});
