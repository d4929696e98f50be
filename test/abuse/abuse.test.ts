/** What a stranger can do to a whole hub from outside: each wrong is a clear fault, nothing runs twice, and the hub lives on. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { line } from '../../src/cli/testing/line.ts';
import { type Answer, resource, type Scene, startScene } from './scene.ts';

let scene: Scene;
before(async () => {
  scene = await startScene();
});
after(async () => {
  assert.equal((await scene.call('echo', { body: { alive: true } })).text, '{"alive":true}', 'the hub still works');
  await scene[Symbol.asyncDispose]();
});

interface Problem {
  readonly code: string;
  readonly executed: string;
  readonly detail: string;
}
const problemIn = ({ text }: Answer): Problem => JSON.parse(text) as Problem;

for (const [operation, status, code, executed] of [
  ['hang', 504, 'timeout', 'unknown'],
  ['short', 502, 'upstream_broken', 'unknown'],
  ['garbage', 502, 'upstream_invalid', 'unknown'],
  ['smuggle', 502, 'upstream_invalid', 'unknown'],
  ['headers', 502, 'upstream_invalid', 'unknown'],
  ['die', 502, 'upstream_broken', 'unknown'],
] as const) {
  test(`an agent whose answer is \`${operation}\` is asked once, and the caller is told ${code}`, async () => {
    const before = scene.agent.ledger.length;
    const answer = await scene.call(operation, { headers: { 'airspace-timeout-ms': '400' } });
    const problem = problemIn(answer);
    assert.deepEqual([answer.status, problem.code, problem.executed], [status, code, executed], problem.detail);
    const id = String(answer.headers['airspace-call-id']);
    assert.deepEqual(scene.agent.ledger.slice(before), [`${operation} ${id}`]);
    const [event] = await scene.events(id);
    assert.deepEqual([event?.code, event?.status], [code, 'unknown'], 'and the record says the same');
  });
}

test("a second answer is nobody's answer", async () => {
  assert.equal((await scene.call('twice')).text, 'first');
  for (let n = 0; n < 5; n++) assert.equal((await scene.call('echo', { body: { n } })).text, `{"n":${n}}`);
});

test('an agent that points elsewhere is not followed', async () => {
  const answer = await scene.call('redirect');
  assert.ok(answer.status >= 300, String(answer.status));
  assert.doesNotMatch(answer.text, /elsewhere/);
});

test('a stream that dies ends with an error that says so', async () => {
  const { status, text } = await scene.call('stream', { headers: { accept: 'text/event-stream' } });
  assert.equal(status, 200);
  assert.match(text, /^data: first\n\n/);
  assert.match(text, /event: error\ndata: .*upstream_broken/);
});

test("an agent's own error passes as the agent's, not as a word of ours", async () => {
  const answer = await scene.call('shout');
  assert.equal(answer.status, 500);
  assert.equal(answer.headers['airspace-executed'], 'yes');
  assert.ok(answer.headers['airspace-endpoint']);
});

const post = (path: string, key: string, body: string, length = Buffer.byteLength(body)): string =>
  [
    `POST ${path} HTTP/1.1`,
    'host: localhost',
    `authorization: Bearer ${key}`,
    'content-type: application/json',
    `content-length: ${length}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');

const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;

test('what is no request and no JSON is refused at both doors, reaches nobody and changes nothing', async () => {
  const { agent, key, adminKey, hub } = scene;
  const before = agent.ledger.length;
  const revision = hub.live.snapshot?.revision;
  const target = '/v1/agents/villain/echo';
  const apply = '/v1/resources:apply';
  const bodies = [
    '{"a":1,"a":2}',
    '{"__proto__":{"x":1}}',
    '{"constructor":{"prototype":{}}}',
    deep,
    '{',
    '\u0000',
    '{"a":1}}',
  ];
  for (const body of bodies.filter((one) => !one.includes('constructor')))
    assert.match(await scene.raw(post(target, key, body)), /^HTTP\/1\.1 4\d\d /, `call ${body.slice(0, 30)}`);
  for (const body of bodies)
    assert.match(await scene.raw(post(apply, adminKey, body)), /^HTTP\/1\.1 4\d\d /, `apply ${body.slice(0, 30)}`);
  for (const bytes of [
    'GET / HTTP/9.9\r\n\r\n',
    `${post(target, key, '{}').replace('HTTP/1.1', 'HTTP/1.1 ')}`,
    post(target, key, '{}').replace('connection: close', 'content-length: 5'),
    post(target, key, '{}').replace('connection: close', 'transfer-encoding: chunked'),
    post(target, key, '{}').replace('host: localhost', 'host: evil.example'),
    post(target, key, '{}').replace('host: localhost', 'host: localhost\r\nhost: localhost'),
    post('/v1/agents/../../etc/passwd', key, '{}'),
    post('/v1/agents/villain/echo%2f..%2fhang', key, '{}'),
    `CONNECT ${target} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
  ]) {
    const answer = await scene.raw(bytes);
    assert.match(answer, /^(HTTP\/1\.1 4\d\d |$)/, bytes.slice(0, 60));
  }
  // Says 100 bytes and sends two: nothing whole ever arrived.
  await scene.raw(post(target, key, '{}', 100));
  const large = await scene.call('echo', { body: `"${'x'.repeat(17 * 1024 * 1024)}"` }).catch(() => undefined);
  if (large !== undefined) assert.equal(large.status, 413);
  assert.equal(agent.ledger.length, before);
  assert.equal(hub.live.snapshot?.revision, revision);
  assert.equal(({} as { x?: number }).x, undefined);
});

test('who and what is not known is said without a word too much, and nothing is sent', async () => {
  const before = scene.agent.ledger.length;
  const cases: readonly (readonly [Promise<Answer>, number, string, RegExp])[] = [
    [scene.ask('/v1/agents/villian/echo', { key: scene.key, body: {} }), 404, 'not_found', /villain/],
    [scene.call('ecko'), 404, 'not_found', /echo/],
    [scene.call('echo', { key: '' }), 401, 'unauthenticated', /./],
    [scene.call('echo', { key: `${scene.key.slice(0, -1)}x` }), 401, 'unauthenticated', /./],
    [scene.call('echo', { headers: { 'airspace-timeout-ms': '0' } }), 400, 'bad_request', /airspace-timeout-ms/],
    [scene.ask('/v1/status', { key: scene.key }), 403, 'denied', /./],
    [
      scene.ask('/v1/resources:apply', { body: { resources: [resource('User', 'x', {}, { tenant: 'other' })] } }),
      400,
      'bad_request',
      /tenant `other`/,
    ],
  ];
  for (const [asked, status, code, said] of cases) {
    const answer = await asked;
    const problem = problemIn(answer);
    assert.deepEqual([answer.status, problem.code], [status, code], answer.text);
    assert.match(problem.detail, said);
  }
  assert.equal(scene.agent.ledger.length, before);
});

test('files that are wrong are refused with file, line, field and what was expected; policy with its own line', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'airspace-abuse-files-'));
  const head = 'apiVersion: airspace.dev/v1\nkind: ';
  const revision = scene.hub.live.snapshot?.revision;
  const apply = async (text: string) => {
    await writeFile(join(dir, 'a.yaml'), text);
    return line(['apply', '-f', join(dir, 'a.yaml'), '--url', scene.hub.url, '--key', scene.adminKey]);
  };
  const bundle = (policy: string): string =>
    `${head}PolicyBundle\nmetadata: { name: org }\nspec:\n  level: org\n  policies:\n    text: |\n${policy.replace(/^/gm, '      ')}\n`;
  const rule = (head: string, when: string): string => `@id("r")\n@reason("why")\n${head}${when};`;
  for (const [text, said] of [
    [`${head}Agent\nmetadata: { name: a\n`, /a\.yaml:\d+.*is not valid YAML/],
    [
      `${head}Agent\nmetadata: { name: a }\nspec:\n  operations: [{ name: x, effect: raed }]\n`,
      /a\.yaml:5.*effect.*raed/,
    ],
    [`${head}Agnet\nmetadata: { name: a }\nspec: {}\n`, /a\.yaml:2.*Agnet.*did you mean `Agent`/],
    [`${head}Agent\nmetadata: { name: a, name: b }\nspec: {}\n`, /a\.yaml:3.*`name` is given twice|unique/],
    [
      bundle(rule('permit (principal, action, resource)', ' when { principal.salary > 3 }')),
      /a\.yaml.*spec\.policies\.text:3.*salary/s,
    ],
    [bundle(rule('permitt (principal, action, resource)', '')), /a\.yaml.*spec\.policies\.text:3/],
    [bundle(rule('permit (principal == Agent::"alicee", action, resource)', '')), /a\.yaml.*alicee.*alice/s],
  ] as const) {
    const { exit, stderr } = await apply(text);
    assert.equal(exit, 2, stderr);
    assert.match(stderr, said);
  }
  assert.equal(scene.hub.live.snapshot?.revision, revision);
  await rm(dir, { recursive: true });
});

test('two applies at once: both happen one after the other, or one is told that it was late', async () => {
  const wish = (name: string, more: object = {}) =>
    scene.ask('/v1/resources:apply', {
      body: { resources: [resource('Domain', name, {})], ...more },
    });
  const revisionIn = ({ text }: Answer): number => (JSON.parse(text) as { revision: number }).revision;
  const both = await Promise.all([wish('north'), wish('south')]);
  assert.deepEqual(
    both.map(({ status }) => status),
    [200, 200],
  );
  const [first, second] = both.map(revisionIn).toSorted((a, b) => a - b) as [number, number];
  assert.equal(second, first + 1);
  const raced = await Promise.all([wish('east', { ifRevision: second }), wish('west', { ifRevision: second })]);
  assert.deepEqual(raced.map(({ status }) => status).toSorted(), [200, 409]);
  const names = JSON.parse((await scene.ask('/v1/resources?kind=Domain')).text) as {
    items: { resource: { metadata: { name: string } } }[];
  };
  assert.equal(names.items.length, 3, 'north, south, and one of the two that raced');
});

test('thousands of bad requests leave no memory behind and do not get in the way of a good one', async () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const flood = async (count: number): Promise<void> => {
    for (let sent = 0; sent < count; sent += 40) {
      await Promise.all(
        Array.from({ length: 40 }, (_, n) => {
          const nth = sent + n;
          if (nth % 4 === 0) return scene.ask(`/v1/agents/ghost-${nth}/run`, { key: scene.key, body: {} });
          if (nth % 4 === 1) return scene.call('echo', { key: `air_x-${nth}_${'A'.repeat(43)}_00000000` });
          if (nth % 4 === 2) return scene.call('echo', { body: `{"a":1,"a":${nth}}` });
          return scene.ask('/v1/resources:apply', { body: { resources: [{ kind: `Ghost${nth}` }] } });
        }),
      );
    }
  };
  const used = (): number => {
    gc();
    return process.memoryUsage().heapUsed / 2 ** 20;
  };
  await flood(800);
  const [before, rss] = [used(), process.memoryUsage().rss / 2 ** 20];
  await flood(1_600);
  const grown = used() - before;
  assert.ok(grown < 8, `the heap grew by ${grown.toFixed(1)} MiB over 1,600 refused requests`);
  const more = process.memoryUsage().rss / 2 ** 20 - rss;
  assert.ok(more < 80, `the process grew by ${more.toFixed(0)} MiB over 1,600 refused requests`);
  const top = JSON.parse((await scene.ask('/v1/top')).text) as { targets: { target: string; calls: number }[] };
  assert.deepEqual(
    top.targets.filter(({ target }) => target.includes('ghost')),
    [],
  );
  assert.ok(top.targets.find(({ target }) => target === 'unknown/unknown')!.calls >= 600);
});

test('nothing arrived twice in all of this, and every call that arrived has its record', async () => {
  const ids = scene.agent.ledger.map((entry) => entry.split(' ')[1]!);
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.equal((await scene.events(id)).length, 1, id);
});
