/** Promises about logs: the newest are there, no more than asked for, and a tenant sees its own. */
import assert from 'node:assert/strict';
import type { LogRecord } from '../../contract/index.ts';
import type { StoreCheck } from './check.ts';
import { HOSTILE } from './samples.ts';

const MANY = 1_000;

const log = (at: number, change: Partial<LogRecord> = {}): LogRecord => ({
  ...{ time: new Date(1_000_000 + at).toISOString(), level: 'info', node: 'hub-1', message: `message ${at}` },
  ...{ tenant: 'default', domain: '', agent: 'orders', trace_id: '', span_id: '', call_id: '' },
  ...change,
});

export const logChecks = (promise: StoreCheck): void => {
  promise('logs are read newest first, whole, and page by page', async (stores, again) => {
    const kept = [log(1), log(2, { status: 500, tries: ['a', 'b'] }), log(3)];
    await stores.logs.append(kept.slice(0, 2), MANY);
    await stores.logs.append([], MANY);
    await stores.logs.append(kept.slice(2), MANY);
    const { logs } = await again();
    const asked = { tenant: 'default', level: 'debug', limit: 2 } as const;
    const first = await logs.read(asked);
    assert.deepEqual(
      first.map(({ record }) => record),
      [kept[2], kept[1]],
    );
    const rest = await logs.read({ ...asked, beforeSeq: first[1]!.seq });
    assert.deepEqual(
      rest.map(({ record }) => record),
      [kept[0]],
    );
  });

  promise('logs are found by level, time, and the beginnings of ids', async ({ logs }) => {
    const call = log(2, { level: 'warn', call_id: 'ab12'.repeat(8), trace_id: 'cd34'.repeat(8) });
    await logs.append([log(1, { level: 'debug' }), call, log(3, { level: 'error' })], MANY);
    const found = async (filter: object): Promise<readonly string[]> =>
      (await logs.read({ tenant: 'default', level: 'debug', limit: 10, ...filter })).map(
        ({ record }) => record.message,
      );
    assert.deepEqual(await found({ level: 'warn' }), ['message 3', 'message 2']);
    assert.deepEqual(await found({ call: 'ab12ab' }), ['message 2']);
    assert.deepEqual(await found({ trace: 'cd34' }), ['message 2']);
    assert.deepEqual(await found({ trace: 'ab' }), []);
    assert.deepEqual(await found({ sinceMs: 1_000_002 }), ['message 3', 'message 2']);
    assert.deepEqual(await found({ untilMs: 1_000_001 }), ['message 1']);
  });

  promise('of logs the oldest go when there are too many, and those that are too old', async ({ logs }) => {
    for (let at = 1; at <= 5; at++) await logs.append([log(at)], 3);
    const left = async (): Promise<readonly string[]> =>
      (await logs.read({ tenant: 'default', level: 'debug', limit: 10 })).map(({ record }) => record.message);
    assert.deepEqual(await left(), ['message 5', 'message 4', 'message 3']);
    assert.equal(await logs.prune(1_000_005), 2);
    assert.deepEqual(await left(), ['message 5']);
  });

  promise('a tenant does not see the logs of another, and hostile strings come back unchanged', async ({ logs }) => {
    for (const text of HOSTILE) {
      const one = log(1, { tenant: text, message: text, agent: text, field: text });
      await logs.append([one], MANY);
      const found = await logs.read({ tenant: text, level: 'debug', limit: 10 });
      assert.deepEqual(
        found.map(({ record }) => record),
        [one],
      );
    }
    assert.deepEqual(await logs.read({ tenant: 'default', level: 'debug', limit: 10 }), []);
  });
};
