/** What this door offers, as clients of either manner are told it: for one server what that server says, as far as the caller may use it. */
import { MCP_PREFIX, type TargetEntry } from '../../contract/index.ts';
import { META, VERSIONS } from '../../dialects/mcp/index.ts';
import type { Asked } from './asked.ts';
import { COMPLETE, capabilitiesOfAll, GET_PROMPT, LIST, mayDo, READ_RESOURCE } from './federated.ts';
import { isJson, type Json } from './message.ts';
import type { Messages } from './sent.ts';
import { TASKS } from './tasks.ts';
import { serverAt } from './tools.ts';

export const SERVER_INFO = { name: 'airspace', title: 'Airspace', version: '0.1.0' } as const;

const INSTRUCTIONS =
  'Tools that you may call here. Each call is checked by policy, may wait for the approval of people, and is recorded.';

/** Of everything at once, and of a server that does not speak MCP itself. */
const own = async (asked: Asked): Promise<Json> => ({
  supportedVersions: VERSIONS,
  capabilities: {
    ...(await ownCapabilities(asked)),
    ...(asked.parts.calls === undefined ? {} : { extensions: { [TASKS]: {} } }),
  },
  instructions: INSTRUCTIONS,
  ttlMs: 60_000,
  cacheScope: 'private',
  _meta: { [META.serverInfo]: SERVER_INFO },
});

export const ownCapabilities = async (asked: Pick<Asked, 'parts' | 'principal' | 'place'>): Promise<Json> => ({
  tools: { listChanged: true },
  ...(asked.place.target === null ? await capabilitiesOfAll(asked) : {}),
});

export async function* discovered(asked: Asked, through: (asked: Asked) => Messages): Messages {
  const server = await serverAt(asked.parts.directory, asked.principal, asked.place);
  const ours = await own(asked);
  if (server?.speech?.protocol !== 'mcp' || !mayDo(server, LIST)) return { kind: 'result', result: ours };
  const end = yield* through(asked);
  if (end.kind === 'error') return end;
  const { instructions, capabilities, _meta } = end.result;
  return {
    kind: 'result',
    result: {
      ...ours,
      ...(typeof instructions === 'string' ? { instructions } : {}),
      capabilities: capabilitiesAt(server, capabilities, ours['capabilities']),
      ...(isJson(_meta) ? { _meta } : {}),
    },
  };
}

/** What it takes to use a capability. */
const NEEDS: Readonly<Record<string, string>> = {
  prompts: GET_PROMPT,
  resources: READ_RESOURCE,
  completions: COMPLETE,
  logging: LIST,
};

/** Those that the caller can use; tools are listed here, so they are ours to announce. */
export const capabilitiesAt = (server: TargetEntry, said: unknown, ours: unknown): Json => {
  const theirs = isJson(said) ? said : {};
  const usable = Object.entries(theirs).filter(([name]) => NEEDS[name] !== undefined && mayDo(server, NEEDS[name]));
  const extensions = { ...extensionsIn(mayDo(server, `${MCP_PREFIX}task`) ? theirs : {}), ...extensionsIn(ours) };
  return {
    ...Object.fromEntries(usable),
    tools: { listChanged: true },
    ...(Object.keys(extensions).length === 0 ? {} : { extensions }),
  };
};

const extensionsIn = (capabilities: unknown): Json => {
  const extensions = isJson(capabilities) ? capabilities['extensions'] : undefined;
  return isJson(extensions) && isJson(extensions[TASKS]) ? { [TASKS]: extensions[TASKS] } : {};
};
