/** Random plans, and a world that answers in any order and any way: whatever happens, histories are legal and runs come to an end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type OperationEntry, PlanSpec, RUN_ENDS, type RunEvent, type RunFact } from '../contract/index.ts';
import { type Lookup, targetText } from './callee.ts';
import { compilePlan } from './definition.ts';
import { celOf } from './expression/index.ts';
import { apply, fold } from './fold.ts';
import type { Given } from './given.ts';
import { next, type Turn } from './next.ts';
import { reread } from './planner.ts';
import { replay } from './replay.ts';
import { State, stateOf } from './state.ts';

const OPERATIONS: Readonly<Record<string, OperationEntry>> = {
  once: { name: 'once', effect: 'write', idempotent: false },
  often: { name: 'often', effect: 'write', idempotent: true },
  back: { name: 'back', effect: 'write', idempotent: true },
};

const lookup: Lookup = (callee) => {
  const target = callee.kind === 'target' ? callee.target : { kind: 'agent' as const, name: 'a', operation: 'often' };
  const operation = OPERATIONS[target.operation] ?? OPERATIONS['often']!;
  return { target, operation, marks: [], timeoutMs: 1_000, isPlan: false };
};

const stepAt = (at: number): fc.Arbitrary<object> =>
  fc
    .record({
      kind: fc.constantFrom('call', 'call', 'call', 'wait', 'signal', 'approve'),
      operation: fc.constantFrom('once', 'often'),
      needs: fc.subarray(Array.from({ length: at }, (_, n) => `s${n}`)),
      any: fc.boolean(),
      optional: fc.boolean(),
      many: fc.integer({ min: 0, max: 3 }),
      back: fc.boolean(),
      attempts: fc.integer({ min: 1, max: 3 }),
      when: fc.boolean(),
    })
    .map(({ kind, operation, needs, any, optional, many, back, attempts, when }) => {
      const common = { id: `s${at}`, needs, optional, join: any && needs.length > 0 ? 'any' : 'all' };
      if (kind === 'wait') return { ...common, wait: { ms: 50 } };
      if (kind === 'signal') return { ...common, wait: { signal: 'go' } };
      if (kind === 'approve') return { ...common, approve: { question: 'may it?' } };
      return {
        ...{ ...common, call: `agent/a/${operation}`, attempts, backoffMs: 10 },
        input: needs.length > 0 ? { from: `\${ steps.${needs[0]}.state }` } : 1,
        ...(many > 1 ? { forEach: `[${Array.from({ length: many }, (_, n) => n).join()}]`, parallel: 2 } : {}),
        ...(back ? { compensate: { call: 'agent/a/back', attempts: 2, backoffMs: 10 } } : {}),
        ...(when && needs.length > 0 ? { when: `steps.${needs[0]}.state == 'ok'` } : {}),
      };
    });

const plans = fc
  .integer({ min: 1, max: 5 })
  .chain((many) => fc.tuple(...Array.from({ length: many }, (_, at) => stepAt(at))))
  .chain((steps) =>
    fc.record({
      steps: fc.constant(steps),
      onFailure: fc.constantFrom('compensate', 'stop'),
      parallel: fc.integer({ min: 1, max: 4 }),
    }),
  )
  .map((plan) => PlanSpec.parse({ ...plan, output: '${ run.id }' }));

/** One number after the other says what the world does; when they are used up, all goes well. */
const chances = fc.array(fc.nat(99), { maxLength: 60 });

const HEAD = { id: 'r', startedAtMs: 0, deadlineAtMs: 1_000_000, taint: [] };

interface Told {
  readonly state: State;
  readonly events: readonly RunEvent[];
  /** What was done to the world, by step. */
  readonly deeds: ReadonlyMap<string, number>;
}

class Story {
  readonly events: RunEvent[] = [];
  readonly deeds = new Map<string, number>();
  readonly state: State;
  readonly #chances: number[];
  #nowMs = 0;
  #calls = 0;
  #hasWished = false;

  constructor(spec: PlanSpec, chances: readonly number[]) {
    this.state = new State(compilePlan('p', spec, lookup));
    this.#chances = [...chances];
  }

  tell(): Told {
    this.#add({ kind: 'started' });
    for (let round = 0; round < 2_000 && this.state.whole.finished === null; round += 1) {
      const turn = next(this.state, this.#given());
      for (const fact of turn.facts) this.#add(fact);
      if (turn.facts.length > 0) continue;
      for (const { key, target, payload: _, isPlan: __, ...send } of turn.sends) {
        this.#calls += 1;
        this.#add({
          kind: 'intent',
          step: key,
          call: `c${this.#calls}`,
          target: targetText(target),
          ...send,
        } as RunFact);
      }
      if (!this.#happens()) this.#wait(turn);
    }
    return { state: this.state, events: this.events, deeds: this.deeds };
  }

