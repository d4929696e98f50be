/** Tokens and money are counted alike in every dialect, and no two of them together spend more than there is. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CALLERS } from './callers.ts';
import { ALL, inEveryDialect, MODELS, resource, type Scene, startScene } from './scene.ts';

const asked = (name: string, more: object = {}) =>
  ({ kind: 'model', name, operation: 'chat', args: '{"text":"hello"}', ...more }) as const;

const spentOf = async (scene: Scene): Promise<unknown> => {
  const { items } = (await scene.deployed.ask('/v1/budgets')) as { items: readonly Record<string, unknown>[] };
  return items;
};

describe('money', () => {
  test('a call costs the same in every dialect, whole and streamed', async () => {
    await using scene = await startScene(ALL);
    for (const { name, title } of MODELS)
      for (const stream of [false, true]) {
        scene.begin();
        const dialects: string[] = [];
        await inEveryDialect(scene, asked(name, { stream }), (dialect, heard) => {
          assert.equal(heard.code, 'ok', `${title} ${dialect}: ${heard.raw}`);
          dialects.push(dialect);
        });
        for (const [at, { attributes, status }] of (await scene.records(name, dialects.length)).entries())
          assert.deepEqual(
            [status, attributes['usage.input_tokens'], attributes['usage.output_tokens'], attributes['cost.micros']],
            ['ok', 120, 30, 180],
            `${title} ${dialects[at]} ${stream}`,
          );
      }
  });

  for (const [unit, limit] of [
    ['calls', { unit: 'calls', limit: 4 }],
    ['tokens', { unit: 'tokens', limit: 600 }],
    ['money', { unit: 'usd', limit: '0.0008 USD' }],
  ] as const)
    test(`a budget of ${unit} is one budget for all dialects`, async () => {
      const budget = resource('Budget', 'little', { scope: 'agent alice', ...limit });
      await using scene = await startScene(ALL, undefined, { more: [budget] });
      const codes: string[] = [];
      scene.begin();
      for (let round = 0; round < 2; round++)
        await inEveryDialect(scene, asked('gpt', { maxTokens: 100 }), (dialect, heard, taken) => {
          codes.push(`${dialect}: ${heard.code}`);
          assert.equal(taken.length, heard.code === 'ok' ? 1 : 0, `${dialect}: ${heard.raw}`);
        });
      const through = codes.filter((code) => code.endsWith(': ok')).length;
      // One that fits into what is left is sent with a cap, and a scripted model does not keep to it.
      assert.ok(
        through > 0 && through <= (unit === 'money' ? 5 : 4),
        `${codes.join(', ')} ${JSON.stringify(await spentOf(scene))}`,
      );
      for (const caller of CALLERS)
        assert.ok(codes.includes(`${caller.name}: budget_exhausted`), `${caller.name}: ${codes.join(', ')}`);
    });

  test('calls that come at once through all doors do not spend more than there is', async () => {
    const budget = resource('Budget', 'little', { scope: 'agent alice', unit: 'calls', limit: 4 });
    await using scene = await startScene(ALL, undefined, { more: [budget] });
    const gate = Promise.withResolvers<void>();
    scene.targets.gate = gate.promise;
    scene.begin();
    const answers = CALLERS.map((caller) =>
      Promise.resolve(caller.ask(scene.access, asked('gpt', { maxTokens: 100 }))),
    );
    let refused = 0;
    for (const answer of answers) void answer.then((heard) => heard?.code === 'ok' || ++refused);
    for (const endMs = performance.now() + 10_000; refused < CALLERS.length - 4; ) {
      assert.ok(performance.now() < endMs, `${refused} are refused`);
      await new Promise((next) => setTimeout(next, 5));
    }
    gate.resolve();
    const codes = (await Promise.all(answers)).map((heard) => heard?.code);
    assert.equal(codes.filter((code) => code === 'ok').length, 4, codes.join());
    assert.equal(scene.taken().length, 4);
  });
});
