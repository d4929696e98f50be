/** Holds the histories of runs, what the agents did, and the money against each other. */
import { type PlanRun, RUN_ENDS, type RunEvent } from '../../../contract/index.ts';
import { Definitions, fold, reread, type State, stateOf } from '../../../plans/index.ts';
import { type Deed, OPERATIONS } from './agents.ts';
import { ACCOUNT } from './process.ts';
import type { Town } from './town.ts';

export const check = async (town: Town, runs: readonly string[]): Promise<void> => {
  const { stores, agents, fail } = town;
  for (const { call, run, step, seen } of agents.requests)
    if (!seen) fail('P1', `call ${call} of \`${step}\` reached its agent before run ${run} had said so`);
  for (const id of runs) {
    const run = await stores.plans.get('t', id);
    if (run === undefined) {
      fail('I1', `run ${id} was never begun`);
      continue;
    }
    const events = await stores.plans.events('t', id, 0, 100_000);
    checkRun(
      town,
      run,
      events,
      agents.deeds.filter((deed) => deed.run === id),
    );
  }
  const account = await stores.ledger.account('t', ACCOUNT.id);
  if (account !== undefined && account.reserved !== 0) fail('I5', `${account.reserved} are still set aside`);
};

const checkRun = ({ fail }: Town, run: PlanRun, events: readonly RunEvent[], deeds: readonly Deed[]): void => {
  const about = `run ${run.id}`;
  if (events.some(({ seq }, at) => seq !== at + 1)) fail('I9', `${about}: its history has gaps`);
  let state: State;
  try {
    state = fold(new Definitions().of(run), events, reread);
  } catch (thrown) {
    fail('I9', `${about}: ${thrown instanceof Error ? thrown.message : thrown}`);
    return;
  }
  if (stateOf(state) !== run.state)
    fail('I9', `${about} is \`${run.state}\`, and its history says \`${stateOf(state)}\``);
  if (!RUN_ENDS.includes(run.state)) {
    const open = [...state.open].map((key) => `${key} ${state.of(key).status}`).join(', ');
    fail('I10', `${about} has not ended: \`${run.state}\`, due ${run.dueMs}, ${open}`);
    return;
  }
  for (const [key, done] of byKey(deeds))
    if (done.length > 1) fail('P3', `${about}: \`${key}\` ran ${done.length} times`);
  checkBack(state, run, byKey(deeds), fail);
};

const byKey = (deeds: readonly Deed[]): ReadonlyMap<string, readonly Deed[]> => Map.groupBy(deeds, ({ step }) => step);

/** What was taken back is exactly what ran, latest first. */
const checkBack = (
  state: State,
  run: PlanRun,
  deeds: ReadonlyMap<string, readonly Deed[]>,
  fail: Town['fail'],
): void => {
  const about = `run ${run.id}, ${run.state}`;
  const hasRun = (key: string): boolean => state.of(key).ranSeq > 0;
  for (const key of deeds.keys()) {
    if (hasRun(key)) continue;
    // Once it is over, nobody knows of something that ran, unless it could be run twice.
    const deed = deeds.get(key)![0]!;
    const takesBack =
      state.definition.steps.get(key.replace(/[~]|\[.*/g, ''))?.compensate != null && !key.startsWith('~');
    if (!OPERATIONS[deed.target]!.idempotent || takesBack)
      fail('P4', `${about}: \`${key}\` ran, and its history says \`${state.of(key).status}\``);
  }
  const back = [...deeds.keys()].filter((key) => key.startsWith('~'));
  for (const key of back) if (!deeds.has(key.slice(1))) fail('P4', `${about}: \`${key}\` took back what never ran`);
  if (run.state === 'done' && back.length > 0) fail('P4', `${about}: it took something back`);
  if (run.state !== 'compensated' && run.state !== 'cancelled') return;
  if (state.definition.spec.onFailure === 'stop') return;
  const ran = [...state.instances.values()].filter(({ key, ranSeq }) => {
    return (
      ranSeq > 0 && !key.startsWith('~') && state.definition.steps.get(key.replace(/\[.*/, ''))?.compensate != null
    );
  });
  for (const { key } of ran) if (!deeds.has(`~${key}`)) fail('P4', `${about}: \`${key}\` was not taken back`);
  const expected = ran.sort((a, b) => b.ranSeq - a.ranSeq).map(({ key }) => `~${key}`);
  const order = back.sort((a, b) => deeds.get(a)![0]!.atMs - deeds.get(b)![0]!.atMs);
  if (expected.length === order.length && expected.join() !== order.join())
    fail('P4', `${about}: taken back as ${order.join(', ')} instead of ${expected.join(', ')}`);
};
