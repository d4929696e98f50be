/** What the MCP door serves: one path for everything, one for each server, and what is told apart by version and method. */
import type { DoorRoute, Gate } from '../routes.ts';

const TYPES = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const MODERN = '2026-07-28';
const LEGACY = '2025-11-25';
const META = 'io.modelcontextprotocol/';
const CLIENT = { name: 'client', version: '1' };

/** With the headers that mirror the body. */
const modern = (method: string, params: object = {}, name?: string) => ({
  headers: {
    ...TYPES,
    'mcp-protocol-version': MODERN,
    'mcp-method': method,
    ...(name === undefined ? {} : { 'mcp-name': name }),
  },
  body: JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method,
    params: {
      ...params,
      ...(name === undefined ? {} : { name }),
      _meta: {
        [`${META}protocolVersion`]: MODERN,
        [`${META}clientCapabilities`]: {},
        [`${META}clientInfo`]: CLIENT,
      },
    },
  }),
});

const legacy = (method: string, params: object = {}) => ({
  headers: { ...TYPES, 'mcp-protocol-version': LEGACY },
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
});

type Parts = Pick<DoorRoute, 'method' | 'path' | 'summary' | 'gate'> & Partial<DoorRoute>;
const route = (parts: Parts): DoorRoute => ({ door: 'mcp', ...parts });

const known: Gate = { kind: 'known' };
const call = (operation: string): Gate => ({ kind: 'call', target: 'tool', operation });
const ONE = '/mcp/{name}';
const ALL = '/mcp';

const initialize = legacy('initialize', { protocolVersion: LEGACY, capabilities: {}, clientInfo: CLIENT });
const posts = (path: string, tool: string, gate: Gate): readonly DoorRoute[] => [
  route({
    method: 'POST',
    path,
    variant: `server/discover ${MODERN}`,
    summary: 'what the server is',
    gate,
    example: modern('server/discover'),
  }),
  route({
    method: 'POST',
    path,
    variant: `tools/list ${MODERN}`,
    summary: 'tools that you may call',
    gate,
    example: modern('tools/list'),
  }),
  route({
    method: 'POST',
    path,
    variant: `tools/call ${MODERN}`,
    summary: 'call a tool',
    gate: call('*'),
    example: modern('tools/call', { arguments: {} }, tool),
  }),
  route({
    method: 'POST',
    path,
    variant: `initialize ${LEGACY}`,
    summary: 'begin a session',
    gate,
    example: initialize,
  }),
  route({
    method: 'GET',
    path,
    summary: 'what the server announces in a session',
    gate,
    example: { headers: { accept: 'text/event-stream' } },
  }),
  route({ method: 'DELETE', path, summary: 'end a session', gate }),
];

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

export const routes: readonly DoorRoute[] = [
  ...posts(ALL, '{name}__{operation}', known),
  ...posts(ONE, '{operation}', call('mcp.list')),
  ...[WELL_KNOWN, `${WELL_KNOWN}/mcp`, `${WELL_KNOWN}/mcp/{name}`].map((path) =>
    route({ method: 'GET', path, summary: 'who gives tokens for this', gate: { kind: 'open' } }),
  ),
];
