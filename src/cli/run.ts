/** From a command line to an exit code: whatever happens on the way ends in words on stderr and a number. */
import type { Io } from './context.ts';
import { EXIT, Failure, refusalOf } from './failure.ts';
import { INTRO } from './intro.ts';
import { formatIn, isData, runProgram } from './program.ts';
import { cleanText } from './render/clean.ts';

export const run = async (argv: readonly string[], io: Io): Promise<number> => {
  if (argv.length === 0) {
    io.stdout.write(`${INTRO}\n`);
    return EXIT.ok;
  }
  try {
    return await runProgram(argv, io);
  } catch (thrown) {
    const failure = await failureOf(thrown, io);
    io.stderr.write(wordsOf(failure, isData(formatIn(argv))));
    return failure.exit;
  }
};

const failureOf = async (thrown: unknown, { env }: Io): Promise<Failure> => {
  if (thrown instanceof Failure) return thrown;
  const { Fault } = await import('../contract/index.ts');
  if (thrown instanceof Fault)
    return refusalOf({
      status: 0,
      code: thrown.code,
      detail: thrown.message,
      facts: thrown.facts,
      executed: thrown.executed,
    });
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const stack = env['AIRSPACE_DEBUG'] !== undefined && thrown instanceof Error ? { because: thrown.stack ?? text } : {};
  return new Failure(EXIT.internal, text, {
    try: 'the same with AIRSPACE_DEBUG=1, and report it',
    code: 'internal',
    ...stack,
  });
};

const MOST_OF_A_MESSAGE = 2_000;

const cut = (text: string): string =>
  text.length <= MOST_OF_A_MESSAGE ? text : `${text.slice(0, MOST_OF_A_MESSAGE)}…`;

const wordsOf = ({ message, details }: Failure, asData: boolean): string => {
  if (asData) return `${JSON.stringify({ error: message, ...details })}\n`;
  const lines = [
    `error: ${cut(message)}`,
    ...(details.because === undefined ? [] : [`  because: ${details.because}`]),
    ...(details.try === undefined ? [] : [`  try: ${details.try}`]),
  ];
  // Parts of it come from servers and files.
  return `${cleanText(lines.join('\n'))}\n`;
};
