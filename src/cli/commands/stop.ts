/** `airspace down`: asks the node that runs here to finish what is under way and end. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request as ask } from 'undici';
import type { Context } from '../context.ts';
import { EXIT, Failure } from '../failure.ts';
import { DATA_DIR } from '../lifecycle.ts';
import { forgetRunning, readRunning } from '../running.ts';

/** Longer than the node's own drain. */
const PATIENCE_MS = 40_000;
const LOOK_MS = 100;

export const down = async ({ io, out }: Context, { data }: { data?: string }): Promise<number> => {
  const dir = data ?? join(io.cwd, DATA_DIR);
  const running = await readRunning(dir);
  if (running === undefined || !isAlive(running.pid)) {
    await forgetRunning(dir);
    out.note('nothing runs here');
    return EXIT.ok;
  }
  // After a crash the number may belong to somebody else's process: only what answers as the node is ended.
  if (!(await answers(running.url)))
    throw new Failure(EXIT.unreachable, `process ${running.pid} lives, but nothing answers at ${running.url}`, {
      try: `look at it, then end it yourself or remove ${join(dir, 'running.json')}`,
      code: 'unreachable',
    });
  process.kill(running.pid, 'SIGTERM');
  const endMs = performance.now() + PATIENCE_MS;
  while (isAlive(running.pid)) {
    if (performance.now() > endMs)
      throw new Failure(EXIT.timedOut, `process ${running.pid} does not end`, {
        try: `kill -9 ${running.pid}`,
        code: 'timeout',
      });
    await sleep(LOOK_MS);
  }
  await forgetRunning(dir);
  out.note(`${running.url} is down`);
  return EXIT.ok;
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM';
  }
};

/** Nothing secret is sent and the address is this machine's own, so whose name is in the certificate does not matter here. */
const answers = async (url: string): Promise<boolean> => {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  try {
    const { statusCode, body } = await ask(`${url}/healthz`, { dispatcher, headersTimeout: 2_000, bodyTimeout: 2_000 });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  } finally {
    await dispatcher.close();
  }
};
