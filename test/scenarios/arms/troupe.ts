/** The agents' process as the scenario sees it: where each listens, what to tell them, and their ledger. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Entry, Instructions } from './agents.ts';

export interface Troupe {
  readonly urls: ReadonlyMap<string, string>;
  instruct(instructions: Instructions): void;
  entries(): readonly Entry[];
  stop(): Promise<void>;
}

const AGENTS = fileURLToPath(new URL('./agents.ts', import.meta.url));

export const startTroupe = async (dir: string, names: readonly string[]): Promise<Troupe> => {
  const ledger = join(dir, 'ledger.jsonl');
  writeFileSync(ledger, '');
  const child = spawn(process.execPath, [AGENTS, ledger, ...names], { stdio: ['pipe', 'pipe', 'inherit'] });
  const reap = (): void => void child.kill('SIGKILL');
  process.once('exit', reap);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const urls = line.split(' ');
  return {
    urls: new Map(names.map((name, at) => [name, urls[at]!])),
    instruct: (instructions) => void child.stdin.write(`${JSON.stringify(instructions)}\n`),
    entries: () =>
      readFileSync(ledger, 'utf8')
        .split('\n')
        .filter((text) => text !== '')
        .map((text) => JSON.parse(text) as Entry),
    stop: async () => {
      const gone = once(child, 'exit');
      process.off('exit', reap);
      reap();
      await gone;
    },
  };
};
