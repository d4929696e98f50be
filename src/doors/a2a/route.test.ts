/** Paths name an agent, a tool, a model or the node itself, and nothing that looks like one of them is taken for another. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routeOf } from './route.ts';

/** Whom it is for, what it is, and what it may ask. */
const words = (path: string): string => {
  const route = routeOf(path);
  if (route === undefined) return 'somebody else';
  if (route.kind === 'keys' || route.kind === 'nowhere') return route.kind;
  const { addressed } = route;
  const whom = addressed === null ? 'node' : `${addressed.kind}/${addressed.name}`;
  if (route.kind !== 'rest') return `${whom} ${route.kind}`;
  const named = route.matches.map(({ facts, named }) => [facts.method, ...Object.values(named)].join(' '));
  return `${whom} ${route.version ?? 'any'} ${named.join(', ')}`;
};

const PATHS: readonly (readonly [string, string])[] = [
  ['/a2a', 'node rpc'],
  ['/a2a/', 'node rpc'],
  ['/a2a/orders', 'agent/orders rpc'],
  ['/a2a/orders/', 'agent/orders rpc'],
  ['/a2a/tools/search', 'tool/search rpc'],
  ['/a2a/models/gpt', 'model/gpt rpc'],
  ['/a2a/agents/tasks', 'agent/tasks rpc'],
  ['/a2a/orders/message:send', 'agent/orders any SendMessage'],
  ['/a2a/tools/search/message:stream', 'tool/search any SendStreamingMessage'],
  ['/a2a/message:send', 'node any SendMessage'],
  ['/a2a/tasks', 'node any ListTasks'],
  ['/a2a/tasks/t-1', 'node any GetTask t-1'],
  ['/a2a/orders/tasks/t-1:cancel', 'agent/orders any CancelTask t-1'],
  ['/a2a/orders/tasks/t-1:subscribe', 'agent/orders any SubscribeToTask t-1'],
  [
    '/a2a/orders/tasks/t-1/pushNotificationConfigs/c',
    'agent/orders any GetTaskPushNotificationConfig t-1 c, DeleteTaskPushNotificationConfig t-1 c',
  ],
  ['/a2a/orders/extendedAgentCard', 'agent/orders any GetExtendedAgentCard'],
  ['/a2a/orders/v1/message:send', 'agent/orders 0.3 SendMessage'],
  ['/a2a/orders/v1/card', 'agent/orders 0.3 GetExtendedAgentCard'],
  ['/a2a/v1/tasks/t-1', 'node 0.3 GetTask t-1'],
  ['/a2a/orders/.well-known/agent-card.json', 'agent/orders card'],
  ['/.well-known/agent-card.json', 'node card'],
  ['/.well-known/agent.json', 'node card'],
  ['/a2a/.well-known/jwks.json', 'keys'],
  ['/a2a/orders/v1/tasks', 'nowhere'],
  ['/a2a/orders/tasks/../../v1', 'nowhere'],
  ['/a2a/orders/tasks/a%2fb', 'nowhere'],
  ['/a2a/Orders', 'nowhere'],
  ['/a2a/tools', 'agent/tools rpc'],
  ['/a2ab', 'somebody else'],
  ['/v1/agents/orders/where', 'somebody else'],
];

for (const [path, expected] of PATHS) test(`${path} is for ${expected}`, () => assert.equal(words(path), expected));
