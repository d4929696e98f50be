import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openDesk } from './desk.ts';
import { sampleDatabase, sampleTables } from './sample.ts';

const script = fileURLToPath(new URL('eval.ts', import.meta.url));
const root = process.env['AIRSPACE_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
const recorded = join(root, 'tau-airline');

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const evaluate = (...args: readonly string[]): Promise<Run> =>
  new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });

type Asked = readonly (readonly [string, Readonly<Record<string, unknown>>])[];

const user = { user_id: 'tove_brandt_1' };
const kept = { reservation_id: 'KEPT01' };
/** Each has an answer that depends on what came before it: a lost, doubled or reordered call would show. */
const asked: readonly Asked[] = [
  [
    ['get_user_details', user],
    ['send_certificate', { ...user, amount: 50 }],
    ['send_certificate', { ...user, amount: 50 }],
    ['get_user_details', user],
  ],
  [
    ['get_reservation_details', kept],
    ['cancel_reservation', kept],
    ['get_reservation_details', kept],
  ],
  [
    ['calculate', { expression: '2 + 3' }],
    ['get_user_details', { user_id: 'nobody' }],
    ['think', { thought: 'Århus' }],
  ],
];

const line = (conversation: Asked, task: number, replyOf: (reply: string) => string): string => {
  const desk = openDesk(sampleDatabase);
  const messages = conversation.flatMap(([name, args]) => [
    { role: 'assistant', tool_calls: [{ id: 'again', function: { name, arguments: JSON.stringify(args) } }] },
    { role: 'tool', tool_call_id: 'again', content: replyOf(desk.call(name, args)) },
  ]);
  return JSON.stringify({ task_id: task, trial: 0, reward: 1, messages });
};

const write = (dir: string, replyOf: (reply: string) => string): void => {
  for (const [name, table] of Object.entries(sampleTables))
    writeFileSync(join(dir, `${name}.json`), JSON.stringify(table));
  const lines = asked.map((conversation, task) => line(conversation, task, replyOf));
  writeFileSync(join(dir, 'trajectories.jsonl'), `${lines.join('\n')}\n`);
};

let dir: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'airline-eval-'));
});
after(() => rm(dir, { recursive: true }));

test('three conversations through a hub of real processes come back as they went', async () => {
  write(dir, (reply) => reply);
  const { code, stdout, stderr } = await evaluate('--data', dir, '--topology', 'hub');
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /^hub {8}10 of 10 calls identical, 0 lost, 0 doubled, 10 traced {3}\d+\.\d s$/m);
  assert.match(stdout, /^recordings 10 replies as recorded, 0 with a renamed field .*, 0 different$/m);
  assert.match(stdout, /^cancel_reservation +irreversible +1 +1 +1 +0 +0$/m);
  assert.match(stdout, /^total +10 +10 +10 +0 +0$/m);
});

test('under the written policy the same conversations are stopped by the rules that they break', async () => {
  write(dir, (reply) => reply);
  const tasks = [{ actions: [{ name: 'cancel_reservation', kwargs: kept }] }, { actions: [] }];
  writeFileSync(join(dir, 'tasks.json'), JSON.stringify(tasks));
  const { code, stdout, stderr } = await evaluate('--data', dir, '--policies');
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /^recorded conversations under the written policy: 3 of 3 calls that change something stopped/m);
  assert.match(stdout, /^ {2}of 3 recorded successes \(reward 1\) 2 contain a stopped call$/m);
  // The invented user has no membership, so nobody can say what she is entitled to.
  assert.match(stdout, /^FACT_UNAVAILABLE compensation +2 +0 +2 +0$/m);
  assert.match(stdout, /^service\/cancel-03-economy-needs-insurance +1 +0 +1 +0$/m);
  assert.match(stdout, /^reference actions, .*: 0 of 1 passed; 1 of 1 tasks that have any contain a stopped one$/m);
});

test('a desk that replies other than recorded is told call by call, and fails the evaluation', async () => {
  write(dir, (reply) => reply.replace('5.0', '6.0'));
  const { code, stdout, stderr } = await evaluate('--data', dir, '--topology', 'hub', '--json');
  const kept = /kept in (\S+)/.exec(stderr)?.[1];
  assert.ok(kept !== undefined && existsSync(join(kept, 'hub.jsonl')), stderr);
  await rm(kept, { recursive: true });
  assert.equal(code, 1);
  const found = JSON.parse(stdout) as { holds: boolean; differences: string[]; topologies: { identical: number }[] };
  assert.equal(found.holds, false);
  assert.deepEqual(found.differences, [
    'task-2-trial-0 calculate {"expression":"2 + 3"}: reply: recorded "6.0", now "5.0"',
  ]);
  assert.equal(found.topologies[0]?.identical, 10);
});

const misuses: readonly (readonly [string, readonly string[], RegExp])[] = [
  ['no folder', [], /`--data` must name the folder/],
  ['a folder without the data', ['--data', '/nowhere'], /`\/nowhere` has no flights\.json, users\.json/],
  [
    'an unknown topology',
    ['--data', '.', '--topology', 'ring'],
    /`ring` is not a topology; say hub, mesh or hierarchy/,
  ],
  ['no number of sessions', ['--data', '.', '--sessions', '0'], /`--sessions 0` must be a number/],
  ['an unknown option', ['--dta', '.'], /--dta/],
];

for (const [what, args, message] of misuses) {
  test(`${what} is told with exit code 2 and how to say it`, async () => {
    const { code, stderr } = await evaluate(...args);
    assert.equal(code, 2);
    assert.match(stderr, message);
    assert.match(stderr, /^usage: npm run eval:airline/m);
  });
}

test('five recorded conversations under the written policy', async (t) => {
  if (!existsSync(recorded))
    return t.skip(`no folder \`${recorded}\`: set AIRSPACE_DATA to the folder with tau-airline`);
  const { code, stdout, stderr } = await evaluate('--data', recorded, '--policies', '--sessions', '5');
  assert.equal(code, 0, stdout + stderr);
});

test('five recorded conversations through the hub', async (t) => {
  if (!existsSync(recorded))
    return t.skip(`no folder \`${recorded}\`: set AIRSPACE_DATA to the folder with tau-airline`);
  const { code, stdout, stderr } = await evaluate('--data', recorded, '--topology', 'hub', '--sessions', '5');
  assert.equal(code, 0, stdout + stderr);
});
