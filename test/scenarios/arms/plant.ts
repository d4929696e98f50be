/** Defects for a run that must fail: nodes that run a copy of the source in which one line is another. */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ProcessStarter, processes } from '../../../src/cli/up/starter.ts';

interface Defect {
  readonly file: string;
  readonly good: string;
  readonly bad: string;
}

export const DEFECTS: Readonly<Record<string, Defect>> = {
  /** Nodes that forget which arm a tree began in. */
  unpinned: { file: 'src/policy/trees.ts', good: 'MOST_TREES = 50_000', bad: 'MOST_TREES = 1' },
  /** Senders that do not say what decided. */
  unsaid: { file: 'src/upstreams/http/request.ts', good: 'if (call.decided !== undefined)', bad: 'if (false)' },
};

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** What starts the nodes, from this source or from a copy of it in `dir` with the defect in it. */
export const starterOf = async (dir: string, plant: string | undefined): Promise<ProcessStarter> => {
  const root = plant === undefined ? ROOT : copyWith(join(dir, 'planted'), plant);
  const starter = (await import(pathToFileURL(join(root, 'src/cli/up/starter.ts')).href)) as {
    readonly processes: typeof processes;
  };
  return starter.processes(join(dir, 'nodes'));
};

const copyWith = (copy: string, plant: string): string => {
  const defect = Object.hasOwn(DEFECTS, plant) ? DEFECTS[plant] : undefined;
  if (defect === undefined) throw new Error(`there is no defect \`${plant}\`: ${Object.keys(DEFECTS).join(', ')}`);
  mkdirSync(copy, { recursive: true });
  for (const part of ['src', 'package.json']) cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  const file = join(copy, defect.file);
  const text = readFileSync(file, 'utf8');
  if (text.split(defect.good).length !== 2) throw new Error(`${defect.file} has not one \`${defect.good}\` any more`);
  writeFileSync(file, text.replace(defect.good, defect.bad));
  return copy;
};
