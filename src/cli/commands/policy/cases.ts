/** Finds the case files that stand beside policies. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CaseFile } from '../../../contract/index.ts';
import { CASES_FILE } from '../../../control/index.ts';
import { usage } from '../../failure.ts';

/** Of a folder those in it and below; of a file those next to it. Standard input has none. Each once, by name. */
export const caseFiles = async (paths: readonly string[]): Promise<readonly CaseFile[]> => {
  const found = new Set<string>();
  for (const path of paths) {
    if (path !== '-') for (const file of await beside(path)) found.add(file);
  }
  return Promise.all([...found].sort().map(async (name) => ({ name, text: await readFile(name, 'utf8') })));
};

const beside = async (path: string): Promise<readonly string[]> => {
  try {
    const isFolder = (await stat(path)).isDirectory();
    const entries = await readdir(isFolder ? path : dirname(path), { recursive: isFolder, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && CASES_FILE.test(entry.name) && !isSkipped(entry.parentPath))
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    throw usage(`\`${path}\` is no folder that can be read`);
  }
};

const isSkipped = (folder: string): boolean => folder.includes('node_modules');
