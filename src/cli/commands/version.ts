/** `airspace version`: of the command itself; `airspace status` says what runs. */
import { readFileSync } from 'node:fs';
import type { Context } from '../context.ts';
import { EXIT } from '../failure.ts';

export const version = async ({ out }: Context): Promise<number> => {
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const found = {
    version: manifest.version,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  };
  await out.one(found, () => `airspace ${found.version} (node ${found.node}, ${found.platform})`);
  return EXIT.ok;
};
