/** Keeps one process of the fleet alive: starts it, waits until it is ready, starts it again when it dies, ends it on request. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface Program {
  readonly name: string;
  /** Path of a script that prints `listening on URL` or `calling URL` once it is ready. */
  readonly script: string;
  /** `port` is 0 at first, then the one that it got: an address outlives a crash. */
  readonly argsFor: (port: number) => readonly string[];
  /** All that it gets to know: the environment of the starter, with whatever secrets are in there, stays here. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Supervised {
  readonly url: string;
  /** False while it is dead and waits for its next start. */
  isUp(): boolean;
  /** Of the process that runs at the moment, for those who want to see it start again. */
  pid(): number | undefined;
  /** SIGTERM, and SIGKILL after `KILL_AFTER_MS`. Resolves when the process has ended. Safe to call again. */
  stop(): Promise<void>;
}

/** What happened, for people: `orders-b ended (SIGKILL); starts again in 500 ms`. */
export type Log = (line: string) => void;

const READY_WITHIN_MS = 30_000;
const KILL_AFTER_MS = 3_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** Who lived this long is not in a crash loop: the next pause is a short one again. */
const HEALTHY_AFTER_MS = 30_000;

/** Resolves when it is ready. Rejects with what it wrote to stderr when it ends before that, and does not start it again then. */
export const supervise = async (program: Program, log: Log): Promise<Supervised> => {
  const supervisor = new Supervisor(program, log);
  const url = await supervisor.start();
  return { url, isUp: () => supervisor.isUp, pid: () => supervisor.pid, stop: () => supervisor.stop() };
};

class Supervisor {
  readonly #program: Program;
  readonly #log: Log;
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #said: () => string = () => '';
  #ready = false;
  #stopping = false;
  #port = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #timer: NodeJS.Timeout | undefined;

  constructor(program: Program, log: Log) {
    this.#program = program;
    this.#log = log;
  }

  get isUp(): boolean {
    return this.#ready;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async start(): Promise<string> {
    const bornMs = performance.now();
    const child = this.#spawn();
    const url = await readyUrl(this.#program.name, child, this.#said);
    this.#ready = true;
    this.#port = Number(new URL(url).port);
    void this.#ended.then(() => this.#died(bornMs, child.signalCode ?? `exit code ${child.exitCode}`));
    return url;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    const hurry = setTimeout(() => child?.kill('SIGKILL'), KILL_AFTER_MS);
    child?.kill('SIGTERM');
    await this.#ended;
    clearTimeout(hurry);
  }

  #spawn(): ChildProcess {
    const { script, argsFor, env } = this.#program;
    const child = spawn(process.execPath, [script, ...argsFor(this.#port)], {
      // The channel is never written to: its end tells the child that we are gone, however we went.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...inherited(), ...env },
    });
    this.#child = child;
    this.#said = tailOf(child.stderr!);
    this.#ended = once(child, 'close').catch(() => {});
    return child;
  }

  #died(bornMs: number, how: string): void {
    this.#ready = false;
    if (this.#stopping) return;
    if (performance.now() - bornMs > HEALTHY_AFTER_MS) this.#pauseMs = FIRST_PAUSE_MS;
    this.#again(`ended (${[how, this.#said().trim()].filter(Boolean).join(': ')})`);
  }

  #again(because: string): void {
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    this.#log(`${this.#program.name} ${because}; starts again in ${pauseMs} ms`);
    this.#timer = setTimeout(() => {
      this.start().then(
        () => this.#log(`${this.#program.name} is up again`),
        (error: Error) => {
          if (!this.#stopping) this.#again(`did not start (${error.message})`);
        },
      );
    }, pauseMs);
  }
}

/** What a process needs to run at all. */
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'SystemRoot', 'LD_LIBRARY_PATH', 'NODE_EXTRA_CA_CERTS'];

const inherited = (): Record<string, string> =>
  Object.fromEntries(INHERITED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));

const readyUrl = async (name: string, child: ChildProcess, said: () => string): Promise<string> => {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const fail = (why: string): void => reject(new Error(`\`${name}\` ${why}: ${said().trim()}`));
  const late = setTimeout(() => {
    fail(`was not ready within ${READY_WITHIN_MS} ms`);
    child.kill('SIGKILL');
  }, READY_WITHIN_MS);
  const ended = (): void => fail('ended before it was ready');
  child.once('close', ended).once('error', reject);
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const url = /^(?:listening on|calling) (http:\S+)$/.exec(line)?.[1];
    if (url !== undefined) resolve(url);
  });
  return promise.finally(() => {
    clearTimeout(late);
    child.off('close', ended);
  });
};

/** Also keeps the pipe from filling up while the process lives. */
const tailOf = (stream: Readable): (() => string) => {
  let tail = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-2_000);
  });
  return () => tail;
};
