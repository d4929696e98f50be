/** Runs the official suite, and reads what it found: one verdict for each check, told apart by scenario. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TOOL = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url),
);

export const isSuiteThere = (): boolean => existsSync(TOOL);

export interface Verdicts {
  /** `scenario / check` to its status, the worst of it where a check is there several times. */
  readonly byCase: ReadonlyMap<string, string>;
  readonly output: string;
}

const WORST = ['FAILURE', 'WARNING', 'SUCCESS', 'INFO', 'SKIPPED'];

/** `args`: as on the command line, without the folder of the results. */
export const runSuite = async (args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Verdicts> => {
  const dir = await mkdtemp(join(tmpdir(), 'airspace-mcp-suite-'));
  try {
    const output = await run([TOOL, ...args, '--output-dir', dir], env);
    return { byCase: await verdictsIn(dir), output };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};

export interface Scenario {
  readonly name: string;
  /** `extension` stands there too. */
  readonly versions: readonly string[];
}

/** Those for clients, as the suite itself lists them: what comes with another version of it is not forgotten. */
export const clientScenarios = async (): Promise<readonly Scenario[]> =>
  scenariosIn(await run([TOOL, 'list'], process.env));

export const scenariosIn = (list: string): readonly Scenario[] => {
  const [, part = ''] = list.split(/^Client scenarios.*$/m);
  const lines = part.split(/^\S/m, 1)[0]!.matchAll(/^ +- (\S+) \[([^\]]*)\]$/gm);
  return [...lines].map(([, name, versions]) => ({ name: name!, versions: versions!.split(',') }));
};

const run = (args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const pipe of [child.stdout, child.stderr]) pipe.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', () => resolve(output));
  });

const verdictsIn = async (dir: string): Promise<ReadonlyMap<string, string>> => {
  const byCase = new Map<string, string>();
  const files = (await readdir(dir, { recursive: true })).filter((file) => file.endsWith('checks.json'));
  for (const file of files) {
    const scenario = scenarioOf(file);
    for (const { id, status } of JSON.parse(await readFile(join(dir, file), 'utf8')) as {
      id: string;
      status: string;
    }[]) {
      const name = `${scenario} / ${id}`;
      const before = byCase.get(name);
      if (before === undefined || WORST.indexOf(status) < WORST.indexOf(before)) byCase.set(name, status);
    }
  }
  return byCase;
};

/** Folders are called after the scenario and the time. */
const scenarioOf = (file: string): string =>
  file
    .split(/[\\/]/)
    .slice(0, -1)
    .join('/')
    .replace(/-\d{4}-\d\d-\d\dT.*$/, '')
    .replace(/^(server|client)-(?=.*)/, '');

/** Cases with another verdict than in the run that is the measure; what only one of the two has counts too. */
export const differences = (measure: Verdicts, other: Verdicts): readonly string[] =>
  [...new Set([...measure.byCase.keys(), ...other.byCase.keys()])].sort().flatMap((name) => {
    const [expected = 'absent', found = 'absent'] = [measure.byCase.get(name), other.byCase.get(name)];
    return expected === found ? [] : [`${name}: ${expected} alone, ${found} here`];
  });

export const counted = ({ byCase }: Verdicts): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const status of byCase.values()) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};
