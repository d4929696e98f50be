import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, type Principal } from '../contract/index.ts';
import { VirtualWorld } from '../kernel/index.ts';
import { isCsrf, SESSION_IDLE_MS, SESSION_LONGEST_MS, Sessions, sessionCookie } from './sessions.ts';
import { LoginThrottle, PER_MS, TRIES } from './throttle.ts';

const ADA: Principal = { kind: 'user', tenant: 'default', id: 'ada', roles: [] };
const proof = { kind: 'key', token: 'x' } as const;
const withCookie = (...cookies: string[]) => ({ headers: { cookie: cookies.join('; ') } });
const make = (secure = false) => {
  const world = new VirtualWorld(1);
  const state: { known: Principal | undefined } = { known: ADA };
  return { world, state, sessions: new Sessions({ clock: world.clock, secure, again: () => state.known }) };
};

test('a session is over half an hour after its last use, and twelve hours after its beginning in any case', async () => {
  const { world, sessions } = make();
  const idle = withCookie(`airspace-session=${sessions.begin(proof)}`);
  const busy = withCookie(`airspace-session=${sessions.begin(proof)}`);
  for (let ms = 0; ms < SESSION_LONGEST_MS; ms += SESSION_IDLE_MS - 1) {
    await world.run(ms);
    assert.equal(sessions.resolve(busy)?.principal.id, 'ada', `after ${ms} ms`);
  }
  assert.equal(sessions.resolve(idle), undefined);
  await world.run(SESSION_LONGEST_MS);
  assert.equal(sessions.resolve(busy), undefined);
});

test('who is nobody any more is out at once, and stays out', () => {
  const { state, sessions } = make();
  const request = withCookie(`airspace-session=${sessions.begin(proof)}`);
  assert.ok(sessions.resolve(request));
  state.known = undefined;
  assert.equal(sessions.resolve(request), undefined);
  state.known = ADA;
  assert.equal(sessions.resolve(request), undefined);
});

test('a cookie that is guessed, planted beside ours, or of the other name is nobody', () => {
  const plain = make();
  const id = plain.sessions.begin(proof);
  assert.equal(plain.sessions.resolve(withCookie('airspace-session=guess')), undefined);
  assert.equal(plain.sessions.resolve(withCookie('airspace-session=planted', `airspace-session=${id}`)), undefined);
  assert.equal(plain.sessions.resolve(withCookie(`__Host-airspace=${id}`)), undefined);
  assert.equal(plain.sessions.resolve({ headers: {} }), undefined);
  const secure = make(true);
  assert.ok(secure.sessions.resolve(withCookie(`other=1`, `__Host-airspace=${secure.sessions.begin(proof)}`)));
  assert.equal(secure.sessions.resolve(withCookie(`airspace-session=${secure.sessions.begin(proof)}`)), undefined);
});

test('each session has a token of its own, and an ended one has none', () => {
  const { sessions } = make();
  const [one, two] = [0, 1].map(() => withCookie(`airspace-session=${sessions.begin(proof)}`)) as [
    ReturnType<typeof withCookie>,
    ReturnType<typeof withCookie>,
  ];
  const [first, second] = [sessions.resolve(one)!, sessions.resolve(two)!];
  assert.ok(isCsrf(first, first.csrf));
  for (const wrong of [second.csrf, '', undefined, `${first.csrf}x`]) assert.ok(!isCsrf(first, wrong));
  sessions.end(one);
  assert.equal(sessions.resolve(one), undefined);
  assert.ok(sessions.resolve(two));
});

test('cookies are for this host, for no script and for no other site', () => {
  assert.equal(sessionCookie('v', true), '__Host-airspace=v; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200; Secure');
  assert.equal(sessionCookie('v', false), 'airspace-session=v; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200');
});

test('five tries a minute by account and by address, and then a minute of nothing', async () => {
  const world = new VirtualWorld(1);
  const throttle = new LoginThrottle(world.clock);
  const refused = (...names: string[]): boolean => {
    try {
      throttle.count(...names);
      return false;
    } catch (thrown) {
      assert.ok(thrown instanceof Fault && thrown.code === 'rate_limited' && thrown.retryAfterMs! > 0);
      return true;
    }
  };
  for (let at = 0; at < TRIES; at++) assert.ok(!refused('from a', `key ${at}`));
  assert.ok(refused('from a', 'key other'));
  for (let at = 0; at < TRIES; at++) assert.ok(!refused(`from ${at}`, 'key ada'));
  assert.ok(refused('from elsewhere', 'key ada'));
  await world.run(PER_MS);
  assert.ok(!refused('from a', 'key ada'));
});
