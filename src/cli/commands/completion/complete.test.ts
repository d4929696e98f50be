import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { type Served, served } from '../../../doors/admin/testing/served.ts';
import { line } from '../../testing/line.ts';

/** With patience for a busy machine, unless it is about that. */
const offered = async (words: string, door?: Pick<Served, 'url'>, key = 'operator', within = '30s') => {
  const env = door === undefined ? {} : { AIRSPACE_URL: door.url, AIRSPACE_KEY: key };
  const { exit, stdout, stderr } = await line(['__complete', '--within', within, '--', ...words.split(' ')], { env });
  assert.deepEqual([exit, stderr], [0, '']);
  return stdout
    .split('\n')
    .filter((one) => one !== '')
    .map((one) => one.split('\t')[0]!);
};

test('what may stand at the cursor comes from the tree of commands', async () => {
  const cases: readonly (readonly [words: string, found: readonly string[]])[] = [
    ['descr', ['describe']],
    ['policy rep', ['replay']],
    ['get agen', ['agents']],
    ['completion ', ['bash', 'zsh', 'fish', 'powershell']],
    ['-o j', ['json', 'jsonl']],
    ['get agents -o y', ['yaml']],
    ['get agents --output=js', ['--output=json', '--output=jsonl']],
    ['logs --lev', ['--level']],
    ['logs --level e', ['error']],
    ['top agents --sort wai', ['waiting']],
    ['tap --status=de', ['--status=denied']],
    ['trace d', ['diff']],
    ['apply -f ', [':files']],
    ['sidecar run --hub http://x -- node ', [':files']],
    ['call agent/x --as', ['--as-key', '--async']],
    ['topology show -o d', ['dot']],
    ['trace abc -o ot', ['otlp']],
    ['get agents -o d', []],
    ['nonsense ', []],
  ];
  for (const [words, found] of cases) {
    const all = await offered(words);
    assert.ok(found.every((one) => all.includes(one)) && (found.length > 0 || all.length === 0), `${words}: ${all}`);
  }
  assert.doesNotMatch((await offered('')).join(), /__complete/, 'what is hidden is not offered');
});

test('names come from the node that the line means, with the key that it has', async () => {
  await using door = await served();
  assert.deepEqual(await offered('kill agent/', door), ['agent/orders']);
  assert.deepEqual(await offered('request agent/orders/', door), ['agent/orders/where']);
  assert.deepEqual(await offered('trace ', door), ['diff', 'bbbbbbbb']);
  assert.deepEqual(await offered('describe node ', door), ['n1', 'n2']);
  assert.deepEqual(await offered(`drain --url ${door.url} --key operator default/`), [
    'default/orders/9000',
    'default/kb/1',
  ]);
  assert.deepEqual(await offered('kill agent/', door, 'nobody'), [], 'who may not see them is offered none');
  assert.deepEqual(await offered('kill agent/'), [], 'without a node there are none');
});

test('what a node says reaches no shell as more than a word', async () => {
  const names = ['fine', '$(reboot)', '`id`', 'a b', '\u001b[2J', 'x;y', '-rf'];
  const items = names.map((name) => ({ kind: 'agent', name, operations: [] }));
  await using node = await answering((res) => res.end(JSON.stringify({ items })));
  assert.deepEqual(await offered('kill ', node), ['ls', 'lift', 'agent/fine', 'agent/-rf']);
});

test('a node that is slow is not waited for longer than 300 ms', async () => {
  await using node = await answering(() => {});
  const startMs = performance.now();
  assert.deepEqual(await offered('drain ', node, 'operator', '300ms'), []);
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs >= 290 && tookMs < 3_000, `${tookMs}`);
});

const answering = async (answer: (res: http.ServerResponse) => void) => {
  const server = http.createServer((_, res) => answer(res));
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise<void>((closed) => server.close(() => closed()));
    },
  };
};
