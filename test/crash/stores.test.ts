/** What the stores acknowledged survives kill -9, whenever it comes. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { postgresMissing, startPostgres } from '../../src/conformance/index.ts';
import { crashRound } from './stores.ts';

const survives = async (context: TestContext, place: string): Promise<void> => {
  for (const round of [1, 2, 3]) {
    const killAfter = 1 + Math.floor(Math.random() * 3_000);
    const { acknowledged, losses } = await crashRound(place, round * 1_000_000, killAfter);
    context.diagnostic(`round ${round}: killed after ${killAfter}, ${acknowledged} acknowledged`);
    assert.deepEqual(losses, []);
    assert.ok(acknowledged >= killAfter);
  }
};

test('nothing acknowledged is lost by kill -9, and nothing is half there', async (context) => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-crash-'));
  try {
    await survives(context, dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

const missing = postgresMissing();

test(
  'the same of a process that writes to PostgreSQL',
  missing === undefined ? {} : { skip: missing },
  async (context) => {
    const server = await startPostgres();
    try {
      await survives(context, server.url);
    } finally {
      await server.stop();
    }
  },
);
