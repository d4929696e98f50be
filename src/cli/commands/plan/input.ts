/** JSON from the command line: the text itself, or `@file`. */
import { readFile } from 'node:fs/promises';
import { usage } from '../../failure.ts';

export const jsonOf = async (option: string, given: string | undefined): Promise<unknown> => {
  if (given === undefined) return undefined;
  const text = given.startsWith('@') ? await fileOf(given.slice(1)) : given;
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw usage(`${option} is no JSON: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
};

const fileOf = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch(() => {
    throw usage(`\`${path}\` cannot be read`);
  });
