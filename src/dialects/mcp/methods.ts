/** Methods of MCP: the operation that governs each, and the name that its headers repeat. */
import { MCP_PREFIX } from '../../contract/index.ts';

/** Ours, for what is no method of the protocol: see the agreement in `index.ts`. */
export const STREAM = '$stream';
export const RESPONSE = '$response';
export const CLOSE = '$close';

export const CALL_TOOL = 'tools/call';

const OPERATIONS: ReadonlyMap<string, string> = new Map([
  ['server/discover', 'mcp.list'],
  ['tools/list', 'mcp.list'],
  ['prompts/list', 'mcp.list'],
  ['resources/list', 'mcp.list'],
  ['resources/templates/list', 'mcp.list'],
  ['resources/read', 'mcp.resources.read'],
  ['prompts/get', 'mcp.prompts.get'],
  ['completion/complete', 'mcp.complete'],
  ['subscriptions/listen', 'mcp.listen'],
  ['resources/subscribe', 'mcp.listen'],
  ['resources/unsubscribe', 'mcp.listen'],
  [STREAM, 'mcp.listen'],
  ['tasks/get', 'mcp.task'],
  ['tasks/update', 'mcp.task'],
  ['tasks/cancel', 'mcp.task'],
  ['tasks/result', 'mcp.task'],
  ['tasks/list', 'mcp.task'],
  ['initialize', 'mcp.session'],
  ['ping', 'mcp.session'],
  ['logging/setLevel', 'mcp.session'],
  ['notifications/initialized', 'mcp.session'],
  ['notifications/cancelled', 'mcp.session'],
  ['notifications/progress', 'mcp.session'],
  ['notifications/roots/list_changed', 'mcp.session'],
  [RESPONSE, 'mcp.session'],
  [CLOSE, 'mcp.session'],
]);

/** Undefined: there is no such method. That of `tools/call` is the tool itself. */
export const operationOf = (method: string): string | undefined => OPERATIONS.get(method);

/** Is this what the protocol does besides running tools? */
export const isProtocol = (operation: string): boolean => operation.startsWith(MCP_PREFIX);

const NAMES: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

/** Member of the parameters that the header `mcp-name` repeats; undefined where there is no such header. */
export const nameMember = (method: string): string | undefined =>
  Object.hasOwn(NAMES, method) ? NAMES[method] : undefined;

/** Results of these may be kept for a while, and say for how long and for whom. */
export const isCacheable = (method: string): boolean =>
  method === 'server/discover' || method === 'resources/read' || method.endsWith('/list');
