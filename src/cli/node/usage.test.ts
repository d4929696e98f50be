/** Usage as a hub answers it: rows and their total are of one moment. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_USAGE, type UsageGroup, type UsageQuery } from '../../contract/index.ts';
import { usagePort } from './usage.ts';

const group = (caller: string, calls: number): UsageGroup => ({
  ...{ ...NO_USAGE, calls, startMs: 0, caller, target: '', operation: '' },
});

/** A store in which a call comes in at every look. */
const busy = (...callers: readonly string[]) => {
  const asked: UsageQuery[] = [];
  const port = usagePort({
    world: { clock: { nowMs: () => 0, wallMs: () => 600_000, after: () => ({ cancel: () => {} }) } },
    live: { snapshot: undefined },
    observed: { flush: async () => {} },
    usage: {
      read: async (query) => {
        asked.push(query);
        const calls = asked.length;
        return query.by.length === 0
          ? [group('', calls * callers.length)]
          : callers.slice(0, query.limit).map((caller) => group(caller, calls));
      },
    },
  });
  const ask = (limit: number) => port('t', { minutes: 5, by: ['caller'], sort: 'calls', limit }, undefined);
  return { asked, ask };
};

test('where every row is shown their total is theirs, and nothing is read twice', async () => {
  const { asked, ask } = busy('agent/a', 'agent/b');
  const { items, total, isCut } = await ask(2);
  assert.deepEqual([items.map(({ calls }) => calls), total.calls, isCut, asked.length], [[1, 1], 2, false, 1]);
});

test('where there are more the total is of all of them', async () => {
  const { asked, ask } = busy('agent/a', 'agent/b', 'agent/c');
  const { items, total, isCut } = await ask(2);
  assert.deepEqual([items.length, total.calls, isCut, asked.length], [2, 6, true, 2]);
});
