/** What the A2A door serves over HTTP: JSON-RPC and REST in both versions, below the address of each target and of the node. */
import type { TargetKind } from '../../contract/index.ts';
import type { DoorRoute, Gate, HttpMethod } from '../routes.ts';

type Version = '1.0' | '0.3';

const headersOf = (version: Version): Readonly<Record<string, string>> => ({
  'content-type': 'application/json',
  'a2a-version': version,
});

const MESSAGE: Readonly<Record<Version, object>> = {
  '1.0': { messageId: 'm1', role: 'ROLE_USER', parts: [{ text: 'hello' }], metadata: { skill: '{operation}' } },
  '0.3': {
    kind: 'message',
    messageId: 'm1',
    role: 'user',
    parts: [{ kind: 'text', text: 'hello' }],
    metadata: { skill: '{operation}' },
  },
};

const PUSH = '/tasks/{id}/pushNotificationConfigs';

interface Method {
  /** In JSON-RPC, by version; absent: that version has none. */
  readonly names: Partial<Readonly<Record<Version, string>>>;
  readonly verb: HttpMethod;
  readonly path: string;
  readonly summary: string;
  readonly params: 'message' | 'task' | 'config' | 'none';
}

const METHODS: readonly Method[] = [
  {
    names: { '1.0': 'SendMessage', '0.3': 'message/send' },
    ...{ verb: 'POST', path: '/message:send', summary: 'send a message', params: 'message' },
  },
  {
    names: { '1.0': 'SendStreamingMessage', '0.3': 'message/stream' },
    ...{ verb: 'POST', path: '/message:stream', summary: 'send a message and follow it', params: 'message' },
  },
  {
    names: { '1.0': 'GetTask', '0.3': 'tasks/get' },
    ...{ verb: 'GET', path: '/tasks/{id}', summary: 'a task of yours', params: 'task' },
  },
  {
    names: { '1.0': 'ListTasks' },
    ...{ verb: 'GET', path: '/tasks', summary: 'tasks of yours', params: 'none' },
  },
  {
    names: { '1.0': 'CancelTask', '0.3': 'tasks/cancel' },
    ...{ verb: 'POST', path: '/tasks/{id}:cancel', summary: 'cancel a task of yours', params: 'task' },
  },
  {
    names: { '1.0': 'SubscribeToTask', '0.3': 'tasks/resubscribe' },
    ...{ verb: 'GET', path: '/tasks/{id}:subscribe', summary: 'follow a task of yours', params: 'task' },
  },
  {
    names: { '1.0': 'CreateTaskPushNotificationConfig', '0.3': 'tasks/pushNotificationConfig/set' },
    ...{ verb: 'POST', path: PUSH, summary: 'be told of a task of yours', params: 'config' },
  },
  {
    names: { '1.0': 'ListTaskPushNotificationConfigs', '0.3': 'tasks/pushNotificationConfig/list' },
    ...{ verb: 'GET', path: PUSH, summary: 'who is told of a task of yours', params: 'config' },
  },
  {
    names: { '1.0': 'GetTaskPushNotificationConfig', '0.3': 'tasks/pushNotificationConfig/get' },
    ...{ verb: 'GET', path: `${PUSH}/{config}`, summary: 'one of those who are told', params: 'config' },
  },
  {
    names: { '1.0': 'DeleteTaskPushNotificationConfig', '0.3': 'tasks/pushNotificationConfig/delete' },
    ...{ verb: 'DELETE', path: `${PUSH}/{config}`, summary: 'tell one of them no more', params: 'config' },
  },
  {
    names: { '1.0': 'GetExtendedAgentCard', '0.3': 'agent/getAuthenticatedExtendedCard' },
    ...{ verb: 'GET', path: '/extendedAgentCard', summary: 'the card with what you may call', params: 'none' },
  },
];

const VERSIONS: readonly Version[] = ['1.0', '0.3'];

const paramsOf = ({ params }: Method, version: Version): object => {
  if (params === 'message') return { message: MESSAGE[version] };
  if (params === 'task') return { id: '{id}' };
  if (params === 'none') return {};
  return version === '1.0' ? { taskId: '{id}', id: 'c1' } : { id: '{id}', pushNotificationConfigId: 'c1' };
};

const gateOf = ({ params }: Method, target: TargetKind): Gate =>
  params === 'message' ? { kind: 'call', target, operation: '*' } : { kind: 'known' };

const rpc = (base: string, target: TargetKind, method: Method, version: Version): readonly DoorRoute[] => {
  const name = method.names[version];
  if (name === undefined) return [];
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: name, params: paramsOf(method, version) });
  return [
    {
      ...{ door: 'a2a', method: 'POST', path: base, variant: `${name} ${version}`, summary: method.summary },
      gate: gateOf(method, target),
      example: { headers: headersOf(version), body },
    },
  ];
};

const rest = (base: string, target: TargetKind, method: Method, version: Version): readonly DoorRoute[] => {
  if (method.names[version] === undefined) return [];
  const path = `${base}${version === '0.3' ? '/v1' : ''}${method.path}`;
  return [
    {
      ...{ door: 'a2a', method: method.verb, path, summary: method.summary },
      gate: gateOf(method, target),
      example: {
        headers: headersOf(version),
        ...(method.verb === 'POST' ? { body: JSON.stringify(paramsOf(method, version)) } : {}),
      },
    },
  ];
};

const at = (base: string, target: TargetKind): readonly DoorRoute[] => [
  ...METHODS.flatMap((method) =>
    VERSIONS.flatMap((version) => [...rpc(base, target, method, version), ...rest(base, target, method, version)]),
  ),
  card(`${base}/.well-known/agent-card.json`),
];

const card = (path: string): DoorRoute => ({
  ...{ door: 'a2a', method: 'GET', path, summary: 'the card' },
  gate: { kind: 'public' },
  example: { headers: { 'a2a-version': '1.0' } },
});

export const routes: readonly DoorRoute[] = [
  ...at('/a2a/{name}', 'agent'),
  ...at('/a2a/tools/{name}', 'tool'),
  ...at('/a2a/models/{name}', 'model'),
  {
    ...{ door: 'a2a', method: 'POST', path: '/a2a', variant: 'SendMessage 1.0', summary: 'a message to whom it names' },
    gate: { kind: 'call', target: 'agent', operation: '*' },
    example: {
      headers: headersOf('1.0'),
      body: JSON.stringify({
        ...{ jsonrpc: '2.0', id: 1, method: 'SendMessage' },
        params: { tenant: '{name}', message: MESSAGE['1.0'] },
      }),
    },
  },
  card('/.well-known/agent-card.json'),
  card('/.well-known/agent.json'),
  {
    ...{ door: 'a2a', method: 'GET', path: '/a2a/.well-known/jwks.json', summary: 'keys that cards are signed with' },
    gate: { kind: 'open' },
  },
];
