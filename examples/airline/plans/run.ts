/** The reference tasks as plans, over real processes of which one is killed in every run: a root, three domain hubs, three parts of the desk. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fetchJson } from '../../../src/cli/deploy.ts';
import { deployTree, type Tree } from '../../../src/cli/deploy-tree.ts';
import { ScriptProcess } from '../../../src/cli/up/script.ts';
import { type ProcessNode, type ProcessStarter, processes } from '../../../src/cli/up/starter.ts';
import { createClient, Runs } from '../../../src/client/index.ts';
import { API_VERSION, type RunDetail } from '../../../src/contract/index.ts';
import { seeded } from '../../../src/kernel/index.ts';
import { type Database, loadDatabase } from '../database.ts';
import { type Desk, openDesk } from '../desk.ts';
import { sha256 } from '../ledger.ts';
import { CLERK } from '../resources.ts';
import { tools } from '../tools.ts';
import { Book, type Line } from './book.ts';
import { DOMAINS, operationsOf } from './domains.ts';
import { planName, planOf, type Task } from './tasks.ts';

export interface TaskRun {
  readonly task: number;
  readonly steps: number;
  readonly killed: string;
  /** So many of its steps were under way or over. */
  readonly afterSteps: number;
  /** It came before the run was over. */
  readonly inRun: boolean;
  readonly seconds: number;
  readonly state: string;
  /** Empty: everything holds. */
  readonly problems: readonly string[];
}

export interface PlansOptions {
  readonly data: string;
  readonly scratch: string;
  readonly tasks: readonly Task[];
  readonly seed: number;
  readonly each: (run: TaskRun) => void;
}

interface Killable {
  kill(): Promise<void>;
  startAgain(): Promise<void>;
}

interface Place extends Pick<PlansOptions, 'seed'> {
  readonly database: Database;
  readonly book: Book;
  readonly victims: readonly (readonly [string, Killable])[];
  readonly url: string;
  readonly key: string;
}

/** Less than a desk takes for a step: a kill so late after its beginning falls into the run. */
const LATEST_MS = 30;
/** What was unknown is asked after 1, 5 and 30 s; a run that needs longer hangs. */
const PATIENCE_MS = 180_000;

const AGENT = fileURLToPath(new URL('agent.ts', import.meta.url));

export const runPlans = async (options: PlansOptions): Promise<readonly TaskRun[]> => {
  const { data, scratch, tasks, seed } = options;
  const starter = processes(join(scratch, 'nodes'));
  const database = loadDatabase(data);
  const file = join(scratch, 'book.db');
  const book = new Book(file, database);
  const parts = new Map<string, ScriptProcess>();
  let tree: Tree<ProcessNode> | undefined;
  try {
    for (const domain of DOMAINS)
      parts.set(
        domain,
        await ScriptProcess.start((port) => [
          ...[AGENT, '--data', data, '--book', file],
          ...['--domain', domain, '--port', port],
        ]),
      );
    tree = await deployed(starter, parts, tasks, database);
    const place = {
      seed,
      database,
      book,
      victims: victimsOf(tree, parts),
      url: tree.roots[0]!.url,
      key: tree.callerKey,
    };
    await untilReached(place);
    const runs: TaskRun[] = [];
    for (const task of tasks) {
      const run = await through(task, place);
      runs.push(run);
      options.each(run);
    }
    return runs;
  } finally {
    tree?.quiet();
    await starter.killAll();
    for (const part of parts.values()) await part.kill();
    book.close();
  }
};

const deployed = (
  starter: ProcessStarter,
  parts: ReadonlyMap<string, ScriptProcess>,
  tasks: readonly Task[],
  database: Database,
): Promise<Tree<ProcessNode>> =>
  deployTree(starter, {
    resources: [...resources, ...tasks.map((task) => planOf(task, database))],
    members: [...parts].map(([domain, { url }]) => ({ name: domain, domain, url })),
    caller: CLERK.name,
  });

const resource = (kind: string, metadata: object, spec: object): unknown => ({
  ...{ apiVersion: API_VERSION, kind, metadata, spec },
});

const resources: readonly unknown[] = [
  resource('Domain', { name: CLERK.domain }, { description: 'where customers ask' }),
  ...DOMAINS.map((name) => resource('Domain', { name }, { delegated: true })),
  resource('Agent', CLERK, { description: 'asks on behalf of a customer', operations: [{ name: 'ask' }] }),
  ...DOMAINS.map((name) =>
    resource('Agent', { name, domain: name }, { operations: operationsOf(name), health: { path: '/healthz' } }),
  ),
  resource(
    'PolicyBundle',
    { name: 'org' },
    {
      level: 'org',
      policies: {
        text: readFileSync(new URL('plans.cedar', import.meta.url), 'utf8'),
        source: 'examples/airline/plans/plans.cedar',
      },
    },
  ),
];

const victimsOf = (
  { roots, domains }: Tree<ProcessNode>,
  parts: ReadonlyMap<string, ScriptProcess>,
): Place['victims'] => [
  ['the root hub', roots[0]!],
  ...[...domains].map(([domain, hub]) => [`the hub of ${domain}`, hub] as const),
  ...[...parts].map(([domain, part]) => [`the agent ${domain}`, part] as const),
];

