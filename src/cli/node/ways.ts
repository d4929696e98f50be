/** Every way out of a node, over one set of connections. */
import type { Endpoint } from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import type { Handler } from '../../kernel/index.ts';
import { anthropicWay } from '../../upstreams/anthropic/index.ts';
import { type HttpUpstream, httpWay } from '../../upstreams/http/index.ts';
import { speaking, type Way } from '../../upstreams/index.ts';
import { openaiWay } from '../../upstreams/openai/index.ts';

const notYet: Way = {
  forms: () => [],
  to: () => () => Promise.reject(new Fault('unavailable', 'this protocol is not spoken yet')),
};

export const waysOf = (upstream: HttpUpstream): ((endpoint: Endpoint) => Handler) =>
  speaking({
    http: httpWay(upstream),
    a2a: notYet,
    mcp: notYet,
    openai: openaiWay(upstream),
    anthropic: anthropicWay(upstream),
  });
