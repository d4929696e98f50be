/** A policy release on a real hub with sidecars: halted by itself, sticky by call tree, and back on every node. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { CallEvent, ReleaseDetail, ReleaseOutcome, ReplayReport, RollbackOutcome } from '../contract/index.ts';
import { isInCanary } from '../policy/index.ts';
import { Admin } from './admin.ts';
import { acknowledged } from './commands/policy/acknowledged.ts';
import { type Deployed, deploy } from './deploy.ts';
import { inProcess } from './under-test.ts';

const scratch = mkdtempSync(join(tmpdir(), 'airspace-releases-'));
let agent: Server;
let deployed: Deployed;
let admin: Admin;

const resource = (kind: string, name: string, spec: unknown, domain?: string) => ({
  apiVersion: 'airspace.dev/v1',
  kind,
  metadata: { name, ...(domain === undefined ? {} : { domain }) },
  spec,
});
const GOOD = '@id("all") @reason("agents may call agents") permit (principal is Agent, action, resource);';
/** Well typed, and beyond what an integer holds as soon as somebody evaluates it; lint does not know the depth. */
const BROKEN = `${GOOD}
@id("broken") @reason("nobody tried this") forbid (principal, action, resource)
when { (context.depth + 9007199254740991) * 9007199254740991 < 0 };`;
const DENYING = `${GOOD}
@id("closed") @reason("echo is closed") forbid (principal, action, resource) when { resource.name == "echo" };`;
const bundle = (text: string) => resource('PolicyBundle', 'org', { level: 'org', policies: { text } });

before(async () => {
  agent = createServer((request, response) => void request.resume().on('end', () => response.end('ok')));
  await new Promise<void>((ready) => agent.listen(0, '127.0.0.1', ready));
  deployed = await deploy(inProcess(scratch), {
    topology: 'mesh',
    resources: [
      resource('Domain', 'house', {}),
      resource('Agent', 'alice', { operations: [{ name: 'noop', effect: 'read' }] }, 'house'),
      resource('Agent', 'echo', { operations: [{ name: 'echo', effect: 'read' }] }, 'house'),
      resource('Route', 'mesh', { to: { kind: 'agent', name: 'echo' }, via: 'mesh' }),
      bundle(GOOD),
    ],
    target: {
      name: 'echo',
      domain: 'house',
      instances: [{ name: 'a', url: `http://127.0.0.1:${(agent.address() as AddressInfo).port}` }],
    },
    callers: [{ name: 'alice', domain: 'house' }],
  });
  admin = new Admin({ url: deployed.root.url, key: deployed.adminKey, origin: 'the test' });
  await until(async () => (await call()).status === 200);
});

after(async () => {
  await deployed?.stop();
  agent.closeAllConnections();
  agent.close();
  rmSync(scratch, { recursive: true, force: true });
});

const until = async (enough: () => Promise<boolean>): Promise<void> => {
  for (const endMs = performance.now() + 20_000; !(await enough()); ) {
    if (performance.now() > endMs) throw new Error('it did not happen in 20 s');
    await new Promise((next) => setTimeout(next, 5));
  }
};

const call = async (): Promise<Response> => {
  const { url, key } = deployed.access.get('alice')!;
  const response = await fetch(`${url}/v1/agents/echo/echo`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
  });
  await response.arrayBuffer();
  return response;
};

const stage = async (text: string): Promise<string> => {
  const body = { resources: [bundle(text)], reason: 'a test' };
  const { release } = await admin.post<ReleaseOutcome>('/v1/policy/releases', body);
  return release.id.replace('sha256:', '');
};

const step = async (id: string, name: string, body: object = {}): Promise<ReleaseOutcome> => {
  const outcome = await admin.post<ReleaseOutcome>(`/v1/policy/releases/${id}:${name}`, body);
  const { missing } = await acknowledged(admin, outcome.snapshotSeq);
  assert.deepEqual(missing, []);
  return outcome;
};

const stateOf = async (id: string): Promise<ReleaseDetail> => admin.get(`/v1/policy/releases/${id}`);

/** Arms by the trace, as all nodes saw them. */
const armsIn = (events: readonly CallEvent[]): ReadonlyMap<string, ReadonlySet<unknown>> => {
  const arms = new Map<string, Set<unknown>>();
  for (const { trace, steps } of events) {
    for (const { name, attributes } of steps) {
      if (name !== 'decide' || attributes['arm'] === undefined) continue;
      arms.set(trace, (arms.get(trace) ?? new Set()).add(attributes['arm']));
    }
  }
  return arms;
};