  #given(): Given {
    const live = new Set([...this.state.open].map((key) => this.state.of(key).call));
    return {
      ...{ head: HEAD, input: celOf({}), nowMs: this.#nowMs, room: 3, lookup },
      isLive: (call) => live.has(call),
      read: ({ json }) => ({ json: JSON.parse(json ?? 'null'), cel: celOf(JSON.parse(json ?? 'null')) }),
      propose: () => ({ problem: 'nobody plans here' }),
    };
  }

  #add(fact: RunFact): void {
    const event = { ...fact, seq: this.state.whole.seq + 1, atMs: this.#nowMs } as RunEvent;
    apply(this.state, event, reread);
    this.events.push(event);
  }

  /** One thing of all that may happen now. False: nothing can. */
  #happens(): boolean {
    const chance = this.#chances.pop() ?? 99;
    if (chance < 6 && !this.#hasWished) {
      this.#hasWished = true;
      this.#add({ kind: 'wished', by: 'ann', wish: { wish: chance < 3 ? 'cancel' : 'pause' } });
      return true;
    }
    if (this.state.whole.paused) {
      this.#add({ kind: 'wished', by: 'ann', wish: { wish: 'resume' } });
      return true;
    }
    const open = [...this.state.open].filter((key) => this.state.of(key).status !== 'sleeping');
    const key = open[chance % Math.max(1, open.length)];
    if (key === undefined) return false;
    this.#moves(key, chance);
    return true;
  }

  #moves(step: string, chance: number): void {
    const { status, call } = this.state.of(step);
    const ended = { kind: 'ended', step, call, code: '', message: 'as it was', costMicros: 1, result: null } as const;
    if (status === 'intent' && chance < 10) this.#add({ kind: 'asked', step, call, approval: call });
    else if (status === 'intent' || status === 'asked') {
      if (chance >= 10 && chance < 16) this.#add({ ...ended, outcome: 'denied', executed: 'no', retryable: false });
      else this.#add({ kind: 'dispatched', step, call });
    } else if (status === 'dispatched') {
      if (chance < 15) this.#add({ ...ended, outcome: 'unknown', executed: 'unknown', retryable: true });
      else if (chance < 30) this.#add({ ...ended, outcome: 'failed', executed: 'no', retryable: true });
      else if (chance < 36) this.#add({ ...ended, outcome: 'failed', executed: 'yes', retryable: false });
      else {
        this.deeds.set(step, (this.deeds.get(step) ?? 0) + 1);
        // Its answer came too late.
        const late = { outcome: 'failed', code: 'timeout', executed: 'yes', retryable: false } as const;
        this.#add({ ...ended, ...(chance < 42 ? late : { outcome: 'ok', executed: 'yes', retryable: false }) });
      }
    } else if (status === 'unknown') this.#resolves(step, chance);
  }

  #resolves(step: string, chance: number): void {
    const { call, inDoubt, lost } = this.state.of(step);
    const about = inDoubt ? lost[0]! : call;
    const verdict = chance % 2 === 0 ? 'executed' : 'not_executed';
    if (verdict === 'executed') this.deeds.set(step, (this.deeds.get(step) ?? 0) + 1);
    this.#add({ kind: 'resolved', step, call: about, verdict, result: null });
  }

  #wait({ dueMs }: Turn): void {
    this.#nowMs = Math.max(this.#nowMs + 1, Math.min(dueMs ?? Number.POSITIVE_INFINITY, this.#nowMs + 100));
    if (this.state.whole.signals.length === 0)
      this.#add({ kind: 'wished', by: 'ann', wish: { wish: 'signal', name: 'go', body: '1' } });
  }
}

test('whatever the world does, a run comes to an end that its history tells again', () => {
  fc.assert(
    fc.property(plans, chances, (spec, all) => {
      const { state, events } = new Story(spec, all).tell();
      assert.ok(RUN_ENDS.includes(stateOf(state)), `${stateOf(state)} after ${events.length} events`);
      const again = fold(compilePlan('p', spec, lookup), events, reread);
      assert.deepEqual(again.whole, state.whole);
      assert.deepEqual([...again.instances], [...state.instances]);
    }),
    { numRuns: 400 },
  );
});

