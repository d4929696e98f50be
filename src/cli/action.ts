/** What hangs on a word of the command line. */
import type { Context } from './context.ts';

/** Answers the exit code. */
export type Action = (context: Context, args: readonly string[], options: never) => Promise<number>;

/** Makes an action into what the command line calls. */
export type Does = (action: Action) => (...given: unknown[]) => Promise<void>;

/** For options that may be given more than once. */
export const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];
