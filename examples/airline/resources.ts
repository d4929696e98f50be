/** The configuration that governs the desk: the same agents, tools and policy in every topology. */
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { Topology } from '../../src/cli/deploy.ts';
import { API_VERSION } from '../../src/contract/index.ts';
import { toolNames, tools } from './tools.ts';

/** Who is called, and who calls. */
export const DESK = { name: 'desk', domain: 'service' } as const;
export const CLERK = { name: 'clerk', domain: 'counter' } as const;

/** Who works out facts for the written policy. */
export const FACTS = { name: 'facts', domain: 'service' } as const;

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

const textOf = (file: string): string => readFileSync(new URL(`policies/${file}`, import.meta.url), 'utf8');

const bundle = (level: string, file: string): unknown =>
  resource(
    'PolicyBundle',
    { name: level },
    { level, policies: { text: textOf(file), source: `examples/airline/policies/${file}` } },
  );

/** The same desk through a hub, governed by the written policy, with the facts that its rules need. */
export const governedResources = (): readonly unknown[] => [
  ...resourcesFor('hub').filter((one) => !['PolicyBundle', 'Agent'].includes((one as { kind: string }).kind)),
  resource('Agent', CLERK, { description: 'asks on behalf of a customer', operations: [{ name: 'ask' }] }),
  resource('Agent', DESK, {
    description: 'the service desk: 14 tools, with their arguments',
    operations: toolNames.map((name) => ({
      name,
      effect: tools[name].effect,
      input: z.toJSONSchema(tools[name].args, { io: 'input' }),
    })),
    health: { path: '/healthz' },
  }),
  resource('Agent', FACTS, {
    description: 'works out facts for policies',
    operations: factNames.map((name) => ({ name, effect: 'read' })),
  }),
  ...parseAllDocuments(textOf('facts.yaml')).map((document) => document.toJS() as unknown),
  bundle('org', 'access.cedar'),
  bundle(DESK.domain, 'written-policy.cedar'),
];

/** The operations of the agent `facts`. */
const factNames = ['booking', 'trip', 'change', 'bags', 'party', 'compensation'] as const;

const resource = (kind: string, metadata: object, spec: object): unknown => ({
  apiVersion: API_VERSION,
  kind,
  metadata,
  spec,
});
