/** Starts the desk as a process of its own, for evaluations and tests that want a real agent at the other end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type LedgerEntry, readLedger } from './ledger.ts';

export interface SpawnOptions {
  /** The folder with the database. */
  readonly data: string;
  /** The ledger's file; appended to when it exists. */
  readonly ledger: string;
  /** Default 0: any free port. */
  readonly port?: number;
}

export interface RunningDesk {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly pid: number;
  /** Asks it to end and waits until it has. Gives the exit code, null when a signal ended it. Safe to call again. */
  stop(): Promise<number | null>;
  /** Everything it has executed so far, from its own file; also after it has ended. */
  ledger(): readonly LedgerEntry[];
}

const agent = fileURLToPath(new URL('agent.ts', import.meta.url));

/** Resolves when the desk listens; rejects with what it wrote to stderr when it ends before that. */
export const spawnDesk = async ({ data, ledger, port = 0 }: SpawnOptions): Promise<RunningDesk> => {
  const child = spawn(process.execPath, [agent, '--data', data, '--ledger', ledger, '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close').then(() => child.exitCode);
  reapWith(child, ended);
  const url = await Promise.race([listeningUrl(child), endedTooSoon(child, ended)]);
  return {
    url,
    pid: child.pid!,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
    ledger: () => readLedger(ledger),
  };
};

/** A desk does not outlive the process that started it, also when that one forgets to stop it. */
const reapWith = (child: ChildProcess, ended: Promise<unknown>): void => {
  const reap = (): void => void child.kill('SIGTERM');
  process.once('exit', reap);
  void ended.finally(() => process.off('exit', reap));
};

const listeningUrl = async (child: ChildProcess): Promise<string> => {
  const lines = createInterface({ input: child.stdout! });
  for await (const line of lines) {
    const url = /^listening on (http:\S+)$/.exec(line)?.[1];
    if (url === undefined) continue;
    child.stdout!.resume();
    return url;
  }
  return new Promise<never>(() => {}); // it ended without listening: `endedTooSoon` tells
};

const endedTooSoon = async (child: ChildProcess, ended: Promise<number | null>): Promise<never> => {
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4_000); // also keeps the pipe from filling up while the desk lives
  });
  const code = await ended;
  throw new Error(`the airline desk ended before it listened (exit code ${code}): ${said.trim()}`);
};
