/** Every process that the benchmark starts, pinned to its core, and the promise that none of them outlives it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Pins } from './machine/describe.ts';

export interface ChildOptions {
  /** Which core to pin to, when cores can be pinned. */
  readonly on: 'hop' | 'load' | 'any';
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Opens an IPC channel; the child must be Node. */
  readonly ipc?: boolean;
}

export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  /** Resolves when the process has ended, or could not be started, with the reason. */
  readonly ended: Promise<string>;
}

/** A process has this long to end by itself. */
const END_MS = 1_000;
const LAST_WORDS = 2_000;

export class Children {
  readonly #pins: Pins | null;
  readonly #running = new Set<ChildProcess>();

  constructor(pins: Pins | null) {
    this.#pins = pins;
    process.once('exit', () => this.#signal('SIGKILL'));
  }

  start(command: readonly [string, ...string[]], options: ChildOptions): Child {
    const [program, ...args] = this.#pinned(command, options.on);
    const child = spawn(program, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe', ...(options.ipc === true ? ['ipc' as const] : [])],
      detached: process.platform !== 'win32', // a group of its own, so that its children can be ended with it
    });
    this.#running.add(child);
    return { pid: child.pid ?? -1, process: child, ended: this.#watch(child) };
  }

  /** Asks all to end, and makes those that do not. */
  async endAll(): Promise<void> {
    const ended = [...this.#running].map((child) => once(child, 'close'));
    this.#signal('SIGTERM');
    const insist = setTimeout(() => this.#signal('SIGKILL'), END_MS);
    await Promise.all(ended);
    clearTimeout(insist);
  }

  #pinned(command: readonly [string, ...string[]], on: ChildOptions['on']): readonly [string, ...string[]] {
    return this.#pins === null || on === 'any' ? command : ['taskset', '-c', `${this.#pins[on]}`, ...command];
  }

  #watch(child: ChildProcess): Promise<string> {
    let lastWords = '';
    const listen = (text: Buffer): void => {
      lastWords = (lastWords + text.toString('utf8')).slice(-LAST_WORDS);
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    return new Promise((resolve) => {
      child.once('error', (error) => {
        if (child.pid === undefined) this.#running.delete(child);
        resolve(error.message);
      });
      child.once('close', (code, signal) => {
        this.#running.delete(child);
        resolve(`ended with ${signal ?? `code ${code}`}${lastWords === '' ? '' : `: ${lastWords.trim()}`}`);
      });
    });
  }

  #signal(signal: NodeJS.Signals): void {
    for (const child of this.#running) {
      try {
        if (process.platform === 'win32') child.kill(signal);
        else if (child.pid !== undefined) process.kill(-child.pid, signal);
      } catch {
        // it has ended already
      }
    }
  }
}
