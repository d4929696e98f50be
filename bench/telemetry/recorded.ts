/** One call as the product told it: what a hub that was started by its command line noted, step by step, and handed to its store. */
import { setTimeout as after } from 'node:timers/promises';
import { deploy } from '../../src/cli/deploy.ts';
import type { CallEvent } from '../../src/contract/index.ts';
import type { Children } from '../children.ts';
import { requestBody } from '../load/exchange.ts';
import { startUpstream } from '../processes.ts';
import { Nodes, resource } from '../targets/airspace.ts';

const HOME = 'work';
const CALLER = 'caller';
const PATH = '/v1/agents/bench/echo';
const READY_MS = 15_000;
const POLICY = `
@id("caller-may-read")
@reason("the caller of the benchmark may read from its agent")
permit (principal == Agent::"${CALLER}", action, resource in Agent::"bench")
when { resource.effect == "read" };
`;

export const recordedCall = async (children: Children, dir: string): Promise<CallEvent> => {
  const upstream = await startUpstream(children);
  const url = `http://127.0.0.1:${upstream.port}`;
  const deployed = await deploy(new Nodes(children, dir, null, []), {
    topology: 'hub',
    resources: [
      resource('Domain', HOME, {}),
      resource('Agent', CALLER, { operations: [{ name: 'noop', effect: 'read' }] }, HOME),
      resource('Agent', 'bench', { operations: [{ name: 'echo', effect: 'read' }] }, HOME),
      resource('Route', 'to-bench', { to: { kind: 'agent', name: 'bench' }, via: 'hub' }),
      resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
    ],
    target: { name: 'bench', domain: HOME, instances: [{ name: 'one', url }] },
    callers: [{ name: CALLER, domain: HOME }],
  });
  const access = deployed.access.get(CALLER)!;
  for (const until = performance.now() + READY_MS; performance.now() < until; await after(50)) {
    const reply = await fetch(`${access.url}${PATH}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${access.key}`, 'content-type': 'application/json' },
      body: requestBody,
    });
    await reply.arrayBuffer();
    const [event] = reply.status === 200 ? await deployed.events(reply.headers.get('airspace-trace-id') ?? '') : [];
    if (event !== undefined && event.steps.length > 0) return event;
  }
  throw new Error(`no call was recorded in ${READY_MS} ms`);
};
