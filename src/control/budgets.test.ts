import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { amountText, idOf, moneyOf, moneyText, resourceKey } from '../contract/index.ts';
import { checkConfiguration, checkSources } from './check.ts';
import { compile } from './compile.ts';
import { faultOf, NO_POLICY } from './fixture.ts';
import { microsUp } from './prices.ts';
import { checkShape } from './shape.ts';
import { sourcesOfText } from './source.ts';

const file = (text: string) => sourcesOfText(text, 'money.yaml');

const compiled = async (text: string) => {
  const { resources } = checkShape(file(text), 'default');
  const all = new Map(resources.map(({ resource }) => [resourceKey(idOf(resource)), resource]));
  return compile(all, async () => NO_POLICY, undefined, Date.parse('2026-06-01T00:00:00Z'));
};

const MODEL = (price: string, more = '') => `
apiVersion: airspace.dev/v1
kind: Model
metadata: {name: big}
spec:
  price: ${price}
  operations: [{name: chat, effect: spend${more}}]
`;

const BUDGET = (spec: string) => `
apiVersion: airspace.dev/v1
kind: Budget
metadata: {name: daily}
spec: ${spec}
`;

test('money is read and written exactly, and a fraction of a micro is no money', () => {
  const cases: readonly (readonly [unknown, number | undefined])[] = [
    ['20 USD', 20_000_000],
    ['$0.50', 500_000],
    ['0.000001 USD', 1],
    ['0.1', 100_000],
    [7, 7],
    ['0.0000001 USD', undefined],
    [0.5, undefined],
    [-1, undefined],
    ['-1 USD', undefined],
    ['20 EUR', undefined],
    ['1e3 USD', undefined],
    ['USD', undefined],
  ];
  for (const [text, micros] of cases) assert.equal(moneyOf(text), micros, String(text));
  assert.deepEqual(
    [moneyText(20_000_000), moneyText(12_500), moneyText(1), moneyText(0)],
    ['$20.00', '$0.0125', '$0.000001', '$0.00'],
  );
  assert.equal(amountText(3, 'calls'), '3 calls');
  fc.assert(
    fc.property(
      fc.nat({ max: 2 ** 50 }),
      (micros) => micros > 999_999_999_999_999 || moneyOf(moneyText(micros)) === micros,
    ),
  );
});

test('a decimal price becomes the next whole micro, exactly', () => {
  const cases: readonly (readonly [number, number])[] = [
    [0.15, 150_000],
    [2.5, 2_500_000],
    [0.1 + 0.2, 300_001], // what a float made of it is a little more than 0.3
    [1e-7, 1],
    [0, 0],
    [15, 15_000_000],
    [1e21, 1e27],
  ];
  for (const [usd, micros] of cases) assert.equal(microsUp(usd), micros, String(usd));
});

test('a price from the catalogue is the dearest of its tiers, and what is said beside it wins', async () => {
  const priceOf = async (price: string) => (await compiled(MODEL(price))).targets[0]?.operations[0]?.price;
  const tiered = await priceOf('{catalogue: google/gemini-2.5-pro, inputPerMTok: 7}');
  assert.deepEqual([tiered?.inputPerMTok, tiered?.outputPerMTok], [7, 15_000_000]);
  const ofTheDay = await priceOf('{catalogue: deepseek/deepseek-chat}');
  assert.ok(ofTheDay !== undefined && ofTheDay.outputPerMTok >= ofTheDay.inputPerMTok);
  const own = await priceOf('{inputPerMTok: "2.50 USD", perCall: 3}');
  assert.deepEqual(
    [own?.inputPerMTok, own?.cacheReadPerMTok, own?.outputPerMTok, own?.perCall],
    [2_500_000, 2_500_000, 0, 3],
  );
  assert.equal((await priceOf('{worstCase: "0.05 USD"}'))?.perCall, 50_000);
  const operation = await compiled(MODEL('{perCall: 3}', ', price: {perCall: 4}'));
  assert.equal(operation.targets[0]?.operations[0]?.price?.perCall, 4);
});

test('a model that the catalogue does not have is refused with the nearest name', async () => {
  const fault = await faultOf(compiled(MODEL('{catalogue: openai/gpt-4oo}')));
  assert.equal(fault.code, 'bad_request');
  assert.match(fault.message, /Model `big`: `spec.price.catalogue` names the model `gpt-4oo`.*did you mean `gpt-4o`\?/);
  assert.match((await faultOf(compiled(MODEL('{catalogue: nobody/x}')))).message, /provider `nobody`/);
});

test('a budget is compiled with its scope, its window and its limits as numbers', async () => {
  const spec =
    '{scope: organisation, per: session, class: research, unit: usd, limit: "20 USD", window: {every: day, timezone: Europe/Berlin}, soft: {at: 80, do: model big}, hard: pause}';
  assert.deepEqual((await compiled(BUDGET(spec))).budgets, [
    {
      ...{ tenant: 'default', name: 'daily', scope: { kind: 'organisation' }, per: 'session', class: 'research' },
      ...{ unit: 'micros', limit: 20_000_000, window: { every: 'day', timezone: 'Europe/Berlin' } },
      ...{ soft: { percent: 80, do: 'model', model: 'big' }, hard: 'pause' },
    },
  ]);
});

test('mistakes in budgets and prices are refused at the line where they stand', async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [
      BUDGET('{scope: organisatoin, unit: usd, limit: 1}'),
      /money.yaml:5: Budget `daily`: `spec.scope` must be `organisation`/,
    ],
    [BUDGET('{scope: organisation, unit: usd, limit: 0.5}'), /money.yaml:5: .*`spec.limit` must be/],
    [BUDGET('{scope: organisation, unit: usd, limit: "20 EUR"}'), /`spec.limit` must be a whole number of micro-USD/],
    [BUDGET('{scope: organisation, unit: calls, limit: "20 USD"}'), /`spec.limit` must be a whole number of calls/],
    [
      BUDGET('{scope: organisation, unit: calls, limit: 1, window: {timezone: Europe/Berln}}'),
      /`spec.window.timezone` must be a time zone/,
    ],
    [
      BUDGET('{scope: organisation, unit: calls, limit: 1, soft: {at: 80, do: shout}}'),
      /`spec.soft.do` must be `event`, `ask` or `model NAME`/,
    ],
    [MODEL('{}'), /`spec.price` must say at least one price/],
    [MODEL('{worstCase: 1, perCall: 1}'), /has `worstCase`/],
    [MODEL('{inputPerMTok: 0.15}'), /`spec.price.inputPerMTok`/],
  ];
  for (const [text, problem] of cases) assert.throws(() => checkSources(file(text)), problem);
});

test('a budget for somebody who does not exist is refused, with the nearest name', () => {
  const text = `${MODEL('{perCall: 1}')}---${BUDGET('{scope: target model/bigg, unit: calls, limit: 1, soft: {at: 50, do: model smal}}')}`;
  const { resources } = checkShape(file(text), 'default');
  const all = new Map(resources.map(({ resource }) => [resourceKey(idOf(resource)), resource]));
  const { problems } = checkConfiguration(all, () => 'money.yaml:9', 0);
  assert.equal(problems.length, 2);
  assert.match(problems[0]!, /`spec.scope` names the Model `bigg`, which does not exist, did you mean `big`\?/);
  assert.match(problems[1]!, /`spec.soft.do` names the Model `smal`/);
});
