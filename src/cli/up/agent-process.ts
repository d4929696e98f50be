/** The command behind a sidecar: any program, with the address and key of its Airspace in its environment. */
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, Failure } from '../failure.ts';

export interface AgentProcess {
  /** It runs, and has accepted a connection at its address: a process that has only started would break its first calls. */
  isReady(): boolean;
  /** Its exit code, when it ends by itself; 128 and the signal's number when it was killed. */
  readonly ended: Promise<number>;
  /** SIGTERM, and SIGKILL after five seconds. */
  stop(): Promise<void>;
}

const KILL_AFTER_MS = 5_000;
const SIGNALS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** `url`: where the agent will listen. `heard`: gets what it writes, line by line; without it nobody looks. */
export const runAgent = (
  [file = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
  url: string,
  heard?: (stream: 'stdout' | 'stderr', line: string) => void,
): AgentProcess => {
  // The token admits nodes, and an agent is none.
  const { AIRSPACE_TOKEN: _, ...inherited } = process.env;
  const output = heard === undefined ? 'inherit' : 'pipe';
  const child = spawn(file, args, { stdio: ['inherit', output, output], env: { ...inherited, ...env } });
  const read =
    heard &&
    (['stdout', 'stderr'] as const).map((stream) => listened(child[stream], process[stream], heard.bind(null, stream)));
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
      const exit = code ?? 128 + (SIGNALS[signal ?? ''] ?? 0);
      // Its last words say why. What it started may hold its streams open for ever, so they are not waited for for long.
      void Promise.race([Promise.all(read ?? []), sleep(LAST_WORDS_MS, undefined, { ref: false })]).then(() =>
        resolve(exit),
      );
    });
  });
  let accepts = false;
  void untilAccepting(url, () => up).then((found) => {
    accepts = found;
  });
  return {
    isReady: () => up && accepts,
    ended,
    stop: async () => {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
      await ended.catch(() => {});
      clearTimeout(late);
    },
  };
};

const LAST_WORDS_MS = 1_000;
/** Of one line that is held; of a longer one only the beginning is heard. */
const MOST_OF_A_LINE = 16_384;

/** Everything goes on as it is; resolves when nothing comes any more. */
const listened = (from: Readable | null, to: NodeJS.WritableStream, heard: (line: string) => void): Promise<void> =>
  new Promise((resolve) => {
    if (from === null) return resolve();
    from.pipe(to, { end: false });
    const decoder = new StringDecoder('utf8');
    let line = '';
    const more = (text: string): void => {
      line += text.slice(0, MOST_OF_A_LINE - line.length);
    };
    from.on('data', (chunk: Buffer) => {
      const [first = '', ...others] = decoder.write(chunk).split('\n');
      more(first);
      for (const other of others) {
        heard(line);
        line = '';
        more(other);
      }
    });
    from.once('close', () => {
      heard(line);
      resolve();
    });
  });

const LOOK_MS = 50;

/** False when the agent ends before anybody answers there. */
const untilAccepting = async (url: string, isUp: () => boolean): Promise<boolean> => {
  while (isUp()) {
    if (await accepting(new URL(url))) return true;
    await sleep(LOOK_MS, undefined, { ref: false });
  }
  return false;
};

const accepting = ({ protocol, hostname, pathname, port }: URL): Promise<boolean> =>
  new Promise((resolve) => {
    const socket =
      protocol === 'unix:'
        ? connect({ path: decodeURIComponent(pathname), timeout: 1_000 })
        : connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80), timeout: 1_000 });
    const settle = (found: boolean): void => {
      socket.destroy();
      resolve(found);
    };
    socket.once('connect', () => settle(true));
    socket.once('timeout', () => settle(false));
    socket.once('error', () => settle(false));
  });
