import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endWhenIdle } from './idle.ts';
import { wait } from './scope.ts';
import { trial } from './trial.ts';

const { scope: anyScope } = trial();
type Scope = typeof anyScope;

/** Chunks of the given sizes, each after its gap in milliseconds. */
async function* paced(
  scope: Scope,
  plan: readonly (readonly [gapMs: number, size: number])[],
): AsyncGenerator<Uint8Array> {
  for (const [gapMs, size] of plan) {
    await wait(scope, gapMs);
    yield new Uint8Array(size);
  }
}

const read = async (chunks: AsyncIterable<Uint8Array>): Promise<string> => {
  let bytes = 0;
  try {
    for await (const chunk of chunks) bytes += chunk.byteLength;
    return `${bytes} bytes`;
  } catch (thrown) {
    return `${bytes} bytes, then ${(thrown as { code: string }).code}`;
  }
};

const cases = [
  {
    name: 'data that keeps coming may take as long as it likes',
    plan: [
      [90, 1],
      [90, 1],
      [90, 1],
    ],
    told: '3 bytes',
  },
  {
    name: 'silence ends the stream',
    plan: [
      [90, 1],
      [101, 1],
    ],
    told: '1 bytes, then upstream_broken',
  },
  { name: 'silence before the first chunk counts', plan: [[101, 1]], told: '0 bytes, then upstream_broken' },
  {
    name: 'empty chunks are no sign of life',
    plan: [
      [90, 1],
      [60, 0],
      [60, 1],
    ],
    told: '1 bytes, then upstream_broken',
  },
] as const;

for (const { name, plan, told } of cases) {
  test(name, async () => {
    const { world, scope } = trial();
    const outcome = read(endWhenIdle(paced(scope, plan), { clock: world.clock, idleMs: 100 }));
    await world.run();
    assert.equal(await outcome, told);
    assert.equal(world.pending, 0);
  });
}

test('a slow reader is not a silent target', async () => {
  const { world, scope } = trial();
  const chunks = endWhenIdle(
    paced(scope, [
      [10, 1],
      [10, 1],
    ]),
    { clock: world.clock, idleMs: 100 },
  );
  const outcome = (async () => {
    for await (const _chunk of chunks) await wait(scope, 500);
    return 'read';
  })();
  await world.run();
  assert.equal(await outcome, 'read');
});

test('a reader that leaves takes the timer along', async () => {
  const { world, scope } = trial();
  const outcome = (async () => {
    for await (const _chunk of endWhenIdle(paced(scope, [[10, 1]]), { clock: world.clock })) break;
  })();
  await world.run();
  await outcome;
  assert.equal(world.pending, 0);
});
