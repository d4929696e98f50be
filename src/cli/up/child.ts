/** Another node as a process of its own: this program again, with other words. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface NodeProcess {
  /** The line that it printed when it was ready. */
  readonly ready: string;
  /** First address in that line. */
  readonly url: string;
  readonly pid: number;
  /** SIGTERM, and SIGKILL when it takes longer than 35 s to finish what is under way. */
  stop(): Promise<void>;
  /** SIGKILL, at once. */
  kill(): Promise<void>;
}

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
/** Also on a machine that many others keep busy. */
const READY_WITHIN_MS = 60_000;
const KILL_AFTER_MS = 35_000;

export interface NodeRequest {
  readonly args: readonly string[];
  /** One-time. Goes by the environment: arguments of a process can be read by everybody on the machine. */
  readonly token?: string | undefined;
  readonly log?: (line: string) => void;
}

/** Resolves when it says that it listens. Rejects with what it wrote to stderr when it ends before that. */
export const spawnNode = async ({ args, token, log = () => {} }: NodeRequest): Promise<NodeProcess> => {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, AIRSPACE_TOKEN: token ?? '' },
  });
  const said: string[] = [];
  createInterface({ input: child.stderr! }).on('line', (line) => {
    said.push(line);
    if (said.length > 50) said.shift();
    log(line);
  });
  // Nobody holds it yet, so nobody else could end it when this process leaves now.
  const reap = (): void => void child.kill('SIGKILL');
  process.once('exit', reap);
  const ready = await readyLine(child, said).finally(() => process.off('exit', reap));
  return {
    ready,
    url: /https?:\/\/\S+?(?=,|\s|$)/.exec(ready)?.[0] ?? '',
    pid: child.pid!,
    stop: () => end(child, 'SIGTERM'),
    kill: () => end(child, 'SIGKILL'),
  };
};

const readyLine = (child: ChildProcess, said: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`a node was not ready within ${READY_WITHIN_MS / 1000} s: ${said.join('\n')}`));
    }, READY_WITHIN_MS);
    createInterface({ input: child.stdout! }).once('line', (line) => {
      clearTimeout(late);
      resolve(line);
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(late);
      reject(new Error(`a node ended before it was ready (${code ?? signal}): ${said.join('\n')}`));
    });
  });

const end = async (child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  const late = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  await gone;
  clearTimeout(late);
};
