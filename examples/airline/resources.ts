/** The configuration that governs the desk: the same agents, tools and policy in every topology. */
import { readFileSync } from 'node:fs';
import type { Topology } from '../../src/cli/deploy.ts';
import { API_VERSION } from '../../src/contract/index.ts';
import { toolNames, tools } from './tools.ts';

/** Who is called, and who calls. */
export const DESK = { name: 'desk', domain: 'service' } as const;
export const CLERK = { name: 'clerk', domain: 'counter' } as const;

/** The rule that refuses a change outside a conversation. */
export const NO_CONVERSATION = 'NO_CONVERSATION';

const policy = readFileSync(new URL('airline.cedar', import.meta.url), 'utf8');

/** Two fields differ: `via` of the route in the mesh, `delegated` of the desk's domain in the hierarchy. */
export const resourcesFor = (topology: Topology): readonly unknown[] => [
  resource('Domain', { name: CLERK.domain }, { description: 'where customers ask' }),
  resource('Domain', { name: DESK.domain }, { description: 'where it is done', delegated: topology === 'hierarchy' }),
  resource('Agent', CLERK, { description: 'asks on behalf of a customer', operations: [{ name: 'ask' }] }),
  resource('Agent', DESK, { description: 'the service desk: 14 tools', operations, health: { path: '/healthz' } }),
  resource(
    'Route',
    { name: 'to-the-desk' },
    { to: { kind: 'agent', name: DESK.name }, via: topology === 'mesh' ? 'mesh' : 'hub' },
  ),
  resource(
    'PolicyBundle',
    { name: 'org' },
    { level: 'org', policies: { text: policy, source: 'examples/airline/airline.cedar' } },
  ),
];

const operations = toolNames.map((name) => ({ name, effect: tools[name].effect }));

const resource = (kind: string, metadata: object, spec: object): unknown => ({
  apiVersion: API_VERSION,
  kind,
  metadata,
  spec,
});
