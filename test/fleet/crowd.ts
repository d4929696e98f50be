/** A process full of nodes and agents that nobody has a machine for: told what to be by its parent, and asked what it has seen. */
import { randomBytes } from 'node:crypto';
import { request } from 'undici';
import type { CallEvent } from '../../src/contract/index.ts';
import { systemWorld } from '../../src/kernel/index.ts';
import { type Counters, Opened, SimNode } from './simnode.ts';

export interface CrowdOrder {
  readonly hubUrl: string;
  readonly nodes: readonly { readonly name: string; readonly token: string; readonly url: string }[];
  readonly direct: readonly { readonly name: string; readonly key: string; readonly url: string }[];
  /** Between two restarts of a node, and between two agents that leave and come back; 0: nobody does. */
  readonly churnMs: number;
}

export type CrowdSaid = { readonly ready: true } | { readonly counters: Counters };

const world = systemWorld();
const counters: Counters = { bytes: 0, documents: 0, refused: 0, problems: 0 };
// The clock of a world never keeps a process alive, and this one lives until it is told otherwise.
const alive = setInterval(() => {}, 60_000);
const after = (ms: number, run: () => void): void => void world.clock.after(ms, run);

/** An agent without a sidecar: says that it is there as often as it is told to. */
class Direct {
  readonly #url: string;
  readonly #agent: CrowdOrder['direct'][number];
  #away = false;

  constructor(url: string, agent: CrowdOrder['direct'][number]) {
    this.#url = url;
    this.#agent = agent;
  }

  announce(): void {
    const { name, url } = this.#agent;
    const body = { id: '1', kind: 'agent', name, url, version: '1', labels: {}, state: 'ready' };
    void this.#ask('/v1/instances', 'POST', body)
      .then((reply) => (reply as { heartbeatMs: number }).heartbeatMs, failed)
      .then((ms) => after(ms, () => (this.#away ? this.#comeBack() : this.announce())));
  }

  /** Withdraws its instance, and stays away until its next word is due. */
  leave(): void {
    this.#away = true;
    void this.#ask(`/v1/instances/1`, 'DELETE').catch(failed);
  }

  #comeBack(): void {
    this.#away = false;
    this.announce();
  }

  async #ask(path: string, method: 'POST' | 'DELETE', body?: unknown): Promise<unknown> {
    const reply = await request(`${this.#url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#agent.key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await reply.body.text();
    if (reply.statusCode >= 300) throw new Error(`${path} answered ${reply.statusCode}: ${text}`);
    return text === '' ? {} : JSON.parse(text);
  }
}

const failed = (): number => {
  counters.problems += 1;
  return 1_000;
};

const begin = async ({ hubUrl, nodes, direct, churnMs }: CrowdOrder): Promise<void> => {
  const opened = new Opened();
  const sims = nodes.map((node) => new SimNode({ ...node, world, hubUrl, opened, counters }));
  for (const sim of sims) await sim.join();
  for (const [at, sim] of sims.entries()) after(at * 5, () => sim.start());
  const agents = direct.map((agent) => new Direct(hubUrl, agent));
  // Over two seconds, as agents that were started by many hands.
  for (const [at, agent] of agents.entries()) after((2_000 * at) / agents.length, () => agent.announce());
  say({ ready: true });
  if (churnMs > 0) churn(sims, agents, churnMs);
};

const churn = (sims: readonly SimNode[], agents: readonly Direct[], everyMs: number): void => {
  let turn = 0;
  const next = (): void => {
    turn += 1;
    const sim = sims[turn % sims.length];
    if (sim !== undefined) void sim.stop().then(() => after(200, () => sim.start()));
    agents[(turn * 7) % agents.length]?.leave();
    void sims[(turn + 1) % sims.length]?.upload(finished(turn)).catch(failed);
    after(everyMs, next);
  };
  after(everyMs, next);
};

const finished = (turn: number): CallEvent => ({
  ...{ callId: randomBytes(16).toString('hex'), trace: randomBytes(16).toString('hex') },
  ...{ span: randomBytes(8).toString('hex'), tenant: 'default', principal: null, node: '', role: 'sidecar-out' },
  target: { kind: 'agent', name: 'pool', operation: 'ask' },
  lineage: { root: randomBytes(16).toString('hex'), depth: 0 },
  ...{ startedAtMs: Date.now(), durationMs: 1, status: 'ok', code: '', httpStatus: 200 },
  ...{ requestBytes: turn % 100, replyBytes: 0, snapshotSeq: 1, attributes: {}, steps: [] },
});

const say = (said: CrowdSaid): void => void process.send?.(said);

process.on('message', (order: CrowdOrder | { readonly ask: 'counters' }) => {
  if ('ask' in order) say({ counters });
  else
    void begin(order).catch((thrown) => {
      console.error(thrown);
      process.exit(1);
    });
});
process.on('disconnect', () => {
  clearInterval(alive);
  process.exit(0);
});
