/** A hub as a user starts it, asked through the door for administrators. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Children } from './children.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface Hub {
  readonly url: string;
  apply(resources: readonly object[]): Promise<void>;
  /** A key of an agent. */
  keyFor(agent: string): Promise<string>;
  secret(name: string, value: string, origin: string): Promise<void>;
  get<T>(path: string): Promise<T>;
  forget(): void;
}

export const startHub = async (children: Children): Promise<Hub> => {
  const data = mkdtempSync(join(tmpdir(), 'airspace-frameworks-'));
  const url = await children.start([MAIN, 'serve', '--port', '0', '--data', data], {}, /listening on (http:\S+)/);
  const token = readFileSync(join(data, 'bootstrap-token'), 'utf8').trim();
  const { secret: admin } = await ask<{ secret: string }>(`${url}/v1/bootstrap`, undefined, { token });
  return {
    url,
    apply: async (resources) => {
      const origins = resources.map((_, at) => `resources.ts ${at + 1}`);
      await ask(`${url}/v1/resources:apply`, admin, { resources, origins, reason: 'example' });
    },
    keyFor: async (name) =>
      (await ask<{ secret: string }>(`${url}/v1/keys`, admin, { principal: { kind: 'agent', name } })).secret,
    secret: async (name, value, origin) => {
      await ask(`${url}/v1/secrets`, admin, { name, value, origins: [origin] });
    },
    get: (path) => ask(`${url}${path}`, admin),
    forget: () => rmSync(data, { recursive: true, force: true }),
  };
};

const ask = async <T>(url: string, key: string | undefined, body?: object): Promise<T> => {
  const reply = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${url} answered ${reply.status}: ${text}`);
  return JSON.parse(text) as T;
};
