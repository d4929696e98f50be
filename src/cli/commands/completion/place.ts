/** Where the cursor is in a command line: which command, and what may come there. Reads the tree of commands, and nothing else. */
import type { Argument, Command, Option } from 'commander';

export type Place = {
  /** Names from the program down: `policy replay`. */
  readonly path: string;
  readonly command: Command;
  /** Arguments that are already there. */
  readonly given: readonly string[];
  /** What is written of the word at the cursor. */
  readonly current: string;
  /** Of `--option=value` and of nothing else: what the shell has before the value. */
  readonly before: string;
  /** What options that say where the node is were given: `url`, `key`, `data`. */
  readonly said: Readonly<Record<string, string>>;
} & (
  | { readonly wants: 'option' }
  | { readonly wants: 'value'; readonly option: Option }
  /** A command below this one, or an argument; undefined when it takes no more. */
  | { readonly wants: 'word'; readonly argument: Argument | undefined }
  /** Behind `--`: the words of another program. */
  | { readonly wants: 'nothing' }
);

/** `words`: all behind the name of the program; the last one is at the cursor. */
export const placeOf = (program: Command, words: readonly string[]): Place => {
  const current = words.at(-1) ?? '';
  let command = program;
  const path: string[] = [];
  const given: string[] = [];
  const said: Record<string, string> = {};
  let open: Option | undefined;
  for (const word of words.slice(0, -1)) {
    if (open !== undefined) {
      said[open.attributeName()] = word;
      open = undefined;
    } else if (word === '--')
      return { path: path.join(' '), command, given, current, before: '', said, wants: 'nothing' };
    else if (isOption(word)) {
      const [name = '', value] = parted(word);
      const option = optionOf(command, name);
      if (option !== undefined && value !== undefined) said[option.attributeName()] = value;
      open = option !== undefined && value === undefined && option.required ? option : undefined;
    } else {
      const below = given.length === 0 ? commandOf(command, word) : undefined;
      if (below === undefined) given.push(word);
      else {
        command = below;
        path.push(below.name());
      }
    }
  }
  const place = { path: path.join(' '), command, given, current, before: '', said };
  if (open !== undefined) return { ...place, wants: 'value', option: open };
  if (!isOption(current)) return { ...place, wants: 'word', argument: argumentAt(command, given.length) };
  const [name = '', value] = parted(current);
  const option = value === undefined ? undefined : optionOf(command, name);
  return option === undefined
    ? { ...place, wants: 'option' }
    : { ...place, current: value ?? '', before: `${name}=`, wants: 'value', option };
};

const isOption = (word: string): boolean => word.startsWith('-') && word !== '-';

const parted = (word: string): readonly string[] => {
  const at = word.indexOf('=');
  return word.startsWith('--') && at > 0 ? [word.slice(0, at), word.slice(at + 1)] : [word];
};

/** Those of the program are taken everywhere. */
export const optionsAt = (command: Command): readonly Option[] => [
  ...command.createHelp().visibleOptions(command),
  ...(command.parent === null ? [] : optionsAt(command.parent).filter(({ long }) => long !== '--version')),
];

const optionOf = (command: Command, name: string): Option | undefined =>
  optionsAt(command).find(({ short, long }) => short === name || long === name);

const commandOf = (command: Command, word: string): Command | undefined =>
  command.commands.find((one) => one.name() === word || one.aliases().includes(word));

/** The last one may take the rest. */
const argumentAt = ({ registeredArguments }: Command, at: number): Argument | undefined => {
  const last = registeredArguments.at(-1);
  return registeredArguments[at] ?? (last?.variadic === true ? last : undefined);
};
