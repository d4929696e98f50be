/** How Airspace itself is started for the benchmark: the only file here that knows its command line and configuration. */

import type { Child } from '../children.ts';
import { serializeRequest } from '../load/exchange.ts';
import { freePort, type Site, type Target, Unavailable, untilListening } from './target.ts';

export type Topology = 'hub' | 'sidecar';

/**
 * What to run so that `POST /v1/agents/bench/echo` with 1.5 KB of JSON on 127.0.0.1:`port` reaches the upstream through
 * every layer of the topology, with policy, budget, record and telemetry on, as a user would run it.
 */
export interface Launch {
  /** Arguments of this Node for each process; the CPU of all of them is the target's. The last one listens on `port`. */
  readonly processes: readonly { readonly args: readonly string[]; readonly env?: Readonly<Record<string, string>> }[];
  readonly port: number;
  /** Sent as `authorization: Bearer KEY`. */
  readonly key: string;
  readonly version: string;
}

/**
 * Writes configuration and state into `site.dir` (empty, removed after the run), with an agent `bench` of one operation
 * `echo` whose endpoint is `http://127.0.0.1:<site.upstream.port>`, and says what to start.
 * Throws `Unavailable` with what to do when this checkout cannot run the topology.
 */
export async function planLaunch(topology: Topology, _site: Site, _port: number): Promise<Launch> {
  throw new Unavailable(
    `this checkout has no start command for the ${topology}; complete \`planLaunch\` in bench/targets/airspace.ts`,
  );
}

export const hub: Target = { name: 'hub', start: (site) => startAirspace('hub', site) };
export const sidecar: Target = { name: 'sidecar', start: (site) => startAirspace('sidecar', site) };

async function startAirspace(topology: Topology, site: Site): ReturnType<Target['start']> {
  const launch = await planLaunch(topology, site, await freePort());
  const started: Child[] = launch.processes.map(({ args, env }) =>
    site.children.start([process.execPath, ...args], {
      on: 'hop',
      cwd: site.dir,
      ...(env === undefined ? {} : { env }),
    }),
  );
  const last = started.at(-1);
  if (last === undefined) throw new Unavailable(`the launch of the ${topology} names no process`);
  await untilListening(last, launch.port, topology);
  return {
    pids: started.map((child) => child.pid),
    port: launch.port,
    request: serializeRequest('/v1/agents/bench/echo', { authorization: `Bearer ${launch.key}` }),
    version: launch.version,
  };
}
