/** Everything a change must pass, in the order that fails fastest. `./airspace test` and CI run exactly this. */
import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** While it runs. Default: what it says is shown when it is over. */
  readonly isShown?: true;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name: string): string => `${root}node_modules/.bin/${name}`;
/** Rooms whose tests start no process and share nothing: one process for all of them spares each file a start of its own. */
const TOGETHER = [
  ...['alerts', 'approvals', 'audit', 'budget', 'client', 'contract', 'control', 'dialects', 'discovery', 'doors'],
  ...['egress', 'identity', 'journal', 'kernel', 'kill', 'lineage', 'plans', 'policy', 'routing', 'telemetry'],
  ...['topologies', 'vault'],
];
/** It breaks a module on purpose that others use. */
const APART = 'src/policy/cedar.test.ts';
const testing = [process.execPath, '--test', '--test-reporter=spec'];
/** Steps of one phase run at the same time. */
const phases: readonly (readonly Step[])[] = [
  [
    { name: 'format and lint', command: [process.execPath, bin('biome'), 'ci', '.'] },
    { name: 'types', command: [process.execPath, bin('tsc'), '--noEmit'] },
    { name: 'types of the dashboard', command: [process.execPath, bin('tsc'), '--noEmit', '-p', 'dashboard'] },
  ],
  [
    {
      name: 'tests in one process',
      command: [
        ...testing,
        '--test-isolation=none',
        `src/{${TOGETHER.join(',')}}/*/**/*.test.ts`,
        `src/{${TOGETHER.join(',')}}/!(${basename(APART, '.test.ts')}).test.ts`,
      ],
    },
    {
      name: 'tests with processes of their own',
      isShown: true,
      command: [
        ...testing,
        // Most of them wait for other processes for most of their time.
        '--test-concurrency=2',
        APART,
        `src/!(${TOGETHER.join('|')})/**/*.test.ts`,
        'dashboard/src/**/*.test.ts',
        'test/**/*.test.ts',
        'examples/*/*.test.ts',
        'bench/**/*.test.ts',
      ],
    },
  ],
];

/** Three hundred test files load much the same: what was compiled for one is there for the next. */
const env = { NODE_COMPILE_CACHE: `${root}node_modules/.cache/compiled`, ...process.env };

/** Whatever it says is shown when it is over, in one piece. */
const run = async (step: Step): Promise<boolean> => {
  const startedMs = performance.now();
  const code = await new Promise<number>((done) => {
    const said: Buffer[] = [];
    const child = spawn(step.command[0]!, step.command.slice(1), { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (step.isShown ? process.stdout.write(chunk) : said.push(chunk)));
    child.on('error', () => done(127));
    child.on('close', (exit) => {
      process.stdout.write(Buffer.concat(said));
      done(exit ?? 1);
    });
  });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${step.name} (${seconds} s)`);
  return code === 0;
};

const only = process.argv[2];
const chosen = phases.map((steps) => steps.filter((step) => only === undefined || step.name.includes(only)));
if (chosen.flat().length === 0) {
  const names = phases.flat().map((step) => step.name);
  console.error(`error: no check is called \`${only}\`\n  try: one of ${names.join(', ')}`);
  process.exit(2);
}
for (const steps of chosen) {
  const passed = await Promise.all(steps.map(run));
  if (passed.includes(false)) process.exit(1);
}
