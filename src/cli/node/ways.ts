/** Every way out of a node, over one set of connections. */
import type { Endpoint } from '../../contract/index.ts';
import { Fault, formOf } from '../../contract/index.ts';
import type { Handler } from '../../kernel/index.ts';
import { a2aWay } from '../../upstreams/a2a/index.ts';
import { anthropicWay } from '../../upstreams/anthropic/index.ts';
import { type HttpUpstream, httpWay } from '../../upstreams/http/index.ts';
import { speaking, type Way } from '../../upstreams/index.ts';
import { mcpWay } from '../../upstreams/mcp/index.ts';
import { openaiWay } from '../../upstreams/openai/index.ts';
import type { StdioServer } from '../../upstreams/stdio/index.ts';

/** Of a sidecar whose MCP server speaks on its standard streams: to it and to nobody else. */
export const stdioWay = (server: StdioServer): ((endpoint: Endpoint) => Handler) => {
  const other: Way = {
    forms: ({ contentType }) => [formOf(contentType)],
    to: () => (call) => {
      const { name } = call.target;
      return Promise.reject(
        new Fault(
          'unavailable',
          `tool \`${name}\` is an MCP server on stdio; write \`protocol: mcp\` in its configuration`,
        ),
      );
    },
  };
  return speaking({ http: other, a2a: other, mcp: mcpWay(server), openai: other, anthropic: other });
};

/** `plan`: of nodes that run plans. */
export const waysOf = (upstream: HttpUpstream, plan?: Way): ((endpoint: Endpoint) => Handler) =>
  speaking({
    http: httpWay(upstream),
    a2a: a2aWay(upstream),
    mcp: mcpWay(upstream),
    openai: openaiWay(upstream),
    anthropic: anthropicWay(upstream),
    ...(plan === undefined ? {} : { plan }),
  });
