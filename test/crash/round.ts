/** One round: load, SIGKILL at some instant, a restart on the same port and data, and the audit of everything that was promised. */
import { loadavg } from 'node:os';
import type { ProcessNode } from '../../src/cli/up/starter.ts';
import { audit, type Ending } from './audit.ts';
import type { Finding } from './finding.ts';
import { Load, type Sent, send } from './load.ts';
import type { Part, Scene } from './scene.ts';
import { ask, eventually, isAcknowledged, pause } from './wire.ts';

export interface Plan {
  readonly scene: Scene;
  readonly victim: Part;
  /** Begins the names of all calls of this round. */
  readonly name: string;
  readonly random: () => number;
  /** How long it stays away. */
  readonly downMs: number;
  /** How long the load goes on after it is back. */
  readonly afterMs: number;
  /** Share of the reads that must succeed from the kill to the end of the load; 0 where the victim is on the way. */
  readonly readsWhileDown: number;
  /** From its restart until it is ready and a call succeeds. */
  readonly backWithinMs: number;
}

export interface Round {
  readonly victim: Part;
  readonly killedAfterMs: number;
  readonly readyMs: number;
  readonly backMs: number;
  /** Processes that wanted a processor in the last minute: what a restart had to share the machine with. */
  readonly machineLoad: number;
  readonly calls: number;
  readonly acknowledged: number;
  readonly changes: number;
  readonly readsWhileDown: { readonly ok: number; readonly all: number };
  /** Of the asynchronous calls that were accepted. */
  readonly endings: readonly Ending[];
  readonly findings: readonly Finding[];
}

const PER_SECOND = 45;
/** Load before the earliest kill. */
const WARM_MS = 250;
/** Beyond it a restart has failed, whatever the plan allows. */
const GIVE_UP_MS = 30_000;

export const crash = async (plan: Plan): Promise<Round> => {
  const { scene, victim, name, random } = plan;
  const node = scene.nodes.get(victim)!;
  const load = new Load({ access: scene.access, random, name, perSecond: PER_SECOND });
  const changesBefore = scene.changes.acknowledged;
  load.start();
  scene.changes.start();
  scene.orders.start();
  const startedAtMs = performance.now();
  await pause(WARM_MS + random() * 1_000);
  // Half of the kills wait for an acknowledgement: what was promised a moment too early is lost then or never.
  if (random() < 0.5) await Promise.race([new Promise<void>((now) => load.onAcknowledged(now)), pause(500)]);
  const killedAtMs = performance.now();
  await node.kill();
  await pause(plan.downMs);
  const back = await comeBack(plan, node);
  const untilMs = plan.readsWhileDown > 0 ? Number.POSITIVE_INFINITY : performance.now();
  await pause(plan.afterMs);
  await scene.changes.stop();
  await scene.orders.stop();
  const sent = await load.stop();
  const reads = sent.filter(({ style, sentAtMs }) => style === 'read' && sentAtMs >= killedAtMs && sentAtMs <= untilMs);
  const readsWhileDown = { ok: reads.filter(isOk).length, all: reads.length };
  const { findings, endings } = await audit({ sent, access: scene.access(), runs: () => scene.agent.runs() });
  return {
    victim,
    killedAfterMs: killedAtMs - startedAtMs,
    ...back,
    machineLoad: loadavg()[0]!,
    calls: sent.length,
    acknowledged: sent.filter(isOk).length,
    changes: scene.changes.acknowledged - changesBefore,
    readsWhileDown,
    endings,
    findings: [
      ...late(plan, back),
      ...starved(plan, readsWhileDown, reads),
      ...findings,
      ...(await scene.changes.findings()),
      ...(await scene.orders.findings()),
      ...scene.sequences.findings(),
    ],
  };
};

const isOk = ({ answer }: Sent): boolean => isAcknowledged(answer.status);

interface Back {
  readonly readyMs: number;
  readonly backMs: number;
}

const comeBack = async ({ scene, name }: Plan, node: ProcessNode): Promise<Back> => {
  const startMs = performance.now();
  const started = node.startAgain();
  started.catch(() => {}); // Awaited below; until then it is no surprise that nobody has looked.
  const sinceStart = (): number => performance.now() - startMs;
  // Other nodes reach a sidecar with certificates only; whoever looks after its health asks at the side of its agent.
  const health = (): string => ('appUrl' in node ? String(node.appUrl) : node.url);
  const readyMs = await eventually(
    async () => ((await ask(`${health()}/readyz`)).status === 200 ? sinceStart() : undefined),
    GIVE_UP_MS,
  );
  await started;
  const backMs = await eventually(async () => {
    const { status } = await send(scene.access(), { id: `${name}-probe`, style: 'read' });
    return isAcknowledged(status) ? sinceStart() : undefined;
  }, GIVE_UP_MS);
  return { readyMs: readyMs ?? Number.POSITIVE_INFINITY, backMs: backMs ?? Number.POSITIVE_INFINITY };
};

const late = ({ victim, backWithinMs }: Plan, { readyMs, backMs }: Back): readonly Finding[] =>
  Math.max(readyMs, backMs) <= backWithinMs
    ? []
    : [
        {
          what: 'wrong',
          text: `${victim} was ready after ${Math.round(readyMs)} ms and served after ${Math.round(backMs)} ms`,
        },
      ];

const starved = (plan: Plan, { ok, all }: Round['readsWhileDown'], reads: readonly Sent[]): readonly Finding[] => {
  if (all === 0 || ok / all >= plan.readsWhileDown) return [];
  const first = reads.find((read) => !isOk(read))!;
  return [
    {
      what: 'wrong',
      text: `only ${ok} of ${all} reads succeeded without ${plan.victim}; the first that did not: ${first.answer.status} ${first.answer.body.slice(0, 200)}`,
    },
  ];
};
