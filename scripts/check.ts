/** Everything a change must pass, in the order that fails fastest. `./airspace test` and CI run exactly this. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

interface Step {
  readonly name: string;
  readonly command: readonly string[];
}

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name: string): string => `${root}node_modules/.bin/${name}`;
/** Rooms whose tests start no process and share nothing: one process for all of them spares each file a start of its own. */
const TOGETHER = [
  ...['alerts', 'approvals', 'audit', 'budget', 'contract', 'dialects', 'discovery', 'egress', 'identity', 'journal'],
  ...['kernel', 'kill', 'lineage', 'plans', 'routing', 'telemetry', 'topologies', 'vault'],
];
const testing = [process.execPath, '--test', '--test-reporter=spec'];
const steps: readonly Step[] = [
  { name: 'format and lint', command: [process.execPath, bin('biome'), 'ci', '.'] },
  { name: 'types', command: [process.execPath, bin('tsc'), '--noEmit'] },
  { name: 'types of the dashboard', command: [process.execPath, bin('tsc'), '--noEmit', '-p', 'dashboard'] },
  {
    name: 'tests in one process',
    command: [...testing, '--test-isolation=none', ...TOGETHER.map((room) => `src/${room}/**/*.test.ts`)],
  },
  {
    name: 'tests with processes of their own',
    command: [
      ...testing,
      // Most of them wait for other processes for most of their time.
      '--test-concurrency=2',
      `src/!(${TOGETHER.join('|')})/**/*.test.ts`,
      'dashboard/src/**/*.test.ts',
      'test/**/*.test.ts',
      'examples/*/*.test.ts',
      'bench/**/*.test.ts',
    ],
  },
];

/** Three hundred test files load much the same: what was compiled for one is there for the next. */
const env = { NODE_COMPILE_CACHE: `${root}node_modules/.cache/compiled`, ...process.env };

const run = (step: Step): Promise<number> =>
  new Promise((done) => {
    const child = spawn(step.command[0]!, step.command.slice(1), { cwd: root, stdio: 'inherit', env });
    child.on('error', () => done(127));
    child.on('exit', (code) => done(code ?? 1));
  });

const only = process.argv[2];
const chosen = only === undefined ? steps : steps.filter((step) => step.name.includes(only));
if (chosen.length === 0) {
  console.error(`error: no check is called \`${only}\`\n  try: one of ${steps.map((step) => step.name).join(', ')}`);
  process.exit(2);
}
for (const step of chosen) {
  const started = performance.now();
  const code = await run(step);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${step.name} (${seconds} s)`);
  if (code !== 0) process.exit(1);
}
