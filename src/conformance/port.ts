/** Ports for nodes and agents that end and come back to the same one: meanwhile nobody else may get it. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below what systems give to whoever asks for any port, and to connections that go out. */
const FIRST = 12_000;
const LAST = 20_000;

let next = randomInt(FIRST, LAST);

/** No other one of this process gets it, and other processes begin to look elsewhere. */
export const lastingPort = async (): Promise<number> => {
  for (;;) {
    const port = next;
    next = next === LAST ? FIRST : next + 1;
    if (await isFree(port)) return port;
  }
};

const isFree = async (port: number): Promise<boolean> => {
  const server = createServer();
  const listens = await new Promise<boolean>((answer) => {
    server.once('error', () => answer(false)).listen(port, '127.0.0.1', () => answer(true));
  });
  if (!listens) return false;
  server.close();
  await once(server, 'close');
  return true;
};
