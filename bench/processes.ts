/** The two processes on the load core: the upstream behind every hop, and the generator in front of it. */
import { fileURLToPath } from 'node:url';
import type { Child, Children } from './children.ts';
import type { LoadOrder, LoadResult } from './load/order.ts';

export interface Upstream {
  readonly pid: number;
  readonly port: number;
}

export interface Generator {
  readonly pid: number;
  /** One order at a time. Throws when the generator fails or is silent for too long. */
  readonly measure: (order: LoadOrder) => Promise<LoadResult>;
}

const START_MS = 10_000;
/** On top of warm-up, window and drain, before a silent generator is given up. */
const GRACE_MS = 6_000;

export async function startUpstream(children: Children): Promise<Upstream> {
  const child = startNode(children, './load/upstream.ts');
  const { port } = (await nextMessage(child, 'upstream', START_MS)) as { port: number };
  return { pid: child.pid, port };
}

export function startGenerator(children: Children): Generator {
  const child = startNode(children, './load/generator.ts');
  return {
    pid: child.pid,
    measure: async (order) => {
      const answer = nextMessage(child, 'load generator', order.warmMs + order.windowMs + GRACE_MS);
      child.process.send(order);
      const { result, failed } = (await answer) as { result?: LoadResult; failed?: string };
      if (result === undefined) throw new Error(`load generator: ${failed}`);
      return result;
    },
  };
}

function startNode(children: Children, file: string): Child {
  const path = fileURLToPath(new URL(file, import.meta.url));
  return children.start([process.execPath, path], { on: 'load', ipc: true });
}

function nextMessage(child: Child, name: string, limitMs: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(() => reject(new Error(`${name}: no answer in ${limitMs} ms`))), limitMs);
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      child.process.off('message', onMessage);
      finish();
    };
    const onMessage = (message: unknown): void => settle(() => resolve(message));
    child.process.on('message', onMessage);
    void child.ended.then((reason) => settle(() => reject(new Error(`${name}: ${reason}`))));
  });
}
