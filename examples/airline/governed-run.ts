/** The desk behind a hub that enforces the written policy: what recorded conversations and reference actions come to. Real processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type Access, type Deployed, deploy } from '../../src/cli/deploy.ts';
import { processes } from '../../src/cli/up/starter.ts';
import { type Answer, Caller, type Exchange } from './exchanges.ts';
import type { Conversation } from './recordings.ts';
import { CLERK, DESK, FACTS, governedResources } from './resources.ts';
import { type RunningDesk, spawnDesk } from './spawn.ts';

export interface GovernedRun {
  /** The recorded conversations under the rules: what is stopped is not executed, and the rest goes on. */
  readonly recorded: readonly Exchange[];
  /** The reference actions of each task, each judged after all that came before it in its task. */
  readonly reference: readonly Exchange[];
  readonly seconds: number;
}

export interface GovernedOptions {
  readonly data: string;
  readonly scratch: string;
  readonly conversations: readonly Conversation[];
}

export const runGoverned = async ({ data, scratch, conversations }: GovernedOptions): Promise<GovernedRun> => {
  const desk = await spawnDesk({ data, ledger: join(scratch, 'governed.jsonl') });
  const starter = processes(join(scratch, 'governed'));
  let facts: { stop(): Promise<void> } | undefined;
  try {
    const deployed = await deploy(starter, {
      topology: 'hub',
      resources: governedResources(),
      target: { ...DESK, instances: [{ name: 'desk-1', url: desk.url }] },
      callers: [CLERK, FACTS],
    });
    facts = await startFacts(data, deployed.access.get(FACTS.name)!);
    const { url, key } = deployed.access.get(CLERK.name)!;
    const caller = new Caller({
      urlOf: (tool) => `${url}/v1/agents/${DESK.name}/${tool}`,
      headers: { authorization: `Bearer ${key}` },
    });
    await untilFactsAreKnown(deployed);
    const startedMs = performance.now();
    const recorded = await caller.replay(conversations);
    const reference = await judgeReference(caller, desk, referenceTasks(data));
    await caller.close();
    return { recorded, reference, seconds: (performance.now() - startedMs) / 1000 };
  } finally {
    await facts?.stop();
    await starter.killAll();
    await desk.stop();
  }
};

/** A process with a key of its own, like any other agent. */
const startFacts = async (data: string, { url, key }: Access): Promise<{ stop(): Promise<void> }> => {
  const child = spawn(process.execPath, [fileURLToPath(new URL('facts.ts', import.meta.url)), '--data', data], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, AIRSPACE_URL: url, AIRSPACE_KEY: key },
  });
  const ended = once(child, 'close');
  const reap = (): void => void child.kill('SIGKILL');
  process.once('exit', reap);
  const listening = once(createInterface({ input: child.stdout! }), 'line');
  await Promise.race([
    listening,
    ended.then(() => {
      throw new Error('the agent `facts` ended before it listened');
    }),
  ]);
  return {
    stop: async () => {
      process.off('exit', reap);
      child.kill('SIGKILL'); // it holds nothing, and its hub may be gone
      await ended;
    },
  };
};

const PATIENCE_MS = 30_000;

/** Both agents are there. Asked of the registry, so that no call is made for it. */
const untilFactsAreKnown = async (deployed: Deployed): Promise<void> => {
  for (const endMs = performance.now() + PATIENCE_MS; ; await pause(50)) {
    const { items } = (await deployed.ask('/v1/instances')) as { items: { name: string; state: string }[] };
    const ready = items.filter(({ state }) => state === 'ready').map(({ name }) => name);
    if ([DESK.name, FACTS.name].every((name) => ready.includes(name))) return;
    if (performance.now() > endMs) throw new Error('the desk or its facts did not become known to the hub');
  }
};

const Tasks = z.array(
  z.object({ actions: z.array(z.object({ name: z.string(), kwargs: z.record(z.string(), z.unknown()) })) }),
);

/** The actions that the benchmark holds for right, task by task. */
const referenceTasks = (data: string): readonly Conversation[] =>
  Tasks.parse(JSON.parse(readFileSync(join(data, 'tasks.json'), 'utf8'))).map(({ actions }, task) => ({
    session: `reference-${task}`,
    task,
    trial: 0,
    reward: 1,
    calls: actions.map(({ name, kwargs }, nth) => ({
      id: String(nth),
      tool: name,
      args: kwargs,
      argsText: JSON.stringify(kwargs),
      reply: '',
    })),
  }));

/** What is stopped is done all the same, past the hub: what comes after it is judged on the database that it was meant for. */
const judgeReference = async (
  caller: Caller,
  desk: RunningDesk,
  tasks: readonly Conversation[],
): Promise<readonly Exchange[]> => {
  const aside = new Caller({ urlOf: (tool) => `${desk.url}/${tool}`, headers: {} });
  const exchanges: Exchange[] = [];
  for (const { session, calls } of tasks)
    for (const call of calls) {
      const headers = { 'airspace-session': session };
      const answer = await caller.ask(call.tool, call.argsText, headers);
      exchanges.push({ session, call, answer });
      if (isStopped(answer)) await aside.ask(call.tool, call.argsText, headers);
    }
  await aside.close();
  return exchanges;
};

/** Policy said no. */
export const isStopped = ({ status, reachedTarget }: Answer): boolean => status === 403 && !reachedTarget;
