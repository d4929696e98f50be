/** The outage: load of every class, an order to stop, the cut, a kill -9 of sidecars, the way back; everything is written down with its time. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, pause } from '../crash/wire.ts';
import { CALLERS, type Caller, OPERATIONS, type Operation, type Scene } from './scene.ts';
import { headsAt, spooled } from './stores.ts';

export interface Plan {
  readonly cutMs: number;
  readonly periodMs: number;
  /** Sidecars that are killed, and when, as a share of the cut. */
  readonly kills: Readonly<Record<string, number>>;
  /** A call that was admitted runs a moment later, and the machine may be shared. */
  readonly slackMs: number;
  /** From the way back until everything is where it belongs. */
  readonly convergedMs: number;
  /** Of a sidecar, whose newest snapshot on disk is replaced by an older one before it starts again. */
  readonly rolledBack: string;
}

export interface Down {
  readonly place: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Played {
  readonly cutAtMs: number;
  readonly mendAtMs: number;
  readonly orderedAtMs: number;
  /** The sidecar of whom it stops had said before the cut that it is in force. */
  readonly isOrderHeard: boolean;
  readonly down: readonly Down[];
  /** Of the budget, at the hub, when the way was cut. */
  readonly leased: number;
  /** From the way back until documents, events and audit were where they belong; null: they were not in time. */
  readonly settledMs: number | null;
  /** The same until a call of every class of those who may call ran again. */
  readonly servingMs: number | null;
  /** Trace of one call that went through the hub and of one that went between sidecars. */
  readonly trace: string;
}

const WARM_MS = 6_000;
/** Three times what is promised: a figure says more than `too late`. */
const PATIENCE_MS = 30_000;

export const play = async (scene: Scene, plan: Plan, say: (line: string) => void): Promise<Played> => {
  const { admin } = scene;
  const rolled = scene.sidecars.get(plan.rolledBack)!;
  const kept = join(rolled.dir, 'last-snapshot.json');
  const older = join(rolled.dir, '..', 'older-snapshot.json');
  copyFileSync(kept, older);
  // A second configuration, so that there is an older one to go back to.
  const label = { apiVersion: 'airspace.dev/v1', kind: 'Team', metadata: { name: 'late' }, spec: {} };
  await admin().post('/v1/resources:apply', { resources: [label], origins: ['lab'], reason: 'something newer' });
  await everywhere(scene);

  const load = startLoad(scene, plan.periodMs);
  await pause(WARM_MS);
  const leased = await reservedOf(scene);
  const orderedAtMs = Date.now();
  await admin().post('/v1/kills', { kind: 'agent', name: 'dan', reason: 'the lab stops him' });
  const acknowledged = await eventually(() => heardBy(scene, 'sidecar-dan-'), 500);
  const cutAtMs = Date.now();
  await scene.cut();
  say(
    `the way to the hub is cut, ${cutAtMs - orderedAtMs} ms after an order to stop \`dan\`, which his sidecar has ${acknowledged === true ? '' : 'not '}confirmed`,
  );

  const down: Down[] = [];
  const killed = Object.entries(plan.kills).map(async ([place, share]) => {
    await pause(share * plan.cutMs);
    const sidecar = scene.sidecars.get(place)!;
    const fromMs = Date.now();
    await sidecar.end('SIGKILL');
    if (place === plan.rolledBack) copyFileSync(older, kept);
    await sidecar.start();
    down.push({ place, fromMs, toMs: Date.now() });
    say(
      `kill -9 of \`${place}\` ${Math.round((fromMs - cutAtMs) / 1_000)} s into the cut, back after ${Date.now() - fromMs} ms`,
    );
  });
  await Promise.all([...killed, pause(plan.cutMs)]);

  await load.stop();
  await scene.mend();
  const mendAtMs = Date.now();
  const documentsMs = await since(mendAtMs, () => documentsThere(scene));
  const settledMs = await since(mendAtMs, () => settled(scene));
  const servingMs = await since(mendAtMs, () => serving(scene));
  say(
    `the way is back: configuration and orders everywhere after ${documentsMs} ms, events and audit after ${settledMs} ms, serving every class after ${servingMs} ms`,
  );
  const trace = await bothWays(scene);
  await eventually(() => settled(scene), PATIENCE_MS);
  return {
    isOrderHeard: acknowledged === true,
    cutAtMs,
    mendAtMs,
    orderedAtMs,
    down,
    leased,
    settledMs,
    servingMs,
    trace,
  };
};

const since = async (fromMs: number, look: () => Promise<true | undefined>): Promise<number | null> =>
  (await eventually(look, PATIENCE_MS)) === undefined ? null : Date.now() - fromMs;

/** One call of each caller and class in each period, spread over it. */
const startLoad = (scene: Scene, periodMs: number): { stop(): Promise<void> } => {
  let n = 0;
  const pairs = CALLERS.flatMap((caller) => OPERATIONS.map((operation) => [caller, operation] as const));
  const timer = setInterval(() => {
    const [caller, operation] = pairs[n % pairs.length]!;
    scene.call(caller, operation, `${caller}-${operation}-${n++}`);
  }, periodMs / pairs.length);
  return {
    stop: async () => {
      clearInterval(timer);
      // What is under way is told before the longest deadline of a call.
      await eventually(
        async () => (scene.told().filter(({ id }) => !id.startsWith('warm')).length >= n ? true : undefined),
        5_000,
      );
    },
  };
};

interface NodesAnswer {
  readonly items: readonly {
    readonly node: { readonly id: string };
    readonly state: string;
    readonly snapshotSeq: number;
    readonly killsSeq: number;
  }[];
}

const everywhere = async (scene: Scene): Promise<void> => {
  const there = await eventually(() => documentsThere(scene), 20_000);
  if (there === undefined) throw new Error('the newest configuration did not reach every sidecar');
};

const documentsThere = async ({ admin, sidecars }: Scene): Promise<true | undefined> => {
  try {
    const [{ items }, kills, status] = await Promise.all([
      admin().get<NodesAnswer>('/v1/nodes'),
      admin().get<{ readonly seq: number }>('/v1/kills'),
      admin().get<{ readonly snapshotSeq: number }>('/v1/status'),
    ]);
    const isThere = items.every(
      (one) => one.state === 'alive' && one.snapshotSeq >= status.snapshotSeq && one.killsSeq >= kills.seq,
    );
    return items.length === sidecars.size && isThere ? true : undefined;
  } catch {
    return undefined;
  }
};

const heardBy = async ({ admin }: Scene, prefix: string): Promise<true | undefined> => {
  const { seq, nodes } = await admin().get<{ seq: number; nodes: readonly { id: string; seq: number }[] }>('/v1/kills');
  return nodes.some((node) => node.id.startsWith(prefix) && node.seq >= seq) ? true : undefined;
};

/** Nothing waits on any sidecar, and every record that one has is at the hub. */
const settled = async (scene: Scene): Promise<true | undefined> => {
  if ((await documentsThere(scene)) === undefined) return undefined;
  const { items } = await scene
    .admin()
    .get<{ items: readonly { node: string; tenant: string; seq: number }[] }>('/v1/audit/nodes');
  for (const { dir } of scene.sidecars.values()) {
    if (spooled(dir) > 0) return undefined;
    for (const { tenant, seq, hash } of headsAt(dir))
      if (!items.some((one) => one.tenant === tenant && one.seq === seq && (one as { hash?: string }).hash === hash))
        return undefined;
  }
  return true;
};

let probes = 0;

const serving = async (scene: Scene): Promise<true | undefined> => {
  const wanted = (['ann', 'cid'] as const).flatMap((caller) =>
    (['look', 'record', 'note', 'buy', 'pay'] as const).map(
      (operation) => [caller, operation, `probe-${caller}-${operation}-${probes++}`] as const,
    ),
  );
  for (const [caller, operation, id] of wanted) scene.call(caller, operation, id);
  const all = await eventually(async () => {
    const told = scene.told().filter((one) => wanted.some(([, , id]) => id === one.id));
    return told.length === wanted.length ? told : undefined;
  }, 6_000);
  return all?.every(({ status }) => status === 200) === true ? true : undefined;
};

/** A call through the hub and one between sidecars in one trace. */
const bothWays = async (scene: Scene): Promise<string> => {
  const trace = [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
  const traceparent = `00-${trace}-00f067aa0ba902b7-01`;
  const { secret } = await scene
    .admin()
    .post<{ secret: string }>('/v1/keys', { principal: { kind: 'agent', name: 'ann' } });
  scene.call('ann', 'look', `trace-${probes++}`, { traceparent });
  await fetch(`${scene.hubUrl}/v1/agents/ledger/look`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'text/plain', traceparent },
    body: `hub-look-${probes++}`,
  });
  await eventually(async () => {
    const { events } = await scene
      .admin()
      .get<{ events: readonly { role: string }[] }>(`/v1/traces/${trace}`)
      .catch(() => ({ events: [] }));
    const roles = new Set(events.map(({ role }) => role));
    return roles.has('hub') && roles.has('sidecar-out') ? true : undefined;
  }, 10_000);
  return trace;
};

const reservedOf = async ({ admin }: Scene): Promise<number> => {
  const { items } = await admin().get<{
    items: readonly { name: string; accounts: readonly { reserved: number }[] }[];
  }>('/v1/budgets');
  return items.find(({ name }) => name === 'bought')?.accounts[0]?.reserved ?? 0;
};

export type { Caller, Operation };
