/**
 * Every route of every door, with every kind of credential, over a hub that runs: who is let in, who sees what, and who reaches a
 * target. What the doors publish is held against a table that was written by hand.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ROUTES } from '../../src/cli/node/routes.ts';
import { nameOfRoute } from '../../src/doors/index.ts';
import type { Answered } from './exchange.ts';
import { EXPECTED, type Expected } from './expected.ts';
import { MARKER, PUBLISHED, TARGETS, WHO, type Who } from './people.ts';
import { type Request, requestsFor } from './request.ts';
import { type Scene, startScene } from './scene.ts';

let scene: Scene;
before(async () => {
  scene = await startScene();
});
after(() => scene[Symbol.asyncDispose]());

test('every route has a row, and every row a route', () => {
  const names = ROUTES.map(nameOfRoute);
  const isServed = (name: string): boolean => ROUTES.some(({ door }) => name.startsWith(`${door}: `));
  assert.deepEqual(
    names.filter((name) => !(name in EXPECTED)),
    [],
    'say in test/access/expected.ts who may use these',
  );
  assert.deepEqual(
    Object.keys(EXPECTED).filter((name) => isServed(name) && !names.includes(name)),
    [],
    'nobody serves these',
  );
  assert.equal(new Set(names).size, names.length);
});

/** What two doors have in common, and no door by itself. */
const SHARED = new Set(['models']);

test('every door publishes its routes, and the hub knows all of them', () => {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const listed = readFileSync(`${root}src/cli/node/routes.ts`, 'utf8');
  const doors = globSync('src/doors/*/door.ts', { cwd: root }).map((path) => path.replaceAll('\\', '/').split('/')[2]!);
  assert.ok(doors.length > 4);
  for (const door of doors.filter((one) => !SHARED.has(one)))
    assert.ok(listed.includes(`doors/${door}/index.ts`), `src/cli/node/routes.ts leaves out ${door}`);
});

/** What somebody gets with a request: let in, turned away, or told that there is nothing. */
const isIn = ({ status }: Answered): boolean => status !== 401 && status !== 403;

interface Came extends Answered {
  readonly hits: number;
}

const send = async ({ method, path, headers, body, route }: Request, who: Who, inKeyHeader = false): Promise<Came> => {
  const before = scene.hits();
  const proof = scene.headers[who];
  const { authorization, ...rest } = proof;
  const shown =
    inKeyHeader && route.keyHeader !== undefined && authorization !== undefined
      ? { ...rest, [route.keyHeader]: authorization.replace(/^Bearer /, '') }
      : proof;
  const answered = await scene.ask(method, path, { ...headers, ...shown }, body);
  return { ...answered, hits: scene.hits() - before };
};

/**
 * What also keeps somebody out: a thing that is not there for them, or a proof that did not come. Everywhere else both are answers to
 * somebody who was let in.
 */
const OUTSIDE: Partial<Record<Request['route']['gate']['kind'], number>> = { call: 404, public: 404, proof: 400 };

const keepsOut = ({ gate, door }: Request['route'], { status, text }: Answered): boolean =>
  !text.includes(MARKER) && (OUTSIDE[gate.kind] === status || (door === 'native' && status === 404));

const problemWith = ({ route }: Request, came: Came, who: Who, expected: Expected): string | undefined => {
  const { status, text, hits } = came;
  const may = expected.in.includes(who);
  if (expected.calls === true && may) return hits === 1 ? undefined : `${status}, and ${hits} calls`;
  // A path without a place for a name has what it is about: nothing there means that nobody serves it.
  if (may && status === 404 && !route.path.includes('{')) return '404: nobody serves it';
  if (hits > 0) return `${hits} calls reached the target`;
  if (expected.calls === true || expected.bySight === true) return seenBy(came, who, expected);
  const isLetIn = isIn(came) && (may || !keepsOut(route, came));
  if (isLetIn !== may) return `${status}, ${may ? 'turned away' : 'let in'}: ${text.slice(0, 120)}`;
  return seenBy(came, who, expected);
};

const seenBy = ({ status, text }: Answered, who: Who, expected: Expected): string | undefined =>
  text.includes(MARKER) && !(expected.see ?? expected.in).includes(who)
    ? `${status}, and it sees what it may not`
    : undefined;

test('nobody gets in who may not, and nobody is kept out who may', async () => {
  const wrong: string[] = [];
  for (const request of requestsFor(ROUTES, scene)) {
    const expected = EXPECTED[request.name];
    if (expected === undefined) continue;
    for (const inKeyHeader of request.route.keyHeader === undefined ? [false] : [false, true])
      for (const who of WHO) {
        const problem = problemWith(request, await send(request, who, inKeyHeader), who, expected);
        if (problem !== undefined)
          wrong.push(`${request.name} as ${who}${inKeyHeader ? ' by its own header' : ''}: ${problem}`);
      }
  }
  assert.deepEqual(wrong, []);
});

/** A strange one and those that a browser may be made to send; the others are the same to every door. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND'];

test('no other method does anything on a path of ours, whoever asks', async () => {
  const wrong: string[] = [];
  const served = Map.groupBy(requestsFor(ROUTES, scene), ({ path }) => path);
  for (const [path, requests] of served) {
    const taken = new Set(requests.map(({ method }) => method));
    // What answers to GET may answer to HEAD, and says less.
    if (taken.has('GET')) taken.add('HEAD');
    // Whoever may do the most.
    for (const method of METHODS.filter((one) => !taken.has(one)))
      for (const who of ['alice', 'adam-admin'] as const) {
        const before = scene.hits();
        const headers = { ...scene.headers[who], 'content-type': 'application/json' };
        const body = ['POST', 'PUT'].includes(method) ? '{}' : undefined;
        const { status } = await scene.ask(method, path, headers, body);
        if (status < 400 || scene.hits() > before) wrong.push(`${method} ${path} as ${who}: ${status}`);
      }
  }
  assert.deepEqual(wrong, []);
});

test('a path that is nearly one of ours is nobody’s, whoever asks', async () => {
  const wrong: string[] = [];
  const near = (path: string): readonly string[] => [
    `${path}/`,
    `${path}x`,
    `/${path}`,
    path.toUpperCase(),
    `${path}%00`,
    `${path};a=b`,
    `/.${path}`,
    path.replace('/', '/%2e%2e/'),
  ];
  for (const path of [
    '/v1/keys',
    '/v1/secrets',
    '/v1/resources',
    '/v1/agents/orders/where',
    '/registry/agents',
    '/openapi.json',
  ])
    for (const other of near(path))
      for (const who of ['nobody', 'alice', 'adam-admin'] as const) {
        const before = scene.hits();
        const answers = [
          await scene.ask('GET', other, scene.headers[who]),
          await scene.ask('POST', other, { ...scene.headers[who], 'content-type': 'application/json' }, '{}'),
        ];
        const statuses = answers.map(({ status }) => status);
        if (statuses.some((status) => status < 400) || scene.hits() > before)
          wrong.push(`${other} as ${who}: ${statuses.join()}`);
      }
  assert.deepEqual(wrong, []);
});

test('strangers find what is published and nothing else', async () => {
  const { text } = await scene.ask('GET', '/registry/agents', {});
  assert.ok(text.includes(PUBLISHED));
  assert.ok(!text.includes(TARGETS.agent.name));
});
