/** `airspace/sidecar`: a node of the mesh inside of a Node program, which begins and ends it when it likes. */
import { type Client, createClient } from '../../client/index.ts';
import { systemWorld } from '../../kernel/index.ts';
import { startSidecar as start } from '../node/sidecar.ts';

export type { Client } from '../../client/index.ts';

export interface SidecarOptions {
  /** Base URL of the hub to join. */
  readonly hub: string;
  /** Where its state lives: its key, its membership, the last good policy. Of this sidecar alone. */
  readonly dir: string;
  /** One-time join token; needed the first time only. */
  readonly token?: string;
  /** Where the agent listens: `http://127.0.0.1:8080`, or `unix:/path/to.sock`. Default: it only calls. */
  readonly agent?: string;
  /** Default `1`. */
  readonly version?: string;
  /** Is the agent ready for calls? Asked at each heartbeat. Default: always. */
  readonly isReady?: () => boolean;
  /** Address that other nodes reach. Default: this machine alone, on a free port. */
  readonly listen?: { readonly host: string; readonly port: number };
  /** What others are told to use instead, `https://`: for addresses that are translated on the way. */
  readonly advertise?: string;
  /** A socket for the application side as well, which its owner alone can open. */
  readonly socket?: string;
  /** Log lines as JSON, from `warn` on. Default: nowhere. */
  readonly log?: (line: string) => void;
}

export interface Sidecar {
  /** Id of the node. */
  readonly id: string;
  /** Application side: a base URL for every client that speaks Airspace, A2A, MCP or the API of a model. */
  readonly url: string;
  /** What the application side wants to see: `authorization: Bearer <key>`. New with each start. */
  readonly key: string;
  /** Where other nodes reach this one. */
  readonly nodeUrl: string;
  /** Calls as the agent of this sidecar. */
  readonly call: Client['call'];
  /** All that a client can, streams and detached calls too. */
  readonly client: Client;
  /** Resolves when there is a policy to decide with; rejects when that takes longer. Default 10 s. */
  ready(withinMs?: number): Promise<void>;
  /** Finishes what is under way first, unless `graceful` is false. Once; then nothing of it is left in the process. */
  stop(graceful?: boolean): Promise<void>;
}

/** Joins, serves and follows. Throws Fault when it cannot; then nothing of it is left. */
export const startSidecar = async (options: SidecarOptions): Promise<Sidecar> => {
  const { hub, dir, token, agent, version = '1', isReady, listen, advertise, socket, log = () => {} } = options;
  const { host, port } = listen ?? { host: '127.0.0.1', port: 0 };
  const node = await start({
    ...{ hubUrl: hub, dir, token, host, port, log, agentUrl: agent ?? null, agentVersion: version, level: 'warn' },
    // Who names an address wants it to be reached, and TLS with certificates of members is always there.
    allowPublic: listen !== undefined,
    ...(isReady === undefined ? {} : { agentReady: isReady }),
    ...(advertise === undefined ? {} : { advertise }),
    ...(socket === undefined ? {} : { appSocket: socket }),
  });
  const client = createClient({ url: node.appUrl, key: node.appKey });
  return {
    ...{ id: node.id, url: node.appUrl, key: node.appKey, nodeUrl: node.url, client, call: client.call },
    ready: (withinMs = 10_000) => untilReady(node.snapshotSeq, withinMs),
    stop: (graceful = true) => node.stop(graceful),
  };
};

const LOOK_MS = 20;

const untilReady = async (snapshotSeq: () => number, withinMs: number): Promise<void> => {
  const { clock } = systemWorld();
  const endMs = clock.nowMs() + withinMs;
  while (snapshotSeq() === 0) {
    if (clock.nowMs() >= endMs) throw new Error(`no policy came from the hub within ${withinMs} ms`);
    await new Promise<void>((next) => clock.after(LOOK_MS, next));
  }
};
