/** Runs one command line inside the test: what it wrote where, and how it ended. */
import { Readable } from 'node:stream';
import { run } from '../run.ts';

export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string;
}

/** Without a terminal, without a home, and in a folder where nothing is. */
export const line = async (
  argv: readonly string[],
  { env = {}, cwd = '/nonexistent', stdin = '' }: Surroundings = {},
): Promise<Ran> => {
  const written = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const exit = await run(argv, {
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    stdin: Readable.from([stdin]),
    env,
    cwd,
  });
  return { exit, ...written };
};
