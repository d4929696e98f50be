/** Reads the command line, and refuses what it does not understand before anything is started. */
import { parseArgs } from 'node:util';
import { type TargetName, targetNames } from './targets/index.ts';

export interface Options {
  readonly quick: boolean;
  /** Only the report on standard output, as JSON. */
  readonly json: boolean;
  /** Keep the report in `bench/results/`. */
  readonly keep: boolean;
  readonly help: boolean;
  readonly targets: readonly TargetName[];
  /** Connections of the closed loop, ascending. Default 1 (latency without a queue) and 64 (a busy hop). */
  readonly concurrency: readonly number[];
  /** Also write the report, as JSON, to this file. */
  readonly out: string | undefined;
}

/** The command line is wrong; `hint` says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

export const usage = `usage: npm run bench -- [options]

  --quick              three short rounds, under a minute (a full run takes up to eight)
  --json               print the report as JSON and nothing else
  --targets A,B        which targets: ${targetNames.join(', ')} (default: all)
  --concurrency 1,64   connections of the closed loop, up to 4 numbers from 1 to 256
  --out FILE           also write the report to FILE
  --keep               also keep the report in bench/results/, for \`node bench/draw.ts\`
`;

const MAX_LEVELS = 4;
const MAX_CONNECTIONS = 256;

export function parseOptions(args: readonly string[]): Options {
  const { quick, json, keep, help, targets, concurrency, out } = readFlags(args);
  if (out === '') throw new UsageError('`--out` names no file', 'give a file: --out report.json');
  return {
    quick: quick === true,
    json: json === true,
    keep: keep === true,
    help: help === true,
    targets: targets === undefined ? targetNames : parseTargets(targets),
    concurrency: concurrency === undefined ? [1, 64] : parseConcurrency(concurrency),
    out,
  };
}

function readFlags(args: readonly string[]) {
  const flag = { type: 'boolean' } as const;
  const text = { type: 'string' } as const;
  const options = { quick: flag, json: flag, keep: flag, help: flag, targets: text, concurrency: text, out: text };
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    throw new UsageError(
      (error as Error).message.split('.')[0]!.toLowerCase().replaceAll("'", '`'),
      'run `npm run bench -- --help`',
    );
  }
}

function parseTargets(list: string): readonly TargetName[] {
  const asked = list.split(',').map((name) => name.trim());
  const wrong = asked.find((name) => !targetNames.some((known) => known === name));
  if (wrong !== undefined)
    throw new UsageError(`no target is called \`${wrong}\``, `one or more of ${targetNames.join(',')}`);
  return targetNames.filter((name) => asked.includes(name));
}

function parseConcurrency(list: string): readonly number[] {
  const levels = [...new Set(list.split(',').map((text) => Number(text.trim() === '' ? Number.NaN : text)))];
  const fits = (level: number): boolean => Number.isInteger(level) && level >= 1 && level <= MAX_CONNECTIONS;
  if (!levels.every(fits) || levels.length > MAX_LEVELS) {
    throw new UsageError(
      `\`--concurrency ${list}\` cannot be used`,
      `give up to ${MAX_LEVELS} whole numbers from 1 to ${MAX_CONNECTIONS}, such as 1,64`,
    );
  }
  return levels.sort((a, b) => a - b);
}
