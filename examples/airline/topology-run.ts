/** One topology under test: real processes, the conversations through them, and the evidence that they left behind. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Deployed, deploy, type Topology } from '../../src/cli/deploy.ts';
import { processes } from '../../src/cli/up/starter.ts';
import type { CallEvent } from '../../src/contract/index.ts';
import { Caller, type Exchange, PARALLEL, type Way } from './exchanges.ts';
import { type Findings, findingsOf } from './findings.ts';
import type { LedgerEntry } from './ledger.ts';
import type { Conversation } from './recordings.ts';
import { CLERK, DESK, NO_CONVERSATION, resourcesFor } from './resources.ts';
import { spawnDesk } from './spawn.ts';

export interface TopologyRun {
  readonly topology: Topology;
  readonly findings: Findings;
  readonly ledger: readonly LedgerEntry[];
  /** Of the replay alone; starting processes and looking at traces is not in it. */
  readonly seconds: number;
}

export interface RunOptions {
  readonly data: string;
  /** Holds data directories, ledgers and logs of everything that is started. */
  readonly scratch: string;
  readonly conversations: readonly Conversation[];
}

/** The nodes that each call passes, by what they say they are. All of them must have told the root. */
const ROLES: Readonly<Record<Topology, readonly string[]>> = {
  hub: ['hub'],
  mesh: ['sidecar-in', 'sidecar-out'],
  hierarchy: ['domain', 'hub'],
  tree: ['domain', 'hub'],
};

/** How long nodes may take to know each other, and to hand over their events. */
const PATIENCE_MS = 30_000;

/** What the desk replies when nobody is in between. */
export const runDirect = async ({ data, scratch, conversations }: RunOptions) => {
  const desk = await spawnDesk({ data, ledger: join(scratch, 'direct.jsonl') });
  const caller = new Caller({ urlOf: (tool) => `${desk.url}/${tool}`, headers: {} });
  const replayed = await timed(() => caller.replay(conversations));
  await caller.close();
  await desk.stop();
  return replayed;
};

export const runTopology = async (
  topology: Topology,
  direct: readonly Exchange[],
  { data, scratch, conversations }: RunOptions,
): Promise<TopologyRun> => {
  const desk = await spawnDesk({ data, ledger: join(scratch, `${topology}.jsonl`) });
  const starter = processes(join(scratch, topology));
  try {
    const deployed = await deploy(starter, {
      topology,
      resources: resourcesFor(topology),
      target: { ...DESK, instances: [{ name: 'desk-1', url: desk.url }] },
      callers: [CLERK],
    });
    const caller = new Caller(wayOf(deployed));
    await untilReached(caller);
    const ungoverned = await changeOutsideConversation(caller);
    const { exchanges: through, seconds } = await timed(() => caller.replay(conversations));
    await caller.close();
    const traced = await tracedCalls(deployed, through);
    // Whatever a node would still send, it sends before the ledger is read, or never.
    await starter.killAll();
    await deployed.stop();
    const ledger = desk.ledger();
    const findings = findingsOf({ through, direct, ledger, traced });
    return {
      topology,
      findings: { ...findings, problems: [...ungoverned, ...findings.problems] },
      ledger,
      seconds,
    };
  } finally {
    await starter.killAll();
    await desk.stop();
  }
};

const timed = async (replay: () => Promise<readonly Exchange[]>) => {
  const startedMs = performance.now();
  const exchanges = await replay();
  return { exchanges, seconds: (performance.now() - startedMs) / 1000 };
};

const wayOf = ({ access }: Deployed): Way => {
  const { url, key } = access.get(CLERK.name)!;
  return {
    urlOf: (tool) => `${url}/v1/agents/${DESK.name}/${tool}`,
    headers: { authorization: `Bearer ${key}` },
  };
};

/** Everybody has joined and knows of everybody. Asked with arguments that the desk itself refuses, so nothing is executed. */
const untilReached = async (caller: Caller): Promise<void> => {
  for (const endMs = performance.now() + PATIENCE_MS; ; await pause(50)) {
    const { status, body, reachedTarget } = await caller.ask('think', '{}', { 'airspace-session': 'is-anybody-there' });
    if (status === 400 && reachedTarget) return;
    if (performance.now() > endMs) throw new Error(`no call reaches the desk: ${status} ${body.toString()}`);
  }
};

/** The policy is in force: this one must be refused by its rule. That it was not executed shows in the ledger. */
const changeOutsideConversation = async (caller: Caller): Promise<readonly string[]> => {
  const { status, body } = await caller.ask('cancel_reservation', '{"reservation_id": "NOBODY"}', {});
  if (status === 403 && body.includes(NO_CONVERSATION)) return [];
  return [`a cancellation outside a conversation was not refused by ${NO_CONVERSATION}: ${status} ${body.toString()}`];
};

/** Nodes upload what they saw a little later, so it asks again until all is there or patience ends. */
const tracedCalls = async (deployed: Deployed, exchanges: readonly Exchange[]): Promise<ReadonlySet<string>> => {
  const traced = new Set<string>();
  const wanted = new Set(exchanges.map(({ answer }) => answer.callId).filter((id) => id !== ''));
  for (const endMs = performance.now() + PATIENCE_MS; performance.now() < endMs; await pause(200)) {
    const missing = wanted.difference(traced).values();
    const look = async (): Promise<void> => {
      for (const id of missing) if (isComplete(await deployed.events(id), ROLES[deployed.topology])) traced.add(id);
    };
    await Promise.all(Array.from({ length: PARALLEL }, look));
    if (traced.size === wanted.size) break;
  }
  return traced;
};

/** Each node of the way once, in one trace, and each saw a reply. */
const isComplete = (events: readonly CallEvent[], roles: readonly string[]): boolean =>
  events
    .map(({ role }) => role)
    .sort()
    .join() === roles.join() &&
  new Set(events.map(({ trace }) => trace)).size === 1 &&
  events.every(({ status }) => status === 'ok');
