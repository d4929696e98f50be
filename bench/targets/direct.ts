/** No hop at all: what load generator and upstream cost by themselves, the floor under every other row. */
import { serializeRequest } from '../load/exchange.ts';
import type { Target } from './target.ts';

export const direct: Target = {
  name: 'direct',
  start: async ({ upstream }) => ({
    pids: [upstream.pid],
    port: upstream.port,
    request: serializeRequest('/v1/agents/bench/echo'),
    version: process.version,
  }),
};
