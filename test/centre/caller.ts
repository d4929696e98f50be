/** Calls where it is told to, one JSON line in and one out: an agent on the machine of its sidecar, which nobody else reaches. */
import { createInterface } from 'node:readline';
import { ask } from '../crash/wire.ts';

interface Order {
  readonly id: string;
  readonly url: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
}

const call = async ({ id, url, key, headers }: Order): Promise<void> => {
  const atMs = Date.now();
  const { status, body } = await ask(url, {
    method: 'POST',
    key,
    body: id,
    headers: { 'content-type': 'text/plain', 'airspace-timeout-ms': '4000', ...headers },
  });
  console.log(
    JSON.stringify({ id, status, atMs, endMs: Date.now(), problem: status === 200 ? null : problemOf(body) }),
  );
};

const problemOf = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
};

createInterface({ input: process.stdin }).on('line', (line) => void call(JSON.parse(line) as Order));
