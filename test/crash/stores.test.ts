/** What the SQLite store acknowledged survives kill -9, whenever it comes. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { crashRound } from './stores.ts';

test('nothing acknowledged is lost by kill -9, and nothing is half there', async (context) => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-crash-'));
  try {
    for (const round of [1, 2, 3]) {
      const killAfter = 1 + Math.floor(Math.random() * 3_000);
      const { acknowledged, losses } = await crashRound(dir, round * 1_000_000, killAfter);
      context.diagnostic(`round ${round}: killed after ${killAfter}, ${acknowledged} acknowledged`);
      assert.deepEqual(losses, []);
      assert.ok(acknowledged >= killAfter);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
