/** How a call is said to an MCP server. */
import type { Call } from '../../contract/index.ts';
import { dialectOf } from '../../dialects/index.ts';
import { isProtocol } from '../../dialects/mcp/index.ts';
import { Permit } from '../../kernel/index.ts';
import { inOtherWords } from '../speaking.ts';
import type { Way } from '../words.ts';
import { replyOf } from './answering.ts';
import { askingOf } from './asking.ts';
import { Speaker } from './speaker.ts';
import type { Sender } from './wire.ts';

export const mcpWay = (upstream: Sender): Way => {
  let speaker: Speaker | undefined;
  return {
    // Arguments of a tool are the same bytes in both; they need not be parsed to be sent.
    forms: ({ target }) => (isProtocol(target.operation) ? ['mcp'] : ['mcp', 'plain']),
    to: (endpoint) => async (call, words, scope) => {
      Permit.check(call);
      const asking = askingOf(call, words);
      const wire = { upstream, endpoint, call, scope };
      // Time is that of the node, whichever call comes first.
      speaker ??= new Speaker(upstream, scope);
      const reply = await replyOf(wire, asking, await speaker.talk(wire, asking));
      return asking.isPlain ? inOtherWords(reply, dialectOf('plain'), aboutOf(call, scope.clock.wallMs())) : reply;
    },
    close: async () => speaker?.stop(),
  };
};

const aboutOf = ({ target, id, stream }: Call, wallMs: number) => ({
  kind: target.kind,
  operation: target.operation,
  model: '',
  callId: id,
  atS: Math.floor(wallMs / 1_000),
  stream,
});
