/** MCP servers, of the present version first and else of those with a handshake: what tools they list, and how they are reached. */
import type { GuardedRequest } from '../egress/index.ts';
import { cameAs, eventsOf } from './search.ts';
import { isRecord, lineOf } from './text.ts';
import { toolsOf } from './tools.ts';
import type { Answered, Found, Search } from './words.ts';

const MODERN = '2026-07-28';
const LEGACY = '2025-11-25';

/** A way to ask this server something, once it is known how it speaks. */
interface Line {
  readonly url: string;
  readonly version: string;
  readonly title: string;
  readonly description: string;
  readonly ask: (
    method: string,
    params: Readonly<Record<string, unknown>>,
  ) => Promise<Readonly<Record<string, unknown>> | undefined>;
  readonly close: () => Promise<void>;
}

export const findMcp = async (search: Search): Promise<Found | undefined> => {
  const { address } = search;
  const given = `${address.origin}${address.pathname.replace(/(?<=.)\/+$/, '')}`;
  const places = given.endsWith('/mcp') ? [given] : [given, `${given.replace(/\/$/, '')}/mcp`];
  for (const url of places) {
    const line = (await modern(search, url)) ?? (await legacy(search, url));
    if (line === undefined) continue;
    const listed = await toolsOf(line);
    await line.close();
    return {
      kind: 'tool',
      protocol: 'mcp',
      version: line.version,
      binding: '',
      title: line.title || address.hostname,
      description: line.description,
      endpoint: url,
      auth: [],
      skills: [],
      models: [],
      ...listed,
    };
  }
  return undefined;
};

const CLIENT = { name: 'airspace', version: '1' };

const modern = async (search: Search, url: string): Promise<Line | undefined> => {
  const what = 'MCP server/discover';
  let last = 0;
  const ask = async (method: string, params: Readonly<Record<string, unknown>>): Promise<Asked> => {
    const id = `airspace-${++last}`;
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': MODERN,
      'io.modelcontextprotocol/clientCapabilities': {},
      'io.modelcontextprotocol/clientInfo': CLIENT,
    };
    const headers = { 'mcp-protocol-version': MODERN, 'mcp-method': method };
    return said(
      await search.ask(what, url, posted({ jsonrpc: '2.0', id, method, params: { ...params, _meta } }, headers)),
      id,
    );
  };
  const first = await ask('server/discover', {});
  const versions = first.result?.['supportedVersions'];
  if (first.result === undefined || !Array.isArray(versions) || !versions.includes(MODERN)) {
    if (first.answered !== undefined) search.note(what, url, refusalIn(first));
    return undefined;
  }
  search.note(what, url, `an MCP server, ${MODERN}`);
  const meta = first.result['_meta'];
  const info = isRecord(meta) ? meta['io.modelcontextprotocol/serverInfo'] : undefined;
  return {
    url,
    version: MODERN,
    ...namesIn(info ?? first.result['serverInfo'], first.result),
    ask: async (method, params) => (await ask(method, params)).result,
    close: async () => {},
  };
};

const legacy = async (search: Search, url: string): Promise<Line | undefined> => {
  const what = 'MCP initialize';
  let last = 0;
  let session: Readonly<Record<string, string>> = {};
  const ask = async (method: string, params: Readonly<Record<string, unknown>>): Promise<Asked> => {
    const id = `airspace-${++last}`;
    return said(await search.ask(what, url, posted({ jsonrpc: '2.0', id, method, params }, session)), id);
  };
  const first = await ask('initialize', { protocolVersion: LEGACY, capabilities: {}, clientInfo: CLIENT });
  const version = first.result?.['protocolVersion'];
  if (first.result === undefined || typeof version !== 'string' || !/^20\d\d-\d\d-\d\d$/.test(version)) {
    if (first.answered !== undefined) search.note(what, url, refusalIn(first));
    return undefined;
  }
  search.note(what, url, `an MCP server, ${version}`);
  const id = first.answered?.headers['mcp-session-id'];
  session = {
    'mcp-protocol-version': version,
    ...(typeof id === 'string' && /^[\x21-\x7e]{1,512}$/.test(id) ? { 'mcp-session-id': id } : {}),
  };
  await search.ask(what, url, posted({ jsonrpc: '2.0', method: 'notifications/initialized' }, session));
  return {
    url,
    version,
    ...namesIn(first.result['serverInfo'], first.result),
    ask: async (method, params) => (await ask(method, params)).result,
    // What was opened for one look is not left for the server to wait for.
    close: async () => {
      if ('mcp-session-id' in session) await search.ask(what, url, { method: 'DELETE', headers: session });
    },
  };
};

const posted = (message: object, headers: Readonly<Record<string, string>>): GuardedRequest => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
  body: JSON.stringify(message),
});

interface Asked {
  readonly answered: Answered | undefined;
  readonly result: Readonly<Record<string, unknown>> | undefined;
}

/** The answer with our id: whatever else comes is nobody's. */
const said = (answered: Answered | undefined, id: string): Asked => {
  if (answered === undefined || answered.status !== 200) return { answered, result: undefined };
  const documents = answered.contentType.startsWith('text/event-stream') ? eventsOf(answered.body) : [answered.json];
  const own = documents.find((one) => isRecord(one) && one['jsonrpc'] === '2.0' && one['id'] === id);
  return { answered, result: isRecord(own) && isRecord(own['result']) ? own['result'] : undefined };
};

const refusalIn = ({ answered, result }: Asked): string => {
  if (answered === undefined || answered.status !== 200) return answered === undefined ? 'nothing' : cameAs(answered);
  return result === undefined ? 'no answer of an MCP server' : 'an answer without a version that we know';
};

const namesIn = (info: unknown, result: Readonly<Record<string, unknown>>) => ({
  title: isRecord(info) ? lineOf(info['title']) || lineOf(info['name']) : '',
  description: lineOf(result['instructions'], 1_000),
});
