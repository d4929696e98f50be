/** Makes the reply to a call of what an MCP server said: in the era of the client, as a document or as a stream. */
import { Buffer } from 'node:buffer';
import { documentIn, eventsIn, Fault, HEADERS, type Reply } from '../../contract/index.ts';
import { writeEvent } from '../../dialects/index.ts';
import { type Era, legacyError, legacyResult, modernError, modernResult } from '../../dialects/mcp/index.ts';
import { Permit } from '../../kernel/index.ts';
import type { Asking } from './asking.ts';
import type { Answer, Said } from './said.ts';
import { invalid, type Wire } from './wire.ts';

/** A conversation with a server about one call. `stop` ends it at once, whoever waits. */
export interface Talk {
  readonly said: AsyncGenerator<Said>;
  /** Era of the server that says it. */
  readonly era: Era;
  /** `serverInfo` of a legacy server, where a modern client is told with each result. */
  readonly server?: unknown;
  stop(reason: Fault): void;
}

export const replyOf = async (wire: Wire, asking: Asking, talk: Talk): Promise<Reply> => {
  for (;;) {
    const next = await talk.said.next();
    if (next.done === true) throw invalid('answered nothing');
    const said = next.value;
    if (said.kind !== 'message') {
      if (said.kind !== 'result' || said.isHeld !== true) await talk.said.return(undefined);
      return document(wire, translated(said, asking, talk));
    }
    if (asking.stream) return stream(wire, asking, talk, said.json);
  }
};

const document = (wire: Wire, answer: Answer): Reply => {
  const json = answer.kind === 'result' ? answer.result : JSON.stringify({ error: answer.error });
  const headers = answer.kind === 'result' ? (answer.headers ?? []) : [];
  const base = replyFrom(wire, documentIn('mcp'), { kind: 'bytes', bytes: Buffer.from(json) });
  const whole = { ...base, headers: [...base.headers, ...headers] };
  return answer.kind === 'result' ? whole : { ...whole, outcome: 'failed', status: answer.status };
};

const stream = (wire: Wire, asking: Asking, talk: Talk, first: string): Reply => {
  const events = eventsOf(asking, talk, first);
  const chunks: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => chunks,
    next: () => events.next(),
    // A generator that waits for the server would hear of it only when the server speaks.
    return: () => {
      talk.stop(new Fault('cancelled', 'the reader left before the end of the reply'));
      return events.return(undefined);
    },
  };
  return replyFrom(wire, eventsIn('mcp'), { kind: 'stream', chunks });
};

async function* eventsOf(asking: Asking, talk: Talk, first: string): AsyncGenerator<Uint8Array> {
  let isHeld = false;
  try {
    if (first !== '') yield writeEvent(first);
    for (;;) {
      const next = await talk.said.next();
      if (next.done === true) throw new Fault('upstream_broken', 'the MCP server closed its stream before it answered');
      const said = next.value;
      if (said.kind === 'message') {
        if (said.json !== '') yield writeEvent(said.json);
      } else {
        isHeld = said.kind === 'result' && said.isHeld === true;
        yield writeEvent(lastEvent(translated(said, asking, talk)));
        return;
      }
    }
  } finally {
    if (!isHeld) await talk.said.return(undefined);
  }
}

const lastEvent = (answer: Answer): string =>
  answer.kind === 'result' ? `{"result":${answer.result}}` : JSON.stringify({ error: answer.error });

const translated = (answer: Answer, { era, method }: Asking, talk: Talk): Answer => {
  if (talk.era === era) return answer;
  if (answer.kind === 'error')
    return { ...answer, error: era === 'modern' ? modernError(answer.error) : legacyError(answer.error, method) };
  const result =
    era === 'modern' ? modernResult(method, answer.result, talk.server) : legacyResult(method, answer.result);
  return { ...answer, result };
};

/** Nothing that a server writes into its head passes: what it says is in its messages. */
const replyFrom = ({ call, endpoint }: Wire, contentType: string, body: Reply['body']): Reply => ({
  outcome: 'ok',
  status: 200,
  contentType,
  headers: [[HEADERS.policy, Permit.check(call).policyVersion]],
  body,
  endpoint: endpoint.id,
  pin: endpoint.id,
  attempts: 1,
  ...(endpoint.version === '' ? {} : { version: endpoint.version }),
});
