/** Defects to check the checker with: each is a mistake that somebody made somewhere, and each must be found. */
import type { PlanStore, RunAppend, RunFact } from '../../../contract/index.ts';
import { type Machinery, SOUND } from './machinery.ts';

export interface Plant {
  /** The promise that it breaks, as the checker names it. */
  readonly breaks: string;
  readonly machinery: Machinery;
}

/** A store of which one command does something else. */
const changed = (store: PlanStore, change: Partial<PlanStore>): PlanStore =>
  new Proxy(store, { get: (of, name) => Reflect.get(change, name) ?? Reflect.get(of, name) });

const inStore = (breaks: string, change: (store: PlanStore) => Partial<PlanStore>): Plant => ({
  breaks,
  machinery: { ...SOUND, plans: (store) => changed(store, change(store)) },
});

const appending = (breaks: string, change: (append: RunAppend) => RunAppend): Plant =>
  inStore(breaks, (store) => ({ append: (append) => store.append(change(append)) }));

export const PLANTS: Readonly<Record<string, Plant>> = {
  // Whoever writes is believed to own what he writes to.
  'plan-no-epoch': inStore('P2', (store) => ({
    append: async (append) => {
      const run = await store.get(append.tenant, append.run);
      return store.append({ ...append, epoch: run?.epoch ?? append.epoch });
    },
  })),
  'plan-intent-after-dispatch': {
    breaks: 'P1',
    machinery: {
      ...SOUND,
      begin: async (begin, send) => {
        send();
        await begin();
      },
    },
  },
  // What nobody knows is taken for what ran.
  'plan-compensates-unknown': {
    breaks: 'P4',
    machinery: {
      ...SOUND,
      end: (end) => {
        if (end.step?.outcome !== 'unknown') return end;
        const step = { ...end.step, outcome: 'ok', executed: 'yes', reply: null } as const;
        return { ...end, outcome: { state: 'done', reply: null }, amounts: {}, step };
      },
    },
  },
  // Everything may be sent twice.
  'plan-retries-what-ran': {
    breaks: 'P3',
    machinery: { ...SOUND, operation: (one) => ({ ...one, idempotent: true }) },
  },
  'plan-counts-twice': appending('I9', (append) => ({
    ...append,
    facts: append.facts.flatMap((fact): readonly RunFact[] => (fact.kind === 'expanded' ? [fact, fact] : [fact])),
  })),
  // A signal is heard only by those that are awake.
  'plan-loses-signals': inStore('I10', (store) => ({
    wish: async (tenant, run, wish, ...rest) => {
      const known = await store.get(tenant, run);
      if (wish.wish === 'signal' && known !== undefined && known.holder !== '') return known.seq;
      return store.wish(tenant, run, wish, ...rest);
    },
  })),
  // Nothing that was said of a call reaches the run that it belongs to.
  'plan-verdict-lost': {
    breaks: 'I10',
    machinery: { ...SOUND, resolve: ({ step: _, ...resolution }) => resolution },
  },
  'plan-key-for-each-attempt': {
    breaks: 'P3',
    machinery: { ...SOUND, call: (call) => ({ ...call, idempotencyKey: call.id }) },
  },
  'plan-skips-an-attempt': appending('I9', (append) => ({
    ...append,
    facts: append.facts.map((fact) => (fact.kind === 'intent' ? { ...fact, attempt: fact.attempt + 1 } : fact)),
  })),
};
