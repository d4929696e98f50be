/** Plans in three domains while one process after another is killed at a random instant; then everything that was promised is checked. */
import { ChainVerifier } from '../../../src/audit/index.ts';
import type { AuditRecord, RunDetail, RunEvent } from '../../../src/contract/index.ts';
import { seeded } from '../../../src/kernel/index.ts';
import type { Finding } from '../finding.ts';
import { pause } from '../wire.ts';
import { findingsOf, givenUp, type Money, type Seen } from './findings.ts';
import { Load, type Started } from './load.ts';
import { askRoots, type Scene } from './scene.ts';
import { BUDGET } from './shapes.ts';

export interface StormOptions {
  readonly scene: Scene;
  readonly seed: number;
  readonly kills: number;
  /** Running at once. */
  readonly plans: number;
  /** No kill begins later. */
  readonly withinMs: number;
  /** For what runs then to come to its end. */
  readonly drainMs: number;
  readonly say: (line: string) => void;
}

export interface Storm {
  readonly kills: ReadonlyMap<string, number>;
  readonly runs: readonly Seen[];
  readonly executions: number;
  readonly givenUp: readonly Seen[];
  /** Steps whose outcome nobody knew at first. */
  readonly settled: number;
  readonly findings: readonly Finding[];
}

export const storm = async ({ scene, seed, kills, plans, withinMs, drainMs, say }: StormOptions): Promise<Storm> => {
  const load = new Load(scene, seeded(seed), plans);
  load.start();
  try {
    const killed = await killing(scene, seeded(seed + 1), { kills, withinMs, say, load });
    const isOver = await load.drain(drainMs);
    const few = [...killed.values()].reduce((sum, one) => sum + one, 0) < kills;
    const late: readonly Finding[] = [
      ...(few ? [{ what: 'wrong', text: `the time was over before ${kills} kills` } as const] : []),
      ...(isOver ? [] : [{ what: 'wrong', text: `${load.open} runs were not over in time` } as const]),
    ];
    const runs = await seenOf(scene, load.started);
    const executions = scene.executions();
    const findings = [
      ...late,
      ...findingsOf(runs, executions, { ...(await moneyOf(scene)), ...refusedPayments(scene, runs) }),
      ...(await auditOf(scene)),
    ];
    const settled = runs.flatMap(({ events }) =>
      events.filter((event) => event.kind === 'ended' && event.outcome === 'unknown'),
    ).length;
    return { kills: killed, runs, executions: executions.length, givenUp: givenUp(runs), settled, findings };
  } finally {
    await load.stop();
  }
};

const killing = async (
  { victims }: Scene,
  random: () => number,
  { kills, withinMs, say, load }: Pick<StormOptions, 'kills' | 'withinMs' | 'say'> & { readonly load: Load },
): Promise<ReadonlyMap<string, number>> => {
  const names = [...victims.keys()];
  const killed = new Map<string, number>();
  const startMs = performance.now();
  for (let number = 1; number <= kills && performance.now() - startMs < withinMs; number++) {
    await pause(200 + random() * 1_000);
    const name = names[Math.floor(random() * names.length)]!;
    const victim = victims.get(name)!;
    const killedMs = performance.now();
    await victim.kill();
    await pause(random() * 300);
    await victim.startAgain();
    killed.set(name, (killed.get(name) ?? 0) + 1);
    say(
      `kill ${number}: ${name}, back after ${Math.round(performance.now() - killedMs)} ms; ${load.started.length} started, ${load.open} open`,
    );
  }
  return killed;
};

const PAGE = 1_000;

const seenOf = (scene: Scene, started: readonly Started[]): Promise<readonly Seen[]> =>
  Promise.all(
    started.map(async (run) => {
      const { state, message } = await askRoots<RunDetail>(scene, `/v1/runs/${run.id}`);
      const { items } = await askRoots<{ items: readonly RunEvent[] }>(
        scene,
        `/v1/runs/${run.id}/events?limit=${PAGE}`,
      );
      return { ...run, state, message, events: items };
    }),
  );

const refusedPayments = (scene: Scene, runs: readonly Seen[]): Pick<Money, 'refused' | 'unheard'> => {
  const heard = new Set(
    runs.flatMap(({ events }) =>
      events.flatMap((event) => (event.kind === 'ended' && event.executed === 'yes' ? [event.call] : [])),
    ),
  );
  const calls = new Set(scene.refusals().flatMap(({ refused, call }) => (refused === 'pay' ? [call] : [])));
  return { refused: calls.intersection(heard).size, unheard: calls.difference(heard).size };
};

/** What domain hubs may spend by themselves is set aside for them anew all the time: it is nobody's call. */
const moneyOf = async (scene: Scene): Promise<Pick<Money, 'spent' | 'reserved'>> => {
  const { items } = await askRoots<{
    items: readonly (Pick<Money, 'spent' | 'reserved'> & { readonly who: string })[];
  }>(scene, `/v1/budgets/${BUDGET}/payers?by=principal`);
  const sum = (of: typeof items, part: 'spent' | 'reserved'): number => of.reduce((total, one) => total + one[part], 0);
  return {
    spent: sum(items, 'spent'),
    reserved: sum(
      items.filter(({ who }) => !who.startsWith('node/')),
      'reserved',
    ),
  };
};

const auditOf = async (scene: Scene): Promise<readonly Finding[]> => {
  let verifier: ChainVerifier | undefined;
  for (let from = 1; ; ) {
    const path = `/v1/audit/records?from=${from}&limit=${PAGE}`;
    const { items } = await askRoots<{ items: readonly AuditRecord[] }>(scene, path);
    for (const record of items) {
      verifier ??= new ChainVerifier(record.tenant, []);
      const finding = verifier.take(record);
      if (finding !== undefined)
        return [{ what: 'wrong', text: `the audit is broken at ${finding.seq}: ${finding.text}` }];
    }
    if (items.length < PAGE) break;
    from = items.at(-1)!.seq + 1;
  }
  return verifier === undefined ? [{ what: 'wrong', text: 'the audit is empty' }] : [];
};
