/** Everything that a sidecar listens at, opened before it joins: what cannot be opened is heard of at once, and leaves nothing open. */
import type { Clock } from '../../contract/index.ts';
import { type Door, type Listener, type ListenOptions, listen, type MutualTls } from '../../doors/index.ts';
import type { NodeOptions } from './node.ts';

export interface Wanted extends NodeOptions {
  readonly appPort?: number;
  readonly appSocket?: string;
  readonly door?: { readonly host: string; readonly port: number };
}

/** What answers at a listener, and whether the node can take calls there. */
export interface Served {
  readonly doors: Door;
  readonly ready: () => boolean;
}

export interface SidecarListeners {
  /** For other nodes. */
  readonly front: Listener;
  /** For the own agent, and for whoever asks whether this node is well. */
  readonly app: Listener;
  /** For callers with keys. */
  readonly door: Listener | undefined;
  /** From now on; until then nothing is served, and nothing is ready. */
  serve(side: 'front' | 'app' | 'door', served: Served): void;
  /** All but `front`, which a node closes by itself when it drains. */
  closeOthers(graceful: boolean): Promise<void>;
  /** All of them, now. */
  close(): Promise<void>;
}

export const openListeners = async (options: Wanted, mutual: MutualTls, clock: Clock): Promise<SidecarListeners> => {
  const { tls: _, appPort = 0, appSocket, door, ...bare } = options;
  const served = new Map<string, Served>();
  const late = (side: string): Pick<ListenOptions, 'doors' | 'ready' | 'clock'> => ({
    clock,
    doors: [(req, res) => served.get(side)?.doors(req, res) ?? false],
    ready: () => served.get(side)?.ready() ?? false,
  });
  const opened: Listener[] = [];
  const open = async (listening: ListenOptions): Promise<Listener> => {
    const listener = await listen(listening);
    opened.push(listener);
    return listener;
  };
  const close = async (): Promise<void> => void (await Promise.all(opened.map((one) => one.close(false))));
  try {
    const front = await open({ ...bare, ...late('front'), mutual });
    const own = { ...late('app'), host: '127.0.0.1', port: appPort };
    const app = await open(own);
    if (appSocket !== undefined) await open({ ...own, socket: appSocket });
    return {
      ...{ front, app, door: door && (await open({ ...options, ...door, ...late('door') })) },
      serve: (side, what) => void served.set(side, what),
      closeOthers: async (graceful) => {
        await Promise.all(opened.filter((one) => one !== front).map((one) => one.close(graceful)));
      },
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
};
