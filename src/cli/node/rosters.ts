/** The last roster of a hub on its disk. */
import { mkdir } from 'node:fs/promises';
import { Archive, LastGood, type Publisher } from '../../control/index.ts';

/** What ran before a restart is called at once after it, instead of when each instance has been heard of again. */
export const keepRosters = async (dir: string, publisher: Publisher, failed: (cause: unknown) => void) => {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const disk = new LastGood(dir, publisher.publicKey);
  const last = await disk.load('roster').catch((cause: unknown) => void failed(cause));
  const archive = new Archive(disk, failed);
  const stop = publisher.subscribe((signed) => {
    if (signed.kind === 'roster') archive.put(signed);
  });
  return {
    last: last?.document,
    settled: async () => {
      stop();
      await archive.settled();
    },
  };
};
