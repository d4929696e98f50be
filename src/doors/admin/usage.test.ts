/** What the door asks of usage, and who may see which of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UsageView } from '../../contract/index.ts';
import { served } from './testing/served.ts';

type Asked = readonly { readonly usage: { readonly tenant: string; readonly asked: object } }[];

test('what is asked is handed on with the tenant of whoever asks, and what is not asked has its default', async () => {
  await using door = await served();
  await door.get('/v1/usage', 'viewer');
  await door.get(
    '/v1/usage?by=caller,time&minutes=90&sort=cost&limit=5&caller=agent/shop&target=model/big&operation=chat&until=1970-01-02T00:00:00Z',
    'viewer',
  );
  const [plain, whole] = door.asked as unknown as Asked;
  assert.deepEqual(plain!.usage, {
    tenant: 'default',
    asked: { by: ['target'], minutes: 60, sort: 'calls', limit: 100 },
  });
  assert.deepEqual(whole!.usage.asked, {
    ...{ by: ['caller', 'time'], minutes: 90, sort: 'cost', limit: 5, untilMs: 86_400_000 },
    ...{ caller: 'agent/shop', target: 'model/big', operation: 'chat' },
  });
});

test('a question that makes no sense is refused with its name', async () => {
  await using door = await served();
  for (const [query, word] of [
    ['by=color', 'by'],
    ['by=caller,caller', 'by'],
    ['minutes=0', 'minutes'],
    ['minutes=9999999', 'minutes'],
    ['sort=beauty', 'sort'],
    ['limit=1001', 'limit'],
    ['until=yesterday', 'until'],
    ['tenant=acme', 'tenant'],
  ] as const) {
    const response = await door.get(`/v1/usage?${query}`, 'viewer');
    assert.equal(response.status, 400, query);
    assert.match(((await response.json()) as { detail: string }).detail, new RegExp(word), query);
  }
});

test('whoever looks after a domain is shown calls that its agents made and calls to what is in it', async () => {
  const seen: unknown[] = [];
  const pairs = [
    ['agent/orders', 'model/big'],
    ['agent/other', 'agent/orders'],
    ['agent/other', 'model/big'],
    ['user', 'agent/orders'],
    ['user', 'unknown'],
    ['agent/', ''],
    ['other', 'other'],
  ] as const;
  await using door = await served({
    usage: async (_tenant, _asked, isTheirs) => {
      seen.push(isTheirs === undefined ? 'all' : pairs.filter(([caller, target]) => isTheirs(caller, target)));
      return { ...NOTHING, without: ['operations', 'knowledge'] };
    },
  });
  const without = async (key: string) =>
    ((await (await door.get('/v1/usage', key)).json()) as { without: readonly string[] }).without;
  assert.deepEqual(await without('viewer'), ['operations', 'knowledge']);
  assert.deepEqual(await without('steward'), ['operations']);
  assert.deepEqual(seen, ['all', [pairs[0], pairs[1], pairs[3]]]);
});

const NOTHING: UsageView = {
  ...{
    fromMs: 0,
    toMs: 1,
    step: 'minute',
    stepMs: 60_000,
    by: [],
    sort: 'calls',
    items: [],
    isCut: false,
    without: [],
  },
  total: {
    ...{ calls: 0, errors: 0, errorRatio: null, denied: 0, held: 0, attempts: 0, costMicros: 0 },
    ...{ inputTokens: 0, outputTokens: 0, tookMs: 0, waitedMs: 0, meanMs: null, p50Ms: null, p90Ms: null, p99Ms: null },
    errorsBy: { target: 0, timeout: 0, unreachable: 0, overloaded: 0, own: 0 },
  },
};
