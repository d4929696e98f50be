/** Bodies of calls in the form `mcp`, as doors write and upstreams read them. All of it is JSON text: nothing is parsed on the way. */
import { documentIn, Fault, formOf } from '../../contract/index.ts';
import { membersOf, objectOf } from './members.ts';
import { CALL_TOOL, isProtocol, operationOf } from './methods.ts';

/** A request without what the way adds: its id, its `_meta`, and the name of the tool. */
export interface McpRequest {
  readonly method: string;
  /** JSON text of an object: `params` without `name` of a tool, and without `_meta`. */
  readonly params: string;
}

/** What a door sends. */
export interface McpBody {
  readonly operation: string;
  readonly contentType: string;
  readonly body: string;
}

const ARGUMENTS = 'arguments';

/**
 * Operation and body for one request of a client. Undefined: there is no such method. Throws `bad_request` for `tools/call` without a
 * `name`, or with `arguments` that are no object.
 */
export const bodyOf = (method: string, params: string | undefined): McpBody | undefined => {
  const members = new Map(membersOf(params ?? '{}'));
  members.delete('_meta');
  if (method === CALL_TOOL) return toolBody(members);
  const operation = operationOf(method);
  if (operation === undefined) return undefined;
  return { operation, contentType: documentIn('mcp'), body: textOf({ method, params: objectOf(members) }) };
};

/** `method` is one of the protocol, or one of ours. */
export const textOf = ({ method, params }: McpRequest): string =>
  objectOf([
    ['method', JSON.stringify(method)],
    ['params', params],
  ]);

const toolBody = (members: Map<string, string>): McpBody => {
  const name: unknown = JSON.parse(members.get('name') ?? 'null');
  if (typeof name !== 'string' || name === '')
    throw new Fault('bad_request', '`params.name` must be the name of a tool');
  members.delete('name');
  const args = members.get(ARGUMENTS) ?? '{}';
  if (!args.startsWith('{')) throw new Fault('bad_request', '`params.arguments` must be an object');
  const isPlain = [...members.keys()].every((key) => key === ARGUMENTS);
  return isPlain
    ? { operation: name, contentType: 'application/json', body: args }
    : { operation: name, contentType: documentIn('mcp'), body: objectOf(members) };
};

/** What a call asks of an MCP server. `body` has passed `guardJson`. Throws `bad_request`. */
export const requestOf = (operation: string, contentType: string, body: string): McpRequest => {
  const text = body === '' ? '{}' : body;
  if (!isProtocol(operation)) return toolRequest(operation, formOf(contentType) === 'mcp', text);
  const members = membersOf(text);
  const method: unknown = JSON.parse(members?.get('method') ?? 'null');
  if (typeof method !== 'string' || operationOf(method) !== operation)
    throw new Fault(
      'bad_request',
      `\`${operation}\` wants \`{"method": ..., "params": {...}}\` with a method of its own`,
    );
  const params = members?.get('params') ?? '{}';
  if (!params.startsWith('{')) throw new Fault('bad_request', '`params` must be an object');
  return { method, params: without(params, '_meta') };
};

const toolRequest = (tool: string, isForm: boolean, text: string): McpRequest => {
  const members = isForm ? new Map(membersOf(text)) : new Map([[ARGUMENTS, text]]);
  if (!(members.get(ARGUMENTS) ?? '{}').startsWith('{'))
    throw new Fault('bad_request', `the arguments of tool operation \`${tool}\` must be a JSON object`);
  members.delete('name');
  members.delete('_meta');
  return { method: CALL_TOOL, params: objectOf([['name', JSON.stringify(tool)], ...members]) };
};

const without = (params: string, name: string): string => {
  const members = new Map(membersOf(params));
  return members.delete(name) ? objectOf(members) : params;
};
