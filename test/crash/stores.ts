/** Kills a writing process with kill -9 at a random instant, opens its data again, and looks for what was acknowledged and is gone. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import type { CallState, Stores } from '../../src/contract/index.ts';
import { isPostgres } from '../../src/stores/index.ts';
import { openStores } from './place.ts';

const CHILD = fileURLToPath(new URL('./stores-child.ts', import.meta.url));

export interface CrashRound {
  readonly acknowledged: number;
  /** Sentences about what was lost or broken; empty when all is well. */
  readonly losses: readonly string[];
}

/** `place`: a data directory or the address of a database. `firstId` keeps the ids of rounds on one place apart; `killAfter` is the number of acknowledgements before the kill. */
export const crashRound = async (place: string, firstId: number, killAfter: number): Promise<CrashRound> => {
  const said = await writeUntilKilled(place, firstId, killAfter);
  const stores = await openStores(place);
  const losses: string[] = [];
  try {
    losses.push(...(await findBrokenOrders(stores, said)));
    for (const [what, name] of said) {
      const loss = await findLoss(stores, what, name);
      if (loss !== null) losses.push(loss);
    }
    losses.push(...(await findTornCommits(stores)), ...(await findRepeats(stores, said)));
  } finally {
    await stores.close();
  }
  return { acknowledged: said.length, losses: [...losses, ...(isPostgres(place) ? [] : findDamage(place))] };
};

type Acknowledgement = readonly [what: string, name: string];

const writeUntilKilled = async (
  place: string,
  firstId: number,
  killAfter: number,
): Promise<readonly Acknowledgement[]> => {
  const child = spawn(process.execPath, [CHILD, place, String(firstId)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk) => {
    complaint += chunk;
  });
  const gone = once(child, 'exit');
  const said: Acknowledgement[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const [what = '', name] = line.split(' ');
    // A last line that was cut off in the middle never ends in a whole name; it counts as not said.
    if (name !== undefined && (name.length === 32 || what === 'revision' || what === 'number')) said.push([what, name]);
    if (said.length === killAfter) child.kill('SIGKILL');
  }
  const [, signal] = await gone;
  if (signal !== 'SIGKILL') throw new Error(`the writing process ended by itself: ${complaint}`);
  return said;
};

/** What a state may have become by the time of the kill. */
const AT_LEAST: Readonly<Record<string, readonly CallState[]>> = {
  accepted: ['accepted', 'dispatched', 'done'],
  dispatched: ['dispatched', 'done'],
  done: ['done'],
};

/** How many events a run has at least by then. */
const EVENTS: Readonly<Record<string, number>> = { started: 1, intended: 2, begun: 3, ended: 4 };

const findLoss = async (stores: Stores, what: string, name: string): Promise<string | null> => {
  if (EVENTS[what] !== undefined) return findLostEvent(stores, what, name);
  const states = AT_LEAST[what];
  if (states !== undefined) {
    const record = await stores.calls.get('default', name);
    if (record === undefined) return `call ${name} was ${what} and is gone`;
    if (!states.includes(record.state)) return `call ${name} was ${what} and is ${record.state}`;
    const bytes = new Set([...(record.request?.body ?? []), ...(record.reply?.body ?? [])]);
    return bytes.size === 1 ? null : `call ${name} came back with other bytes`;
  }
  if (what === 'traced') {
    const events = await stores.traces.trace(null, name);
    return events.length === 2 ? null : `trace ${name} has ${events.length} of its 2 events`;
  }
  if (what === 'revision') {
    const { revision } = await stores.resources.list();
    return revision >= Number(name) ? null : `revision ${name} was committed and the newest is ${revision}`;
  }
  return null;
};

/** Run, history, fence and call say the same: what is half there would differ. */
const findLostEvent = async ({ plans, calls }: Stores, what: string, name: string): Promise<string | null> => {
  const run = await plans.get('default', name);
  const events = await plans.events('default', name, 0, 99);
  if (run === undefined || events.length < EVENTS[what]!)
    return `run ${name} was ${what} and has ${events.length} events`;
  if (run.seq !== events.length || events.some(({ seq }, at) => seq !== at + 1)) return `run ${name} has a gap`;
  for (const event of events) {
    if (event.kind !== 'dispatched' && event.kind !== 'ended') continue;
    const state = (await calls.get('default', event.call))?.state;
    const isEnded = events.some((other) => other.kind === 'ended' && other.call === event.call);
    if (state !== (isEnded ? 'done' : 'dispatched')) return `run ${name} says ${event.kind}, and its call is ${state}`;
  }
  return null;
};

const findRepeats = async (stores: Stores, said: readonly Acknowledgement[]): Promise<readonly string[]> => {
  const numbers = said.flatMap(([what, name]) => (what === 'number' ? [Number(name)] : []));
  const next = await stores.nodes.next('snapshot');
  return next > Math.max(0, ...numbers) && new Set(numbers).size === numbers.length
    ? []
    : [`next() repeated itself: ${next} came after the crash`];
};

/** An order to stop is there until its lifting was asked for, and gone once that was acknowledged. */
const findBrokenOrders = async (stores: Stores, said: readonly Acknowledgement[]): Promise<readonly string[]> => {
  const inForce = new Set((await stores.kills.list(null)).map(({ id }) => id));
  const names = (word: string) => new Set(said.flatMap(([what, name]) => (what === word ? [name] : [])));
  const lifting = names('lifting');
  return [
    ...[...names('ordered')].filter((id) => !lifting.has(id) && !inForce.has(id)).map((id) => `order ${id} is gone`),
    ...[...names('lifted')].filter((id) => inForce.has(id)).map((id) => `order ${id} was lifted and is back`),
  ];
};

/** Each commit puts five users with one text: a list with two texts is half a commit. */
const findTornCommits = async (stores: Stores): Promise<readonly string[]> => {
  const { revision, resources } = await stores.resources.list();
  const history = await stores.resources.history(revision + 1);
  const texts = new Set(resources.map(({ resource }) => JSON.stringify(resource.spec)));
  return [
    ...(texts.size <= 1 ? [] : ['a commit was applied in part']),
    ...(history.length === revision ? [] : [`history has ${history.length} of ${revision} revisions`]),
  ];
};

const findDamage = (dir: string): readonly string[] =>
  ['control.db', 'telemetry.db'].flatMap((file) => {
    const db = new DatabaseSync(join(dir, file));
    const verdict = db.prepare('pragma integrity_check').get()?.['integrity_check'];
    db.close();
    return verdict === 'ok' ? [] : [`${file}: ${verdict}`];
  });
