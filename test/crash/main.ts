/** `npm run crash`: many more rounds of kill -9 than a test run has time for. First argument: rounds, default 20. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crashRound } from './stores.ts';

const rounds = Number(process.argv[2] ?? 20);
const dir = mkdtempSync(join(tmpdir(), 'airspace-crash-'));
let total = 0;
let failed = 0;
for (let round = 1; round <= rounds; round++) {
  const killAfter = 1 + Math.floor(Math.random() * 10_000);
  const { acknowledged, losses } = await crashRound(dir, round * 1_000_000, killAfter);
  total += acknowledged;
  if (losses.length > 0) failed++;
  console.log(`${losses.length === 0 ? 'ok    ' : 'FAILED'} round ${round}: ${acknowledged} acknowledged`);
  for (const loss of losses.slice(0, 10)) console.log(`       ${loss}`);
}
rmSync(dir, { recursive: true, force: true });
console.log(`${rounds - failed} of ${rounds} rounds without loss, ${total} acknowledgements`);
process.exitCode = failed === 0 ? 0 : 1;
