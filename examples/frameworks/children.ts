/** The processes of the example: each is started, says where it listens or what it found, and none outlives the one that started it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const LAST_WORDS = 256 * 1024;
/** Frameworks are large, and machines are busy. */
const START_MS = 40_000;

export class Children {
  readonly #running = new Set<ChildProcess>();

  constructor() {
    process.once('exit', () => this.#signal('SIGKILL'));
  }

  /** Resolves with what `ready` found in its output; rejects with its last words when it ends before. */
  async start(args: readonly string[], env: Readonly<Record<string, string>>, ready: RegExp): Promise<string> {
    const { child, said } = this.#spawn(args, env);
    const command = args.join(' ');
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`\`${command}\` was not ready in ${START_MS} ms: ${said()}`)),
        START_MS,
      );
      const look = (): void => {
        const found = ready.exec(said());
        if (found === null) return;
        clearTimeout(late);
        resolve(found[1] ?? found[0]);
      };
      // Some say it on one stream, some on the other.
      child.stdout.on('data', look);
      child.stderr.on('data', look);
      child.once('close', () => {
        clearTimeout(late);
        reject(new Error(`\`${command}\` ended before it was ready: ${said()}`));
      });
    });
  }

  /** Resolves with everything that it wrote, when it has ended; rejects after `limitMs`. */
  async run(args: readonly string[], env: Readonly<Record<string, string>>, limitMs: number): Promise<string> {
    const { child, said } = this.#spawn(args, env);
    const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
    const [code] = await once(child, 'close');
    clearTimeout(timer);
    if (code !== 0)
      throw new Error(`\`${args.join(' ')}\` ended with ${code ?? `nothing in ${limitMs} ms`}: ${said()}`);
    return said();
  }

  async stop(): Promise<void> {
    const ended = [...this.#running].map((child) => once(child, 'close'));
    this.#signal('SIGTERM');
    const insist = setTimeout(() => this.#signal('SIGKILL'), 2_000);
    await Promise.all(ended);
    clearTimeout(insist);
  }

  #spawn(args: readonly string[], env: Readonly<Record<string, string>>) {
    const { PATH = '' } = process.env;
    // Keys of the one who runs this are for the hub, and for no framework.
    const child = spawn(process.execPath, args, {
      cwd: import.meta.dirname,
      env: { PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    const hear = (part: Buffer): void => {
      text = (text + part.toString('utf8')).slice(-LAST_WORDS);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    this.#running.add(child);
    child.once('close', () => this.#running.delete(child));
    return { child, said: () => text };
  }

  #signal(signal: NodeJS.Signals): void {
    for (const child of this.#running) child.kill(signal);
  }
}
