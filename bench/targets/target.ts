/** What a benchmark target is: something that can be put between the load and the upstream, or say why it cannot. */
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import type { Child, Children } from '../children.ts';
import type { Upstream } from '../processes.ts';

export const targetNames = ['hub', 'paid', 'sidecar', 'direct', 'nginx', 'peer'] as const;
export type TargetName = (typeof targetNames)[number];

export interface Site {
  readonly upstream: Upstream;
  readonly children: Children;
  /** An empty folder for configuration and state, removed after the run. */
  readonly dir: string;
  readonly say: (line: string) => void;
}

export interface Running {
  /** Processes whose CPU, with that of their children, is the target's cost. */
  readonly pids: readonly number[];
  /** Further processes that the target needs but that are not the hop: their CPU is neither its cost nor foreign. */
  readonly beside?: readonly number[];
  /** On 127.0.0.1. */
  readonly port: number;
  /** One whole HTTP/1.1 request that the target answers with 2xx. */
  readonly request: string;
  readonly version: string;
}

export interface Target {
  readonly name: TargetName;
  /** Fetches what the target needs, once per checkout; its time is not the benchmark's. Throws `Unavailable`. */
  readonly prepare?: (site: Site) => Promise<void>;
  /** Resolves when the target listens. Throws `Unavailable` when it cannot run here; bounded in time. */
  readonly start: (site: Site) => Promise<Running>;
}

/** The target cannot run on this machine; the message says what to do. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

const LISTEN_MS = 10_000;

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until the port accepts connections; throws when the process ends first or 10 seconds are over. */
export async function untilListening(child: Child, port: number, name: string): Promise<void> {
  let reason: string | undefined;
  void child.ended.then((text) => (reason = text));
  for (const until = performance.now() + LISTEN_MS; performance.now() < until; await after(50)) {
    if (reason !== undefined) throw new Unavailable(`\`${name}\` did not start: ${reason}`);
    if (await accepts(port)) return;
  }
  throw new Unavailable(`\`${name}\` did not listen on its port in ${LISTEN_MS / 1_000} s`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
