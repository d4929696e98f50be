/** `airspace version`: of the command itself; `airspace status` says what runs. */
import type { Context } from '../context.ts';
import { EXIT } from '../failure.ts';
import { VERSION } from '../version.ts';

export const version = async ({ out }: Context): Promise<number> => {
  const found = {
    version: VERSION,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  };
  await out.one(found, () => `airspace ${found.version} (node ${found.node}, ${found.platform})`);
  return EXIT.ok;
};
