/** The desk in three domains: its book, the plans of the reference tasks, and a few of them with a kill in each. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openDesk } from './desk.ts';
import { Book } from './plans/book.ts';
import { DOMAINS, operationsOf } from './plans/domains.ts';
import { runPlans, taskLine } from './plans/run.ts';
import { planOf, readTasks } from './plans/tasks.ts';
import { sampleDatabase } from './sample.ts';
import { toolNames } from './tools.ts';

const root = process.env['AIRSPACE_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
const data = process.env['AIRSPACE_AIRLINE_DATA'] ?? join(root, 'tau-airline');
const scratchOf = (): string => mkdtempSync(join(tmpdir(), 'airspace-airline-plans-'));

const line = (call: string, tool: string, args: object, domain = 'payments') => ({
  ...{ domain, session: 'one', call, key: `run/${call}`, tool, args: JSON.stringify(args) },
});

test('the parts of the desk see what the others changed, also after they died', () => {
  const dir = scratchOf();
  const file = join(dir, 'book.db');
  const [first, second, later] = [1, 2, 3].map(() => new Book(file, sampleDatabase)) as [Book, Book, Book];
  try {
    first.execute(line('c1', 'cancel_reservation', { reservation_id: 'KEPT01' }));
    const seen = second.execute(line('c2', 'get_reservation_details', { reservation_id: 'KEPT01' }, 'bookings'));
    const direct = openDesk(sampleDatabase);
    direct.call('cancel_reservation', { reservation_id: 'KEPT01' });
    assert.equal(seen, direct.call('get_reservation_details', { reservation_id: 'KEPT01' }));
    assert.equal(
      first.deskOf('another').call('get_reservation_details', { reservation_id: 'KEPT01' }).includes('cancelled'),
      false,
    );
    assert.deepEqual(
      later.lines('one').map(({ domain, call }) => [domain, call]),
      [
        ['payments', 'c1'],
        ['bookings', 'c2'],
      ],
    );
  } finally {
    for (const book of [first, second, later]) book.close();
    rmSync(dir, { recursive: true, force: true });
  }
});

test('what was said never to have run does not run later, and the book is only added to', () => {
  const dir = scratchOf();
  const file = join(dir, 'book.db');
  const book = new Book(file, sampleDatabase);
  try {
    assert.equal(book.ran('c1'), false);
    assert.equal(book.execute(line('c1', 'cancel_reservation', { reservation_id: 'KEPT01' })), undefined);
    book.execute(line('c2', 'cancel_reservation', { reservation_id: 'KEPT01' }));
    assert.deepEqual([book.ran('c2'), book.lines('one').length], [true, 1]);
    const other = new DatabaseSync(file);
    assert.throws(() => other.exec('delete from line'), /only added to/);
    assert.throws(() => other.exec("update line set reply = ''"), /only added to/);
    other.close();
  } finally {
    book.close();
    rmSync(dir, { recursive: true, force: true });
  }
});

test('every tool is in one domain, and what changes something can be asked about', () => {
  const all = DOMAINS.flatMap((domain) => operationsOf(domain)) as {
    name: string;
    effect: string;
    reconcile?: unknown;
  }[];
  assert.deepEqual(
    all
      .map(({ name }) => name)
      .filter((name) => name !== 'ran')
      .sort(),
    [...toolNames].sort(),
  );
  for (const { name, effect, reconcile } of all) assert.equal(reconcile !== undefined, effect !== 'read', name);
});

test('a plan of a task reads side by side, writes in order, and takes from answers what they say', () => {
  const kept = { reservation_id: 'KEPT01' };
  const plan = planOf(
    {
      number: 1,
      actions: [
        { tool: 'get_reservation_details', args: kept },
        { tool: 'get_user_details', args: { user_id: 'tove_brandt_1' } },
        { tool: 'cancel_reservation', args: kept },
        { tool: 'send_certificate', args: { user_id: 'tove_brandt_1', amount: 50 } },
      ],
    },
    sampleDatabase,
  ) as { spec: { steps: { id: string; call: string; needs: readonly string[]; input: object }[] } };
  assert.deepEqual(
    plan.spec.steps.map(({ call, needs, input }) => [call, needs, input]),
    [
      ['agent/bookings/get_reservation_details', [], kept],
      ['agent/customers/get_user_details', [], { user_id: '${ steps.s0_get_reservation_details.result["user_id"] }' }],
      [
        'agent/payments/cancel_reservation',
        ['s0_get_reservation_details', 's1_get_user_details'],
        { reservation_id: '${ steps.s0_get_reservation_details.result["reservation_id"] }' },
      ],
      [
        'agent/customers/send_certificate',
        ['s2_cancel_reservation'],
        { user_id: '${ steps.s0_get_reservation_details.result["user_id"] }', amount: 50 },
      ],
    ],
  );
});

const missing = existsSync(join(data, 'tasks.json'))
  ? undefined
  : `NOT RUN: there is no airline data in ${data}; name its folder in AIRSPACE_AIRLINE_DATA`;

test(
  'reference tasks end as direct calls would, with a process killed in each',
  missing === undefined ? {} : { skip: missing },
  async (context) => {
    const scratch = scratchOf();
    const seed = Math.floor(Math.random() * 100_000);
    context.diagnostic(`seed ${seed}`);
    try {
      const tasks = readTasks(data).filter(({ number }) => [4, 28].includes(number));
      const each = (run: Parameters<typeof taskLine>[0]): void => context.diagnostic(taskLine(run));
      const runs = await runPlans({ data, scratch, tasks, seed, each });
      assert.deepEqual(
        runs.map(({ problems }) => problems),
        [[], []],
      );
    } finally {
      rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
    }
  },
);
