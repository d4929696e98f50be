/** What every command gets: where it runs, where Airspace is, and where its answer goes. */
import { createInterface } from 'node:readline/promises';
import { Admin } from './admin.ts';
import { EXIT, Failure, usage } from './failure.ts';
import type { Format, Output, Sink } from './output.ts';
import type { Settings } from './settings.ts';

/** The process, as far as commands may see it. */
export interface Io {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** Options that every command takes. */
export interface GlobalOptions {
  readonly url?: string;
  readonly key?: string;
  /** Folder with the state of a node that runs on this machine. */
  readonly data?: string | undefined;
  readonly output?: Format;
  /** Short for `-o json`, where a command has it. */
  readonly json?: boolean;
  readonly color?: 'auto' | 'always' | 'never';
  readonly headers?: boolean;
}

export interface Context {
  readonly io: Io;
  readonly out: Output;
  readonly options: GlobalOptions;
  settings(): Promise<Settings>;
  /** `key`: of somebody else than the settings say. */
  admin(key?: string): Promise<Admin>;
  /** Before something is changed: says once on stderr that this is production, where a context says so. `admin` does it by itself. */
  changing(): Promise<void>;
  /** Asks on a terminal, or throws a usage failure that names `--yes`. Throws when the answer is no. */
  confirm(question: string, yes: boolean): Promise<void>;
}

export const contextOf = (io: Io, out: Output, options: GlobalOptions): Context => {
  // Loaded when it is needed: help and mistakes need no schemas.
  const settings = async (): Promise<Settings> =>
    (await import('./settings.ts')).findSettings({ flags: options, env: io.env, cwd: io.cwd });
  let isTold = false;
  const changing = async (): Promise<void> => {
    if (isTold) return;
    isTold = true;
    const { production, url } = await settings();
    if (production !== undefined) out.note(`! production: ${out.notePaint('red', production)}, ${url}`);
  };
  return {
    io,
    out,
    options,
    settings,
    changing,
    admin: async (key) => {
      const found = await settings();
      return new Admin(key === undefined ? found : { ...found, key }, null, changing);
    },
    confirm: async (question, yes) => {
      await changing();
      return confirm(io, question, yes);
    },
  };
};

const confirm = async ({ stdin, stderr }: Io, question: string, yes: boolean): Promise<void> => {
  if (yes) return;
  if (stdin.isTTY !== true) throw usage(`${question} needs a yes, and nobody is here to ask`, 'the same with --yes');
  stderr.write(`${question}? [y/N] `);
  const lines = createInterface({ input: stdin });
  const answer = await lines.question('');
  lines.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new Failure(EXIT.no, 'nothing was changed', { code: 'declined' });
};
