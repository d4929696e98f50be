import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualWorld } from '../../kernel/index.ts';
import { Discovered, FOUND_MS, MISSED_MS } from './discovered.ts';

const counting = () => {
  const world = new VirtualWorld(1);
  const discovered = new Discovered<number>(world.clock);
  let asked = 0;
  const found = (): Promise<number> => discovered.of('corp', async () => ++asked);
  const missed = (): Promise<number> =>
    discovered.of('corp', async () => {
      asked++;
      throw new Error('away');
    });
  return { pass: (ms: number) => world.run(world.clock.nowMs() + ms), discovered, found, missed, asked: () => asked };
};

test('a hundred who want to log in at once, and all within the hour, ask a provider once', async () => {
  const { pass, found, asked } = counting();
  assert.deepEqual(new Set(await Promise.all(Array.from({ length: 100 }, found))), new Set([1]));
  await pass(FOUND_MS - 1);
  assert.equal(await found(), 1);
  await pass(1);
  assert.equal(await found(), 2);
  assert.equal(asked(), 2);
});

test('a provider that is away is asked again after half a minute, and not by everybody who tries', async () => {
  const { pass, found, missed, asked } = counting();
  for (let tried = 0; tried < 100; tried++) await assert.rejects(missed(), /away/);
  assert.equal(asked(), 1);
  await pass(MISSED_MS);
  assert.equal(await found(), 2);
});

test('two providers are two questions', async () => {
  const { discovered, found } = counting();
  await found();
  assert.equal(await discovered.of('other', async () => 7), 7);
});
