/** The ledger agent as the harness sees it: where its instances listen, and what they ran. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Run {
  /** Number of the run, over both instances. */
  readonly run: number;
  /** What the caller sent: its own name for the call. */
  readonly id: string;
  readonly instance: string;
  readonly operation: string;
  readonly callId: string;
}

export interface LedgerAgent {
  readonly instances: readonly { readonly name: string; readonly url: string }[];
  /** Everything that was ever run, by what the caller sent. */
  runs(): ReadonlyMap<string, readonly Run[]>;
  stop(): Promise<void>;
}

const AGENT = fileURLToPath(new URL('./agent.ts', import.meta.url));

export const startLedgerAgent = async (dir: string): Promise<LedgerAgent> => {
  const file = join(dir, 'ledger.jsonl');
  const child = spawn(process.execPath, [AGENT, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const reap = (): void => void child.kill('SIGKILL');
  process.once('exit', reap);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    instances: line.split(' ').map((url, at) => ({ name: 'ab'[at]!, url })),
    runs: () => Map.groupBy(readRuns(file), ({ id }) => id),
    stop: async () => {
      const gone = once(child, 'exit');
      process.off('exit', reap);
      reap();
      await gone;
    },
  };
};

const readRuns = (file: string): readonly Run[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Run)
    : [];
