/**
 * What is known of data, between real hubs: a step of one domain takes its labels to the policy of another one, and neither an agent nor
 * the hub of a domain in between takes them off.
 */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { RunningDomainHub } from '../../src/cli/node/domain.ts';
import type { RunningHub } from '../../src/cli/node/hub.ts';
import { DEFAULT_TENANT, type RunDetail } from '../../src/contract/index.ts';
import { agent, apply, bundle, keyOf, mintKey, namesAt, OPEN, resource, Scene, until } from '../hierarchy/scene.ts';
import { plan } from './scene.ts';

/** Of `stock`: nothing that an untrusted source said is written down. */
const NO_HEARSAY = `${OPEN}
@id("hearsay") @reason("hearsay is not written down")
forbid (principal, action == Action::"agent/ledger/ask", resource) when { context.taint.contains("data-untrusted") };`;

const scene = new Scene();
const keys = { desk: mintKey('desk-1'), relay: mintKey('relay-1') };
let root: RunningHub;
const hubs: Record<string, RunningDomainHub> = {};
/** What came to the ledger. */
const written: string[] = [];

const served = async (answer: (text: string, res: ServerResponse) => Promise<unknown>): Promise<string> => {
  const server = createServer(async (req, res) => {
    const body = await answer(await textOf(req), res);
    res.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  scene.defer(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const textOf = async (req: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of req) text += String(chunk);
  return text;
};

const post = (hub: string, to: string, secret: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${hubs[hub]!.url}/v1/agents/${to}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

before(async () => {
  const web = await served(async () => ({ said: 'buy gold' }));
  const ledger = await served(async (text) => {
    written.push(text);
    return { written: true };
  });
  // It calls on with its own key, and leaves out every header that it got.
  const relay = await served(async (text) => {
    const reply = await post('middle', 'ledger/ask', keys.relay.secret, JSON.parse(text));
    return { status: reply.status, said: await reply.json() };
  });
  root = await scene.root();
  await apply(root, [
    ...['shop', 'middle', 'stock'].map((name) => resource('Domain', name, { delegated: true })),
    bundle('org', OPEN),
  ]);
  for (const name of ['shop', 'middle', 'stock']) hubs[name] = await scene.domain(root, name);
  await apply(hubs['stock']!, [agent('ledger', ledger), bundle('stock', NO_HEARSAY)]);
  await apply(hubs['middle']!, [agent('relay', relay), keyOf(keys.relay, 'relay')]);
  await apply(hubs['shop']!, [
    agent('web', web, {}, { labels: { 'data-untrusted': '' } }),
    ...[agent('desk', null), keyOf(keys.desk, 'desk')],
  ]);
  const all = ['desk', 'ledger', 'relay', 'web'];
  await until(async () => (await namesAt(root, 'Agent')).toSorted().join() === all.join());
  for (const name of ['shop', 'middle'])
    await until(async () => {
      const { snapshot } = hubs[name]!.live;
      return all.every((one) => snapshot?.targets.some((target) => target.name === one) === true);
    }, `${name} knows all of them`);
  const saying = (step: string, call: string, text: string) => ({
    ...{ id: step, call, needs: ['find'], optional: true, input: { text }, attempts: 1 },
  });
  await apply(hubs['shop']!, [
    plan('report', {
      steps: [
        { id: 'find', call: 'agent/web/ask' },
        saying('straight', 'agent/ledger/ask', '${steps.find.result.said}'),
        saying('relayed', 'agent/relay/ask', '${steps.find.result.said}'),
        saying('clean', 'agent/ledger/ask', 'nothing of it'),
      ],
      output: { relayed: '${steps.relayed.result}' },
    }),
  ]);
  await until(
    async () => (await post('middle', 'ledger/ask', keys.relay.secret, {})).status === 200,
    'a way between them',
  );
  written.length = 0;
});
after(() => scene[Symbol.asyncDispose]());

interface Ran {
  readonly status: number;
  readonly output: { readonly relayed?: { readonly status: number; readonly said: unknown } };
  readonly run: RunDetail;
}

const ran = async (): Promise<Ran> => {
  const reply = await post('shop', 'report/run', keys.desk.secret, {});
  const id = reply.headers.get('airspace-call-id') ?? '';
  const output = (await reply.json()) as Ran['output'];
  const found = await fetch(`${hubs['shop']!.url}/v1/runs/${id}`, {
    headers: { authorization: `Bearer ${keys.desk.secret}` },
  });
  return { status: reply.status, output, run: (await found.json()) as RunDetail };
};

test('a label that a step took along in one domain is there for the policy of another, straight and through an agent that conceals it', async () => {
  const { status, output, run } = await ran();
  assert.equal(status, 200, JSON.stringify(run));
  const of = (step: string) => run.steps.find((one) => one.step === step)!;
  assert.deepEqual([of('straight').state, of('straight').code], ['denied', 'denied']);
  assert.match(of('straight').message, /hearsay is not written down/);
  assert.equal(output.relayed?.status, 403);
  assert.match(JSON.stringify(output.relayed?.said), /hearsay is not written down/);
  assert.equal(of('clean').state, 'ok');
  assert.deepEqual(written, ['{"text":"nothing of it"}']);
});

test('what an agent claims about the tree of its call is not believed by the hub of its domain', async () => {
  const claimed = { 'airspace-run': 'x'.repeat(40) };
  const reply = await post('middle', 'ledger/ask', keys.relay.secret, { text: 'own words' }, claimed);
  assert.notEqual(reply.status, 200, DEFAULT_TENANT);
});
