/** `npm run scenario -- <name>`: lets something go wrong on purpose, in real nodes, and says what happened. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run as loops } from './loops.ts';
import type { Scenario } from './verdict.ts';

const SCENARIOS: Readonly<Record<string, Scenario>> = { loops };

const [name = ''] = process.argv.slice(2);
const scenario = Object.hasOwn(SCENARIOS, name) ? SCENARIOS[name] : undefined;
if (scenario === undefined) {
  console.error(`error: no scenario is called \`${name}\`\n  try: one of ${Object.keys(SCENARIOS).join(', ')}`);
  process.exit(2);
}
const dir = await mkdtemp(join(tmpdir(), 'airspace-scenario-'));
try {
  const { holds, findings } = await scenario({ dir, log: (line) => console.log(line) });
  for (const finding of findings)
    console.log(`${finding.holds ? 'ok    ' : 'FAILED'} ${finding.promise}\n       ${finding.seen}`);
  console.log(holds ? `${name}: held` : `${name}: broken`);
  process.exitCode = holds ? 0 : 1;
} finally {
  await rm(dir, { recursive: true, force: true });
}
