/** A listener at a path of this machine, for its owner only: what can open it is decided by the file system and not by a port. */
import { lstat, unlink } from 'node:fs/promises';
import { createConnection, type Server } from 'node:net';
import { isAbsolute } from 'node:path';
import { Fault } from '../contract/index.ts';

/** What the system has room for, its own end of the text not counted. */
const LONGEST = process.platform === 'linux' ? 107 : 103;
/** Everybody but the owner. */
const OTHERS = 0o177;

/** Throws `bad_request` for a path that cannot be a socket. */
export const checkSocketPath = (path: string): void => {
  if (!isAbsolute(path) || path.includes('\0'))
    throw new Fault('bad_request', `\`${path}\` is no absolute path; write it from the root`);
  const bytes = Buffer.byteLength(path);
  if (bytes > LONGEST)
    throw new Fault('bad_request', `\`${path}\` has ${bytes} bytes, and a socket here has ${LONGEST} at most`);
};

/** Takes the place of a socket that nobody listens at any more. Throws `conflict` for one that is in use, and for any other file. */
export const bindSocket = async (server: Server, path: string): Promise<void> => {
  checkSocketPath(path);
  await removeStale(path);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  // The file is made within this call, and never was open to others: changing its mode afterwards would leave a moment.
  const before = process.umask(OTHERS);
  try {
    server.listen({ path }, resolve);
  } finally {
    process.umask(before);
  }
  await promise;
  server.off('error', reject);
};

const removeStale = async (path: string): Promise<void> => {
  const found = await lstat(path).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return undefined;
    throw new Fault('bad_request', `\`${path}\` cannot be looked at: ${thrown.code}`);
  });
  if (found === undefined) return;
  if (!found.isSocket()) throw new Fault('conflict', `\`${path}\` is there and is no socket; name another path`);
  if (await isAnswered(path)) throw new Fault('conflict', `another process listens at \`${path}\`; name another path`);
  await unlink(path);
};

const isAnswered = (path: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const socket = createConnection({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false);
      else reject(new Fault('conflict', `\`${path}\` is a socket that cannot be opened here: ${error.code}`));
    });
  });
