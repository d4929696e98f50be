import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualWorld } from '../../kernel/index.ts';
import { IDLE_MS, type Session, Sessions } from './sessions.ts';
import { at } from './testing.ts';

const endpoint = at('http://127.0.0.1:1/mcp');
let count = 0;
const session = (owner: string): Session => ({
  handle: `h${++count}`,
  owner,
  endpoint,
  era: 'legacy',
  sid: 's',
  version: '2025-11-25',
  init: '{}',
  serverInfo: undefined,
  nextId: 1,
  asked: new Map(),
  uris: new Set(),
  changed: () => {},
  logLevel: undefined,
  inFlight: 0,
  usedMs: 0,
});

const kept = () => {
  const world = new VirtualWorld(1);
  const closed: string[] = [];
  return { world, closed, sessions: new Sessions(world.clock, ({ handle }) => void closed.push(handle)) };
};

test('a session that nobody uses is closed, and one that is busy is not', async () => {
  const { world, closed, sessions } = kept();
  const idle = sessions.add(session('a'));
  const busy = sessions.add(session('a'));
  busy.inFlight = 1;
  await world.run(IDLE_MS * 2);
  assert.deepEqual(closed, [idle.handle]);
  assert.equal(sessions.find(busy.handle, 'a', endpoint), busy);
  assert.throws(() => sessions.find(idle.handle, 'a', endpoint), { code: 'not_found' });
});

test('whoever opens many loses the oldest, and when all are busy is told so; others keep theirs', () => {
  const { closed, sessions } = kept();
  const other = sessions.add(session('other'));
  const own = Array.from({ length: 100 }, () => sessions.add(session('a')));
  sessions.add(session('a'));
  assert.deepEqual(closed, [own[0]!.handle]);
  for (const one of own) one.inFlight = 1;
  sessions.add(session('a'));
  assert.equal(closed.length, 2);
  assert.throws(
    () => {
      for (let more = 0; more < 3; more++) sessions.add({ ...session('a'), inFlight: 1 });
    },
    { code: 'overloaded' },
  );
  assert.equal(sessions.find(other.handle, 'other', endpoint), other);
});

test('a session belongs to its owner and to its server', () => {
  const { sessions } = kept();
  const { handle } = sessions.add(session('a'));
  for (const [owner, where] of [
    ['b', endpoint],
    ['a', at('http://127.0.0.1:2/mcp')],
  ] as const)
    assert.throws(() => sessions.find(handle, owner, where), { code: 'not_found' });
});

test('whoever comes at the same time shares one, and nobody inherits a failure', async () => {
  const { sessions } = kept();
  let opened = 0;
  const open = async (): Promise<Session> => {
    opened++;
    if (opened === 1) throw new Error('the first one left');
    return session('a');
  };
  const [first, ...others] = await Promise.allSettled([1, 2, 3].map(() => sessions.shared('k', open)));
  assert.equal(first?.status, 'rejected');
  const [one, two] = others.map((settled) => (settled.status === 'fulfilled' ? settled.value : undefined));
  assert.ok(one !== undefined && one === two);
  assert.equal(opened, 2);
  sessions.drop(one);
  assert.notEqual(await sessions.shared('k', open), one);
});
