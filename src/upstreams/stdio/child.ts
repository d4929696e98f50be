/** A program that speaks in lines: started with no more of our environment than it needs, and ended with everything that it started. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';
import { Fault } from '../../contract/index.ts';

export interface ChildEvents {
  readonly line: (line: string) => void;
  /** What it writes to stderr, a piece at a time. */
  readonly said: (line: string) => void;
  /** Once. `why` is in our words. */
  readonly ended: (why: string) => void;
}

/** Longest line that is kept, of either stream; a longer one on stdout ends the program. */
const MOST_LINE_CHARS = 16 * 1024 * 1024;
const MOST_SAID_CHARS = 2_000;
/** What the program has not read yet. */
const MOST_UNREAD_BYTES = 8 * 1024 * 1024;
const KILL_AFTER_MS = 2_000;

export class Child {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #events: ChildEvents;
  #isOver = false;

  constructor([file = '', ...args]: readonly string[], env: Readonly<Record<string, string>>, events: ChildEvents) {
    this.#events = events;
    // A group of its own: what it starts ends with it.
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...env }, detached: true });
    this.#child = child;
    child.stdin.on('error', () => {});
    child.once('error', () => this.#end('it cannot be started'));
    child.once('exit', (code, signal) => this.#end(`it ended with ${signal ?? `exit code ${code}`}`));
    lines(child.stdout, MOST_LINE_CHARS, (line, isWhole) => {
      if (this.#isOver) return;
      if (isWhole) events.line(line);
      else this.stop('it wrote a line without end');
    });
    lines(child.stderr, MOST_SAID_CHARS, (line) => events.said(line));
  }

  /** Throws `overloaded` when it does not read. */
  write(line: string): void {
    const { stdin } = this.#child;
    if (stdin.writableLength > MOST_UNREAD_BYTES)
      throw new Fault('overloaded', 'the MCP server behind this sidecar does not read what it is sent');
    stdin.write(`${line}\n`);
  }

  /** SIGTERM for the whole group, SIGKILL a little later. */
  stop(why = 'it was stopped'): void {
    this.#signal('SIGTERM');
    const late = setTimeout(() => this.#signal('SIGKILL'), KILL_AFTER_MS);
    this.#child.once('exit', () => clearTimeout(late));
    this.#end(why);
  }

  #signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // It is gone, and so is its group.
    }
  }

  #end(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#signal('SIGTERM');
    this.#events.ended(why);
  }
}

/** Whole lines, and pieces of those that are too long. */
const lines = (stream: NodeJS.ReadableStream, most: number, take: (line: string, isWhole: boolean) => void): void => {
  const decoder = new StringDecoder('utf8');
  let rest: string[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    const pieces = decoder.write(chunk).split('\n');
    const last = pieces.pop()!;
    for (const piece of pieces) {
      const line = [...rest, piece].join('').replace(/\r$/, '');
      rest = [];
      size = 0;
      if (line !== '') take(line, true);
    }
    if (last === '') return;
    rest.push(last);
    size += last.length;
    if (size <= most) return;
    take(rest.join(''), false);
    rest = [];
    size = 0;
  });
};
