/** The command behind a sidecar: any program, with the address and key of its Airspace in its environment. */
import { spawn } from 'node:child_process';
import { EXIT, Failure } from '../failure.ts';

export interface AgentProcess {
  isUp(): boolean;
  /** Its exit code, when it ends by itself; 128 and the signal's number when it was killed. */
  readonly ended: Promise<number>;
  /** SIGTERM, and SIGKILL after five seconds. */
  stop(): Promise<void>;
}

const KILL_AFTER_MS = 5_000;
const SIGNALS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

export const runAgent = (
  [file = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
): AgentProcess => {
  // The token admits nodes, and an agent is none.
  const { AIRSPACE_TOKEN: _, ...inherited } = process.env;
  const child = spawn(file, args, { stdio: 'inherit', env: { ...inherited, ...env } });
  let up = true;
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', () => {
      up = false;
      reject(
        new Failure(EXIT.usage, `\`${file}\` cannot be started`, {
          try: 'airspace sidecar run ... -- <a program that exists>',
        }),
      );
    });
    child.once('exit', (code, signal) => {
      up = false;
      resolve(code ?? 128 + (SIGNALS[signal ?? ''] ?? 0));
    });
  });
  return {
    isUp: () => up,
    ended,
    stop: async () => {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
      await ended.catch(() => {});
      clearTimeout(late);
    },
  };
};