const READS = { bookings: 'list_all_airports', customers: 'think', payments: 'ran' } as const;

const untilReached = async ({ url, key }: Place): Promise<void> => {
  const client = createClient({ url, key });
  for (const domain of DOMAINS)
    for (const endMs = performance.now() + 30_000; ; await pause(100)) {
      try {
        const args = domain === 'customers' ? { thought: '' } : domain === 'payments' ? { callId: 'nobody' } : {};
        await client.call(domain, READS[domain], args);
        break;
      } catch (thrown) {
        if (performance.now() > endMs) throw thrown;
      }
    }
};

const through = async (task: Task, place: Place): Promise<TaskRun> => {
  const random = seeded(place.seed * 1_000 + task.number);
  const session = planName(task);
  const startMs = performance.now();
  const { id } = (await fetchJson(`${place.url}/v1/agents/${session}/run`, {
    ...{ key: place.key, body: {} },
    headers: { prefer: 'respond-async', 'airspace-session': session, 'idempotency-key': session },
  })) as { id: string };
  const [killed, victim] = place.victims[Math.floor(random() * place.victims.length)]!;
  const afterSteps = 1 + Math.floor(random() * Math.max(1, task.actions.length));
  await begun(place, id, afterSteps);
  await pause(random() * LATEST_MS);
  const killedAtMs = Date.now();
  await victim.kill();
  await pause(random() * 200);
  await victim.startAgain();
  const { state, message, endedAtMs } = await over(place, id);
  const inRun = endedAtMs === null || endedAtMs > killedAtMs;
  const seconds = (performance.now() - startMs) / 1_000;
  const problems = [
    ...(state === 'done' ? [] : [`is ${state}: ${message}`]),
    ...(inRun ? [] : ['the kill came when it was over, and showed nothing']),
    ...differences(task, place),
  ];
  return { task: task.number, steps: task.actions.length, killed, afterSteps, inRun, seconds, state, problems };
};

/** Resolves when so many steps of it are to begin. */
const begun = async ({ url, key }: Place, id: string, count: number): Promise<void> => {
  let left = count;
  for await (const { kind } of new Runs({ url, key }).events(id)) {
    if (kind === 'intent') left -= 1;
    if (left === 0) return;
  }
};

const over = async ({ url, key }: Place, id: string): Promise<Pick<RunDetail, 'state' | 'message' | 'endedAtMs'>> => {
  const runs = new Runs({ url, key });
  let last: Pick<RunDetail, 'state' | 'message' | 'endedAtMs'> = {
    state: 'running',
    message: 'nobody answered',
    endedAtMs: null,
  };
  for (const endMs = performance.now() + PATIENCE_MS; performance.now() < endMs; await pause(50)) {
    const run = await runs.get(id).catch(() => undefined);
    if (run === undefined) continue;
    last = run;
    if (run.endedAtMs !== null) return run;
  }
  return last;
};

/** The final database against the one of direct calls, and each change once by the ledgers. */
const differences = (task: Task, { database, book }: Place): readonly string[] => {
  const lines = book.lines(planName(task));
  const direct = openDesk(database);
  for (const { tool, args } of task.actions) direct.call(tool, args);
  return [
    ...(stateOf(book.deskOf(planName(task)), database) === stateOf(direct, database)
      ? []
      : ['its database is not the one that direct calls give']),
    ...doubled(lines),
    ...missing(task, lines),
  ];
};

const isChange = ({ tool }: Pick<Line, 'tool'>): boolean => tools[tool as keyof typeof tools].effect !== 'read';

const doubled = (lines: readonly Line[]): readonly string[] =>
  [...Map.groupBy(lines.filter(isChange), ({ key }) => key)].flatMap(([key, ran]) =>
    ran.length === 1 ? [] : [`\`${key}\` ran ${ran.length} times`],
  );

const missing = ({ actions }: Task, lines: readonly Line[]): readonly string[] => {
  const [wanted, ran] = [actions.filter(isChange).length, lines.filter(isChange).length];
  return wanted === ran ? [] : [`${ran} changes were made, and ${wanted} were asked for`];
};

/** Of every user and every reservation, also of those that are new. */
const NEW = ['HATHAT', 'HATHAU', 'HATHAV'] as const;

const stateOf = (desk: Desk, { users, reservations }: Database): string =>
  sha256(
    [
      ...[...users.keys()].map((id) => desk.call('get_user_details', { user_id: id })),
      ...[...reservations.keys(), ...NEW].map((id) => desk.call('get_reservation_details', { reservation_id: id })),
    ].join('\n'),
  );

export const taskLine = ({ task, steps, killed, afterSteps, seconds, state, problems }: TaskRun): string => {
  const verdict = problems.length === 0 ? 'ok    ' : 'FAILED';
  const line = `${verdict} task ${String(task).padStart(2)}  ${String(steps).padStart(2)} steps  ${state} in ${seconds.toFixed(1)} s; ${killed} killed in step ${afterSteps}`;
  return [line, ...problems.map((problem) => `       ${problem}`)].join('\n');
};