test('a broken rule at 5 % halts by itself, is gone from hub and sidecars, and only its own call trees ever saw it', async (t) => {
  const id = await stage(BROKEN);
  const startMs = performance.now();
  const { snapshotSeq: trial } = await step(id, 'activate', { percent: 5 });
  const acknowledgedMs = performance.now() - startMs;
  let calls = 0;
  let denied = 0;
  await until(async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, call));
    calls += answers.length;
    denied += answers.filter(({ status }) => status === 403).length;
    return (await stateOf(id)).state === 'halted';
  });
  const haltedMs = performance.now() - startMs;
  // What halted is written down before the snapshot without it goes out.
  const present = async () => (await admin.get<{ snapshotSeq: number }>('/v1/status')).snapshotSeq;
  await until(async () => (await present()) > trial);
  assert.deepEqual((await acknowledged(admin, await present())).missing, []);
  const backMs = performance.now() - startMs;
  const last = (await stateOf(id)).log.at(-1);
  assert.match(last?.reason ?? '', /could not be evaluated/);
  assert.equal(last?.by, 'airspace');
  assert.ok(denied >= 1 && denied < calls / 2, `${denied} of ${calls} calls were denied`);
  for (let at = 0; at < 50; at++) assert.equal((await call()).status, 200);
  t.diagnostic(
    `in force on every node after ${acknowledgedMs.toFixed(0)} ms, halted after ${haltedMs.toFixed(0)} ms, ` +
      `back on every node after ${backMs.toFixed(0)} ms; ${denied} of ${calls} calls were denied`,
  );
});

test('under load no call is decided by two versions, and no call tree mixes arms', async () => {
  const id = await stage(DENYING);
  await step(id, 'activate', { percent: 30 });
  const answers: number[] = [];
  for (let at = 0; at < 12; at++)
    answers.push(...(await Promise.all(Array.from({ length: 10 }, call))).map(({ status }) => status));
  await admin.post<RollbackOutcome>('/v1/policy/releases:rollback', {});
  const seen = async (): Promise<readonly CallEvent[]> =>
    (await admin.get<{ events: CallEvent[] }>('/v1/calls', { limit: 1000 })).events.filter(({ steps }) =>
      steps.some(({ attributes }) => attributes['release'] === `sha256:${id}`),
    );
  const allowed = answers.filter((status) => status === 200).length;
  await until(async () => (await seen()).length >= answers.length + allowed);
  const events = await seen();
  for (const { trace, steps } of events) {
    const decisions = steps.filter(({ name }) => name === 'decide');
    assert.equal(decisions.length, 1);
    assert.equal(decisions[0]?.attributes['arm'], isInCanary(trace, 30) ? 'canary' : 'stable');
  }
  const mixed = [...armsIn(events).values()].filter((arms) => arms.size > 1);
  assert.deepEqual(mixed, []);
  assert.ok(answers.includes(403) && answers.includes(200));
});

test('a shadow changes no answer and is heard where it differs; a replay says the same beforehand', async () => {
  const id = await stage(DENYING);
  await step(id, 'shadow');
  const statuses = (await Promise.all(Array.from({ length: 10 }, call))).map(({ status }) => status);
  assert.deepEqual([...new Set(statuses)], [200]);
  const shadows = async (): Promise<readonly unknown[]> =>
    (await admin.get<{ events: CallEvent[] }>('/v1/calls', { limit: 1000 })).events.flatMap(({ steps }) =>
      steps.flatMap(({ attributes }) => attributes['shadow'] ?? []),
    );
  await until(async () => (await shadows()).length >= 20);
  assert.equal((await shadows())[0], 'allow->deny by org/closed');
  const report = await admin.post<ReplayReport>('/v1/policy/releases:replay', { release: id });
  assert.equal(report.unknown, 0);
  const [group] = report.groups.filter(({ flip }) => flip === 'allow->deny');
  assert.deepEqual([group?.was, group?.now, group?.agents[0]?.agent], [['org/all'], ['org/closed'], 'agent/alice']);
  await admin.post('/v1/policy/releases:rollback', {});
});

test('an activated policy is rolled back on every node within seconds', async (t) => {
  const id = await stage(DENYING);
  await step(id, 'activate', { percent: 100 });
  assert.equal((await call()).status, 403);
  const startMs = performance.now();
  const { snapshotSeq } = await admin.post<RollbackOutcome>('/v1/policy/releases:rollback', {
    reason: 'echo is needed',
  });
  const { nodes, missing } = await acknowledged(admin, snapshotSeq);
  const tookMs = performance.now() - startMs;
  assert.deepEqual(missing, []);
  assert.equal((await call()).status, 200);
  assert.ok(tookMs < 5_000);
  t.diagnostic(`the last of ${nodes} nodes had it after ${tookMs.toFixed(0)} ms`);
});
