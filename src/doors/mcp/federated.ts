/** Prompts and resources of all servers at one address: whose a request is, and how the answer is said under the names of that address. */
import { type Directory, MCP_PREFIX, type Principal, type Target, type TargetEntry } from '../../contract/index.ts';
import { CODES } from '../../dialects/mcp/index.ts';
import type { Asked } from './asked.ts';
import { isJson, type Json, Refusal } from './message.ts';
import { prefixOf, renamed, uriIn } from './names.ts';
import type { End } from './reply.ts';

export const LIST = `${MCP_PREFIX}list`;
export const GET_PROMPT = `${MCP_PREFIX}prompts.get`;
export const READ_RESOURCE = `${MCP_PREFIX}resources.read`;
export const COMPLETE = `${MCP_PREFIX}complete`;

/** MCP servers that the caller may ask all of that, in the order of their names. */
export const serversFor = async (
  directory: Directory,
  principal: Principal,
  operations: readonly string[],
): Promise<readonly TargetEntry[]> =>
  (await directory.visible(principal, ['tool'])).filter(
    (target) => target.speech?.protocol === 'mcp' && operations.every((operation) => mayDo(target, operation)),
  );

export const mayDo = ({ operations }: TargetEntry, operation: string): boolean =>
  operations.some(({ name }) => name === operation);

/** What can be done with all of them together. Nobody is asked: a server that has none of it lists none. */
export const capabilitiesOfAll = async ({
  parts: { directory },
  principal,
}: Pick<Asked, 'parts' | 'principal'>): Promise<Json> => {
  const may = async (...operations: string[]): Promise<boolean> =>
    (await serversFor(directory, principal, operations)).length > 0;
  return {
    ...((await may(LIST, GET_PROMPT)) ? { prompts: {} } : {}),
    ...((await may(LIST, READ_RESOURCE)) ? { resources: {} } : {}),
    ...((await may(COMPLETE)) ? { completions: {} } : {}),
  };
};

/** A request, and the server that it is for, in whose own names it is. */
export interface Bound {
  readonly server: TargetEntry;
  readonly params: Json;
}

const NEEDS: ReadonlyMap<string, string> = new Map([
  ['prompts/get', GET_PROMPT],
  ['resources/read', READ_RESOURCE],
  ['completion/complete', COMPLETE],
]);

/** Undefined: there is no such method for this caller. Throws Refusal for what is none of the names that it may use. */
export const boundOf = async ({ parts, principal, method, params }: Asked): Promise<Bound | undefined> => {
  const needed = NEEDS.get(method);
  const servers = needed === undefined ? [] : await serversFor(parts.directory, principal, [needed]);
  if (servers.length === 0) return undefined;
  if (method === 'prompts/get') return promptOf(servers, params);
  if (method === 'resources/read') return resourceOf(servers, params);
  const { ref } = params;
  if (!isJson(ref)) throw unknown('`ref` must name a prompt or a resource');
  const { server, params: own } = ref['type'] === 'ref/prompt' ? promptOf(servers, ref) : resourceOf(servers, ref);
  return { server, params: { ...params, ref: own } };
};

const unknown = (message: string): Refusal => new Refusal(200, { code: CODES.invalidParams, message });

const promptOf = (servers: readonly TargetEntry[], params: Json): Bound => {
  const name = String(params['name']);
  const server = servers.find((one) => name.startsWith(prefixOf(one)));
  if (server === undefined) throw unknown(`unknown prompt: there is no ${shown(name)} for you; see prompts/list`);
  return { server, params: { ...params, name: name.slice(prefixOf(server).length) } };
};

const resourceOf = (servers: readonly TargetEntry[], params: Json): Bound => {
  const own = uriIn(String(params['uri']));
  const server = servers.find(({ name }) => name === own?.server);
  if (own === undefined || server === undefined)
    throw unknown(`unknown resource: there is no ${shown(String(params['uri']))} for you; see resources/list`);
  return { server, params: { ...params, uri: own.uri } };
};

const shown = (name: string): string => JSON.stringify(name.slice(0, 200));

/** Resources that an answer names can be read here under other URIs, where the caller may read them at all. */
export const endAt = async (
  { parts, principal, place }: Asked,
  { kind, name }: Pick<Target, 'kind' | 'name'>,
  end: End,
): Promise<End> => {
  if (place.target !== null || kind !== 'tool' || end.kind === 'error') return end;
  const readable = await serversFor(parts.directory, principal, [READ_RESOURCE]);
  if (!readable.some((server) => server.name === name)) return end;
  const { result } = end.result;
  // What became of a task is in what is said of it.
  const inner = isJson(result) && end.result['taskId'] !== undefined ? { result: renamed(name, result) } : {};
  return { kind: 'result', result: { ...renamed(name, end.result), ...inner } };
};
