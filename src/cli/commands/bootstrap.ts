/** `airspace bootstrap`: makes the first administrator of a node that has none, for whoever can read its data directory. */
import { join } from 'node:path';
import { BOOTSTRAP_FILE, readPrivateFile, writePrivateFile } from '../../identity/index.ts';
import { Admin } from '../admin.ts';
import type { Context } from '../context.ts';
import { EXIT, Failure } from '../failure.ts';
import { DATA_DIR } from '../lifecycle.ts';
import { clean } from '../render/clean.ts';
import { ADMIN_KEY_FILE, readRunning } from '../running.ts';

const MOST_BYTES = 1024;

/** The key goes to a file that only its owner reads, and where commands in this folder find it; its path is the answer. */
export const bootstrap = async ({ io, out, options }: Context, { data }: { data?: string }): Promise<number> => {
  const dir = data ?? (io.env['AIRSPACE_DATA'] || join(io.cwd, DATA_DIR));
  const token = (await readPrivateFile(join(dir, BOOTSTRAP_FILE), MOST_BYTES).catch(() => undefined))?.trim();
  if (!token)
    throw new Failure(EXIT.notFound, `there is no ${BOOTSTRAP_FILE} in ${dir}`, {
      because: 'the node has an administrator already, has not started yet, or keeps its state elsewhere',
      try: 'the same with --data <dir>, on the machine of the node',
      code: 'not_found',
    });
  const url = options.url ?? (await readRunning(dir))?.url;
  if (url === undefined)
    throw new Failure(EXIT.unreachable, `nothing runs with the state in ${dir}`, {
      try: `airspace serve --data ${dir}`,
      code: 'unreachable',
    });
  const admin = new Admin({ url, key: '', origin: options.url === undefined ? dir : '--url' });
  const { id, user, secret } = await admin.post<{ id: string; user: string; secret: string }>('/v1/bootstrap', {
    token,
  });
  const path = join(dir, ADMIN_KEY_FILE);
  await writePrivateFile(path, `${secret}\n`);
  out.note(`key ${clean(id)} of user/${clean(user)} is in ${path}; commands in this folder use it`);
  await out.one({ id, file: path }, () => path);
  return EXIT.ok;
};
