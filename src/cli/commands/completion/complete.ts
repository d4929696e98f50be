/** `airspace __complete`: what may stand at the cursor, one a line. A shell waits for it at each tab, so it is short, and never an error. */
import type { Command } from 'commander';
import { Admin, type Query } from '../../admin.ts';
import { type Context, contextOf } from '../../context.ts';
import { EXIT } from '../../failure.ts';
import { OWN_FORMATS, OWNERS } from '../../own-formats.ts';
import { clean } from '../../render/clean.ts';
import { parseDuration } from '../../render/time.ts';
import { type Name, namesOfArgument, namesOfOption } from './names.ts';
import { optionsAt, type Place, placeOf } from './place.ts';
import { FILES } from './scripts.ts';

/** For the node, when what was said is no time: whoever types does not wait longer. */
const BUDGET_MS = 300;
const MOST = 200;

export interface CompleteOptions {
  readonly next?: boolean;
  readonly within: string;
}

export const complete = async (
  context: Context,
  program: Command,
  words: readonly string[],
  { next = false, within: wait }: CompleteOptions,
): Promise<number> => {
  const place = placeOf(program, next ? [...words, ''] : words);
  const found = await foundAt(place, context, parseDuration(wait) ?? BUDGET_MS);
  const fitting = found.filter(({ word }) => word === FILES || (isSafe(word) && word.startsWith(place.current)));
  for (const { word, note = '' } of fitting.slice(0, MOST))
    context.out.print(word === FILES ? FILES : lineOf(`${place.before}${word}`, note));
  return EXIT.ok;
};

const lineOf = (word: string, note: string): string => (note === '' ? word : `${word}\t${clean(note, 80)}`);

/** A node may say anything: what a shell could take for more than a word is not shown to it. */
const isSafe = (word: string): boolean => /^[\w@%+=:,./^*-]+$/.test(word);

const foundAt = async (place: Place, context: Context, budgetMs: number): Promise<readonly Name[]> => {
  if (place.wants === 'nothing') return [{ word: FILES }];
  if (place.wants === 'option')
    return optionsAt(place.command).flatMap(({ long, description }) =>
      typeof long === 'string' ? [{ word: long, note: description }] : [],
    );
  if (place.wants === 'value') return valuesOf(place, context, budgetMs);
  const { command, given, argument, path } = place;
  const below = given.length > 0 ? [] : command.createHelp().visibleCommands(command);
  const commands = below.map((one) => ({ word: one.name(), note: one.description() }));
  if (argument === undefined) return commands;
  if (argument.argChoices !== undefined) return argument.argChoices.map((word) => ({ word }));
  const names = namesOfArgument(path, argument.name());
  return [...commands, ...(names === undefined ? [] : await within(place, context, budgetMs, names))];
};

const valuesOf = async (
  place: Extract<Place, { wants: 'value' }>,
  context: Context,
  budgetMs: number,
): Promise<readonly Name[]> => {
  const { argChoices, long, flags } = place.option;
  if (argChoices !== undefined)
    return [...argChoices, ...(long === '--output' ? ownFormatsOf(place.path) : [])].map((word) => ({ word }));
  if (/<(path|file|dir|folder|place)>/.test(flags)) return [{ word: FILES }];
  const names = namesOfOption(long ?? '');
  return names === undefined ? [] : within(place, context, budgetMs, names);
};

const ownFormatsOf = (path: string): readonly string[] => OWN_FORMATS.filter((format) => OWNERS[format].path === path);

/** Without a node, or with one that is slow, there are no names. */
const within = async (
  { said, given }: Place,
  { io, out }: Context,
  budgetMs: number,
  names: NonNullable<ReturnType<typeof namesOfOption>>,
): Promise<readonly Name[]> => {
  const { url, key, data } = said;
  const options = {
    ...(url === undefined ? {} : { url }),
    ...(key === undefined ? {} : { key }),
    ...(data === undefined ? {} : { data }),
  };
  const signal = AbortSignal.timeout(budgetMs);
  try {
    const ask = async <T>(path: string, query: Query = {}): Promise<T> =>
      new Admin(await contextOf(io, out, options).settings(), signal).get<T>(path, query);
    // A shell would take it for an option.
    return (await names(ask, given, io.env)).filter(({ word }) => !word.startsWith('-'));
  } catch {
    return [];
  }
};
