/** What every command that starts a node shares: how it fails to start, and when it is asked to end. */
import { Fault } from '../contract/index.ts';
import { EXIT, Failure, usage } from './failure.ts';
import type { NodeWords } from './lifecycle.ts';

/** What the agent of a sidecar gets, for whoever starts that agent himself: `{url, key}`, readable by its owner only. */
export const APP_FILE = 'app.json';

/** Says in words what keeps a node from starting. */
export const failing = async <T>({ host, port }: Pick<NodeWords, 'host' | 'port'>, start: Promise<T>): Promise<T> => {
  try {
    return await start;
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new Failure(EXIT.conflict, `${host}:${port} is taken by another process`, {
        try: 'another --port, or `airspace down`',
        code: 'port-taken',
      });
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL') throw usage(`${host}:${port} cannot be bound: ${code}`);
    if (thrown instanceof Fault && thrown.code !== 'internal') {
      throw new Failure(thrown.code === 'unreachable' ? EXIT.unreachable : EXIT.usage, thrown.message, {
        code: thrown.code,
      });
    }
    throw thrown;
  }
};

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
export const untilAsked = (): Promise<void> =>
  new Promise((resolve) => {
    let asked = false;
    const ask = (): void => {
      if (asked) process.exit(EXIT.interrupted);
      asked = true;
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, ask);
  });