test('what is not declared idempotent is done once at most, and what was taken back was done', () => {
  fc.assert(
    fc.property(plans, chances, (spec, all) => {
      const { state, events, deeds } = new Story(spec, all).tell();
      const dispatched = Map.groupBy(
        events.filter(({ kind }) => kind === 'dispatched'),
        (event) => ('step' in event ? event.step! : ''),
      );
      for (const [key, times] of deeds) if (state.of(key).target === 'agent/a/once') assert.equal(times, 1, key);
      for (const key of dispatched.keys())
        if (key.startsWith('~')) assert.ok(deeds.has(key.slice(1)), `${key} took back nothing`);
      if (stateOf(state) === 'done') assert.ok(![...deeds.keys()].some((key) => key.startsWith('~')));
      if (stateOf(state) !== 'compensated') return;
      for (const { key, ranSeq } of state.instances.values())
        if (
          ranSeq > 0 &&
          !key.startsWith('~') &&
          state.definition.steps.get(key.replace(/\[.*/, ''))?.compensate != null
        )
          assert.ok(deeds.has(`~${key}`), `${key} was not taken back`);
    }),
    { numRuns: 400 },
  );
});

test('a thought that is taken back leaves nothing behind', () => {
  fc.assert(
    fc.property(plans, chances, fc.nat(), (spec, all, at) => {
      const { events } = new Story(spec, all).tell();
      const cut = at % events.length;
      const definition = compilePlan('p', spec, lookup);
      const state = fold(definition, events.slice(0, cut), reread);
      const before = snapshot(state);
      state.begin();
      for (const event of events.slice(cut)) apply(state, event, reread);
      state.rollback();
      assert.deepEqual(snapshot(state), before);
      for (const event of events.slice(cut)) apply(state, event, reread);
      assert.deepEqual(snapshot(state), snapshot(fold(definition, events, reread)));
    }),
    { numRuns: 150 },
  );
});

const snapshot = (state: State) => ({
  whole: state.whole,
  instances: [...state.instances].sort(([a], [b]) => (a < b ? -1 : 1)),
  open: [...state.open].sort(),
  fans: [...state.definition.steps.keys()].map((id) => state.fanOf(id)),
});

test('a history without an event, or with one twice, is believed by nobody', () => {
  fc.assert(
    fc.property(plans, chances, fc.nat(), fc.boolean(), (spec, all, at, isTwice) => {
      const { events } = new Story(spec, all).tell();
      const cut = at % events.length;
      if (events[cut]!.kind === 'wished') return;
      const kept = isTwice
        ? [...events.slice(0, cut + 1), ...events.slice(cut)]
        : events.filter((_, nth) => nth !== cut);
      const numbered = kept.map((event, nth) => ({ ...event, seq: nth + 1 }));
      const isIllegal = (): unknown => fold(compilePlan('p', spec, lookup), numbered, reread);
      // The newest event of a history may be missing: then it is not over yet.
      if (!isTwice && cut === events.length - 1) return;
      // Who takes over intends anew; that what is unknown is unknown may be said by two.
      const { kind } = events[cut]!;
      const isUnknown = kind === 'ended' && (events[cut] as { outcome?: string }).outcome === 'unknown';
      if (isTwice && (kind === 'intent' || kind === 'resolved' || isUnknown)) return;
      // Of the others, a history could do without some: an answer that was kept for its key was never dispatched.
      if (!isTwice && !['started', 'intent'].includes(kind)) return;
      assert.throws(isIllegal, /cannot have happened/, `${events[cut]!.kind}`);
    }),
    { numRuns: 200 },
  );
});

test('a history of a plan is decided by it as it was, and by another one otherwise', () => {
  fc.assert(
    fc.property(plans, (spec) => {
      const { events } = new Story(spec, []).tell();
      const head = { ...HEAD, tenant: 't', plan: 'p', input: '{}' } as never;
      assert.equal(replay(events, compilePlan('p', spec, lookup), { head, lookup }), undefined);
      const first = events.find(({ kind }) => kind === 'intent');
      if (first?.kind !== 'intent' || first.step.includes('[')) return;
      const steps = spec.steps!.map((step) =>
        step.id === first.step && step.call !== undefined ? { ...step, input: 'another' } : step,
      );
      const other = compilePlan('p', { ...spec, steps }, lookup);
      const found = replay(events, other, { head, lookup });
      if (steps.some(({ input }) => input === 'another')) assert.equal(found?.seq, first.seq);
    }),
    { numRuns: 150 },
  );
});
