/** A program of this machine that says its address when it listens, as a process that can be killed and started again: agents under test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** `args` for the port that it had before; 0: any. */
export type ArgsFor = (port: string) => readonly string[];

export class ScriptProcess {
  readonly #argsFor: ArgsFor;
  #child: ChildProcess | undefined;
  #url = '';

  private constructor(argsFor: ArgsFor) {
    this.#argsFor = argsFor;
  }

  /** Resolves when it listens. */
  static async start(argsFor: ArgsFor): Promise<ScriptProcess> {
    const script = new ScriptProcess(argsFor);
    await script.startAgain();
    return script;
  }

  get url(): string {
    return this.#url;
  }

  /** On the same port. It does not outlive this process. */
  async startAgain(): Promise<void> {
    const port = this.#url === '' ? '0' : new URL(this.#url).port;
    const child = spawn(process.execPath, this.#argsFor(port), { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    const reap = (): void => void child.kill('SIGKILL');
    process.once('exit', reap);
    child.once('exit', () => process.off('exit', reap));
    this.#url = await Promise.race([addressOf(child), endedTooSoon(child)]);
  }

  /** SIGKILL. Resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}

const addressOf = async (child: ChildProcess): Promise<string> => {
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
  return /https?:\/\/\S+/.exec(line)?.[0] ?? '';
};

const endedTooSoon = async (child: ChildProcess): Promise<never> => {
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  throw new Error(`${child.spawnargs.slice(1, 3).join(' ')} ended before it listened: ${code ?? signal}`);
};
