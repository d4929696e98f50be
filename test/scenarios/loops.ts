/** Agents that call each other for ever, an agent whose address is the hub, and a tree that explodes: each must end by itself. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentResource, type Fleet, resource, type Shape, startFleet } from './fleet.ts';
import { callOn, MANNERS, type Manner, type Order, type Outcome } from './relay.ts';
import type { ScenarioOptions, Verdict } from './scenario.ts';

const RING: Order['next'] = { a: 'b', b: 'a' };
const RING_OF_THREE: Order['next'] = { a: 'b', b: 'c', c: 'a' };
const TREE: Order['next'] = { a: 'b', b: 'c', c: 'd' };
const CALLS = 200;

/** A promise, and what was seen of it. */
interface Finding {
  readonly promise: string;
  readonly holds: boolean;
  readonly seen: string;
}

/** What `--plant 'wide limits'` allows. */
const WIDE = resource('TreeLimits', 'org', { level: 'org', depth: 15, calls: 100_000, fanOut: 10_000, pingPong: 15 });

export const run = async ({ plant, say }: ScenarioOptions): Promise<Verdict> => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-loops-'));
  const findings: Finding[] = [];
  try {
    for (const shape of ['hub', 'mesh', 'hierarchy'] as const) {
      const found = await played(dir, shape, plant);
      for (const { promise, seen } of found) say(`${promise}\n         ${seen}`);
      findings.push(...found);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  const broken = findings.filter(({ holds }) => !holds);
  return {
    holds: broken.length === 0,
    text: `${findings.length - broken.length} of ${findings.length} runaways ended where they should, in hub, mesh and hierarchy`,
    findings: broken.map(({ promise, seen }) => `${promise}: ${seen}`),
  };
};

const played = async (dir: string, shape: Shape, plant: string | undefined): Promise<readonly Finding[]> => {
  const resources = plant === 'wide limits' ? [WIDE] : [];
  const fleet = await startFleet({ dir, shape, agents: ['a', 'b', 'c', 'd'], resources });
  try {
    const findings: Finding[] = [];
    for (const manner of MANNERS) findings.push(...(await rings(fleet, shape, manner)));
    if (shape === 'hub') {
      for (const manner of MANNERS) findings.push(await explosion(fleet, manner));
      findings.push(await ownAddress(fleet));
    }
    if (shape === 'mesh') findings.push(await explosionApart(fleet));
    return findings;
  } finally {
    await fleet.stop();
  }
};

const rings = async (fleet: Fleet, shape: Shape, manner: Manner): Promise<readonly Finding[]> => {
  const told = `${shape}, ${manner}`;
  return [
    await ring(
      fleet,
      { manner, next: RING },
      'TREE_CYCLE',
      `${told}: two agents that ask each other the same are stopped`,
    ),
    await ring(
      fleet,
      { manner, next: RING, vary: true },
      'TREE_PING_PONG',
      `${told}: two agents that ask each other something new each time are stopped`,
    ),
    await ring(
      fleet,
      { manner, next: RING_OF_THREE, vary: true },
      'TREE_DEPTH',
      `${told}: a ring of three is stopped by its depth`,
    ),
  ];
};

/** Stopped by one refusal, after a handful of executions. */
const ring = async (fleet: Fleet, order: Order, code: string, promise: string): Promise<Finding> => {
  fleet.fresh();
  const { status } = await callOn(fleet.ann, 'a', order);
  const { ran, refusals } = fleet.ledger;
  const [refusal] = refusals;
  const holds =
    status === 200 && refusals.length === 1 && refusal?.status === 508 && refusal.code === code && ran.length <= 9;
  return { promise, holds, seen: `${ran.length} ran; ${told(refusal)}` };
};

const explosion = async (fleet: Fleet, manner: Manner): Promise<Finding> => {
  fleet.fresh();
  await callOn(fleet.ann, 'a', { manner, next: TREE, times: 10, vary: true });
  const { ran, refusals } = fleet.ledger;
  const refusal = refusals.find(({ code }) => code === 'TREE_CALLS');
  return {
    promise: `hub, ${manner}: ten by ten by ten calls stop at ${CALLS}`,
    holds: ran.length === CALLS && refusal?.status === 508,
    seen: `${ran.length} ran, ${refusals.length} refused; ${told(refusal)}`,
  };
};

/** No sidecar sees the whole tree; each stops its own agent. */
const explosionApart = async (fleet: Fleet): Promise<Finding> => {
  fleet.fresh();
  await callOn(fleet.ann, 'a', { manner: 'token', next: TREE, times: 10, vary: true });
  const { ran, refusals } = fleet.ledger;
  const refusal = refusals.find(({ code }) => code === 'TREE_CALLS');
  return {
    promise: `mesh: ten by ten by ten calls stop where one agent has seen ${CALLS}`,
    holds: ran.length < 3 * CALLS && refusal?.status === 508,
    seen: `${ran.length} ran, ${refusals.length} refused; ${told(refusal)}`,
  };
};

const ownAddress = async (fleet: Fleet): Promise<Finding> => {
  await fleet.apply([agentResource('mirror', `${fleet.ann.url}/v1/agents/mirror`)]);
  const refusal = await callOn(fleet.ann, 'mirror', { next: {} });
  return {
    promise: 'an agent whose address is the hub itself is called once',
    holds: refusal.status === 508 && refusal.code === 'OWN_ADDRESS',
    seen: told(refusal),
  };
};

const told = (refusal: Outcome | undefined): string =>
  refusal === undefined ? 'nothing was refused' : `${refusal.status} ${refusal.code}: ${refusal.chain.join(' -> ')}`;
