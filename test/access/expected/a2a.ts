/** A2A, in both versions and both bindings over HTTP, for agents, tools and models. */
import { call, type Expected, everybody } from './words.ts';

/** Tasks and cards are somebody's own: the protocol answers, and only who may call sees what is called. */
const own: Expected = { in: [], see: ['alice'], bySight: true };

const MESSAGES = ['SendMessage 1.0', 'SendStreamingMessage 1.0', 'message/send 0.3', 'message/stream 0.3'];
const METHODS = [
  ...['GetTask 1.0', 'ListTasks 1.0', 'CancelTask 1.0', 'SubscribeToTask 1.0'],
  ...['CreateTaskPushNotificationConfig 1.0', 'ListTaskPushNotificationConfigs 1.0'],
  ...['GetTaskPushNotificationConfig 1.0', 'DeleteTaskPushNotificationConfig 1.0', 'GetExtendedAgentCard 1.0'],
  ...['tasks/get 0.3', 'tasks/cancel 0.3', 'tasks/resubscribe 0.3', 'tasks/pushNotificationConfig/set 0.3'],
  ...['tasks/pushNotificationConfig/list 0.3', 'tasks/pushNotificationConfig/get 0.3'],
  ...['tasks/pushNotificationConfig/delete 0.3', 'agent/getAuthenticatedExtendedCard 0.3'],
];
const CONFIGS = '/tasks/{id}/pushNotificationConfigs';
const REST = [
  ...['GET /tasks/{id}', 'POST /tasks/{id}:cancel', 'GET /tasks/{id}:subscribe'],
  ...[`POST ${CONFIGS}`, `GET ${CONFIGS}`, `GET ${CONFIGS}/{config}`, `DELETE ${CONFIGS}/{config}`],
  'GET /extendedAgentCard',
];

const under = (base: string): readonly (readonly [string, Expected])[] => {
  const at = (verbAndPath: string, version: string): string => `a2a: ${verbAndPath.replace(' ', ` ${base}${version}`)}`;
  return [
    ...MESSAGES.map((method) => [`a2a: POST ${base} (${method})`, call] as const),
    ...METHODS.map((method) => [`a2a: POST ${base} (${method})`, own] as const),
    ...['', '/v1'].flatMap((version) => [
      ...['POST /message:send', 'POST /message:stream'].map((path) => [at(path, version), call] as const),
      ...REST.map((path) => [at(path, version), own] as const),
    ]),
    [at('GET /tasks', ''), own],
    [at('GET /.well-known/agent-card.json', ''), own],
  ];
};

export const A2A: Readonly<Record<string, Expected>> = {
  ...Object.fromEntries(['/a2a/{name}', '/a2a/tools/{name}', '/a2a/models/{name}'].flatMap(under)),
  'a2a: POST /a2a (SendMessage 1.0)': call,
  'a2a: GET /.well-known/agent-card.json': own,
  'a2a: GET /.well-known/agent.json': own,
  'a2a: GET /a2a/.well-known/jwks.json': everybody,
};
