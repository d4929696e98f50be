/** MCP, of both eras: everything at one address, and each server at its own. */
import { CALLING, call, type Expected, everybody, NODES } from './words.ts';

/** Lists hold what the caller may call; of whoever may call nothing they are empty. */
const listed: Expected = { in: [...CALLING, ...NODES], see: ['alice'] };
/** A server of which nothing may be called is not there. */
const theirs: Expected = { in: ['alice'] };

const at = (path: string, expected: Expected): Readonly<Record<string, Expected>> => ({
  [`mcp: POST ${path} (server/discover 2026-07-28)`]: expected,
  [`mcp: POST ${path} (tools/list 2026-07-28)`]: expected,
  [`mcp: POST ${path} (tools/call 2026-07-28)`]: call,
  [`mcp: POST ${path} (initialize 2025-11-25)`]: expected,
  [`mcp: GET ${path}`]: expected,
  [`mcp: DELETE ${path}`]: expected,
});

export const MCP: Readonly<Record<string, Expected>> = {
  ...at('/mcp', listed),
  ...at('/mcp/{name}', theirs),
  'mcp: GET /.well-known/oauth-protected-resource': everybody,
  'mcp: GET /.well-known/oauth-protected-resource/mcp': everybody,
  'mcp: GET /.well-known/oauth-protected-resource/mcp/{name}': everybody,
};
