/** What becomes of a call while nobody waits for it brings its run forward at once, and not when the run looks the next time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call, CallJournal, End, PlanRun, Resolution, StepEnd } from '../../contract/index.ts';
import { systemWorld } from '../../kernel/index.ts';
import { PlanRunner } from '../../plans/index.ts';
import { entryOf, heldReply, house, NEVER, recordOf, startOf } from '../../plans/runner/fixture.ts';
import { waking } from './waking.ts';

const STEP: StepEnd = {
  ...{ run: 'r', step: 'a', call: 'c', outcome: 'ok', code: '', message: '', executed: 'yes', retryable: false },
  ...{ costMicros: 0, reply: null },
};
const END: End = { tenant: 't', id: 'c', outcome: null, amounts: null, audit: [], atMs: 0 };
const RESOLUTION: Resolution = { tenant: 't', id: 'c', verdict: 'executed', reply: null, audit: [], atMs: 0 };

const journal = (isResolved = true): { readonly calls: CallJournal; readonly woken: string[] } => {
  const woken: string[] = [];
  const written = {
    ...{ end: async () => ({ settled: true, overdrawn: [] }), resolve: async () => isResolved },
  } as unknown as CallJournal;
  return { woken, calls: waking(written, (...told) => woken.push(told.join(' '))) };
};

test('the end of a step and a verdict about one are told, and nothing else is', async () => {
  const { calls, woken } = journal();
  await calls.end(END);
  await calls.resolve(RESOLUTION);
  assert.deepEqual(woken, []);
  await calls.end({ ...END, step: STEP });
  await calls.resolve({ ...RESOLUTION, step: STEP });
  assert.deepEqual(woken, ['t r c', 't r c']);
});

test('a verdict that came too late is not told', async () => {
  const { calls, woken } = journal(false);
  await calls.resolve({ ...RESOLUTION, step: STEP });
  assert.deepEqual(woken, []);
});

test('a run goes on as soon as people have answered, however seldom it looks by itself', async () => {
  const { promise: asked, resolve: ask } = Promise.withResolvers<Call>();
  const plan = { steps: [{ id: 'a', call: 'agent/a/go' }] };
  const one = house(plan, { 'agent/a/go': () => 1 }, { options: { pollMs: 3_600_000 } });
  const runner: PlanRunner = new PlanRunner({
    ...one.parts,
    handler: () => async (call) => {
      await one.stores.calls.accept({ ...recordOf(call, false, 0), state: 'accepted', detached: true });
      ask(call);
      return heldReply(call.id);
    },
  });
  runner.start();
  const run = await runner.begin(startOf('f'.repeat(32), {}), entryOf(plan));
  const { id } = await asked;
  for await (const { kind } of runner.looks.follow('t', run.id, 0, NEVER)) if (kind === 'asked') break;
  // It has nothing to do by itself for a while.
  const isIdle = ({ holder, dueMs }: PlanRun): boolean => holder === '' && (dueMs ?? 0) > systemWorld().clock.wallMs();
  while (!isIdle((await one.store.get('t', run.id))!)) await new Promise((resolve) => setImmediate(resolve));
  const calls = waking(one.stores.calls, (...ended) => runner.heard(...ended));
  const step = { tenant: 't', run: run.id, step: 'a', call: id };
  const dispatch = { id, policyVersion: '' };
  await calls.begin({ record: null, dispatch, grant: null, reservation: null, step, audit: [], atMs: 0 });
  const outcome = { state: 'done', reply: null } as const;
  await calls.end({ ...END, id, outcome, step: { ...STEP, run: run.id, call: id } });
  assert.equal((await runner.looks.finished('t', run.id, NEVER)).run.state, 'done');
  await runner.stop();
});
