/** The same clients through each kind of node: a sidecar of their own, and a tree of hubs with the models at its end. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { type Deployed, deploy, type Topology } from '../../src/cli/deploy.ts';
import { inProcess } from '../../src/cli/under-test.ts';
import { type Provider, startProvider } from './provider.ts';
import { POLICY, resource } from './scene.ts';

const resources = (url: string, topology: Topology): readonly unknown[] => {
  const model = (name: string, protocol: string, base: string, more: object = {}): unknown =>
    resource(
      'Model',
      name,
      { protocol, model: `scripted-${name}`, endpoints: [{ url: base }], ...more },
      { domain: 'workshop' },
    );
  return [
    resource('Domain', 'office', {}),
    resource('Domain', 'workshop', { delegated: topology === 'hierarchy' }),
    resource('Agent', 'alice', { operations: [{ name: 'noop', effect: 'read' }] }, { domain: 'office' }),
    resource('Agent', 'echo', { operations: [{ name: 'chat', effect: 'read' }] }, { domain: 'workshop' }),
    model('gpt', 'openai', `${url}/v1`),
    model('claude', 'anthropic', url),
    model('away', 'openai', 'http://127.0.0.1:1/v1', { fallback: ['claude'] }),
    resource('PolicyBundle', 'org', {
      level: 'org',
      policies: { text: POLICY.slice(0, POLICY.indexOf('@id("careful')) },
    }),
  ];
};

const user = (content: string) => [{ role: 'user' as const, content }];

const eventually = async (work: () => Promise<unknown>): Promise<void> => {
  for (const endMs = performance.now() + 15_000; ; ) {
    try {
      await work();
      return;
    } catch (thrown) {
      if (performance.now() > endMs) throw thrown;
      await new Promise((next) => setTimeout(next, 20));
    }
  }
};

const core = async (deployed: Deployed, provider: Provider): Promise<void> => {
  const { url, key } = deployed.access.get('alice')!;
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
  const anthropic = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });
  await eventually(() => openai.chat.completions.create({ model: 'gpt', messages: user('hello') }));
  const ids = (await Array.fromAsync(await openai.models.list())).map(({ id }) => id);
  assert.deepEqual(ids, ['away', 'claude', 'gpt', 'agent/echo']);

  // The last node asks for the count of tokens, and only the first one knows that nobody else did.
  for (const model of ['gpt', 'claude']) {
    const chunks = await Array.fromAsync(
      await openai.chat.completions.create({ model, messages: user('one two'), stream: true }),
    );
    assert.equal(chunks.map(({ choices }) => choices[0]!.delta.content ?? '').join(''), 'scripted: one two');
  }
  const message = await anthropic.messages
    .stream({ model: 'gpt', max_tokens: 9, messages: user('one') })
    .finalMessage();
  assert.deepEqual(message.content, [{ type: 'text', text: 'scripted: one', citations: null }]);
  assert.deepEqual(
    Object.keys(provider.seen.at(-1)!.headers).filter((name) =>
      /^(airspace-|authorization|x-api-key|baggage)/.test(name),
    ),
    [],
  );

  const first = await openai.responses.create({ model: 'gpt', input: 'hello' });
  const second = await openai.responses.create({ model: 'gpt', input: 'again', previous_response_id: first.id });
  assert.match(provider.seen.at(-1)!.body.previous_response_id, /^resp_scripted/);
  assert.equal((await openai.responses.retrieve(second.id)).id, second.id);

  await assert.rejects(openai.chat.completions.create({ model: 'gpt', messages: user('fail 429') }), {
    status: 429,
    code: 'rate_limit_exceeded',
  });
  await assert.rejects(openai.chat.completions.create({ model: 'gpt', messages: user('fail 400') }), {
    status: 400,
    code: 'scripted_400',
  });
  const { response } = await openai.chat.completions.create({ model: 'away', messages: user('hello') }).withResponse();
  assert.equal(response.headers.get('airspace-fallback'), 'claude; instead-of=away; because=unreachable');

  const stream = await openai.chat.completions.create({ model: 'gpt', messages: user('begin'), stream: true });
  for await (const _ of stream) break;
  stream.controller.abort();
  await provider.seen.at(-1)!.dropped;
};

for (const topology of ['mesh', 'hierarchy'] as const)
  test(`models are called the same way through a ${topology}`, async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'airspace-models-'));
    await using provider = await startProvider();
    const deployed = await deploy(inProcess(dir), {
      topology,
      resources: resources(provider.url, topology),
      target: { name: 'echo', domain: 'workshop', instances: [] },
      callers: [{ name: 'alice', domain: 'office' }],
    });
    t.after(async () => {
      await deployed.stop();
      await rm(dir, { recursive: true });
    });
    await core(deployed, provider);
  });
