/** Hubs as processes of their own, started with the words of the command line, each with its first administrator. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type NodeProcess, spawnNode } from '../../src/cli/up/child.ts';
import { type Scene, until } from './scene.ts';

export type Json = Record<string, unknown>;

export const ask = async (url: string, key: string, path: string, body?: object): Promise<Json> => {
  const reply = await fetch(`${url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  assert.ok(reply.ok, `${path}: ${text}`);
  return JSON.parse(text) as Json;
};

export interface Serving {
  readonly node: NodeProcess;
  readonly data: string;
  readonly url: string;
  /** Of its first administrator. */
  readonly key: string;
  /** Looks at something. */
  readonly ask: (path: string) => Promise<Json>;
  readonly apply: (resources: readonly unknown[]) => Promise<Json>;
  /** For the hub of a domain below. */
  readonly token: (domain: string) => Promise<string>;
  /** The same hub again, after its end. */
  readonly again: () => Promise<NodeProcess>;
}

/** Started with `serve`; it ends with the scene. */
export const serve = async (
  scene: Scene,
  name: string,
  more: readonly string[] = [],
  token?: string,
): Promise<Serving> => {
  const data = join(scene.dir, name);
  const words = ['serve', '--data', data, '--log-level', 'error', ...more];
  const started = async (port: string, joinedWith?: string): Promise<NodeProcess> => {
    const process = await spawnNode({ args: [...words, '--port', port], token: joinedWith });
    scene.defer(() => process.kill());
    return process;
  };
  const node = await started('0', token);
  await until(async () => (await fetch(`${node.url}/readyz`)).ok, `${name} is ready`);
  const bootstrap = (await readFile(join(data, 'bootstrap-token'), 'utf8')).trim();
  const made = await fetch(`${node.url}/v1/bootstrap`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: bootstrap }),
  });
  assert.equal(made.status, 201);
  const { secret } = (await made.json()) as { secret: string };
  return {
    ...{ node, data, url: node.url, key: secret },
    ask: (path) => ask(node.url, secret, path),
    apply: (resources) =>
      ask(node.url, secret, '/v1/resources:apply', { resources, origins: resources.map(() => 'test'), reason: 'test' }),
    token: async (domain) => (await ask(node.url, secret, '/v1/tokens', { role: 'domain', domain }))['token'] as string,
    again: () => started(new URL(node.url).port),
  };
};
