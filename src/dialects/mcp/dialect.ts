/** Tools of MCP in the words that all dialects have in common: arguments in, content out. */
import { Fault } from '../../contract/index.ts';
import type { Answer, Ask, Delta, Failure, Stop } from '../ask.ts';
import { type About, type Dialect, lost } from '../dialect.ts';
import { readEvents, writeEvent } from '../events.ts';
import { messageIn, plain } from '../plain.ts';
import { codeOfStatus } from './codes.ts';
import { contentOf, partsOf, withoutCopy } from './content.ts';
import { isProtocol } from './methods.ts';

type Members = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Where an answer leaves off that is no end, for whoever goes on with it. */
const STATE = {
  stop: 'dev.airspace/stop',
  context: 'dev.airspace/context',
  task: 'dev.airspace/task',
  usage: 'dev.airspace/usage',
} as const;

const readAsk = (payload: unknown, { operation }: About): Ask => {
  if (!isObject(payload)) throw new Fault('bad_request', 'a request in the form `mcp` must be a JSON object');
  const none = { turns: [], stream: false };
  if (isProtocol(operation)) return { ...none, input: payload, rest: ['method'] };
  const { arguments: input = {}, ...rest } = payload;
  return { ...none, input, rest: Object.keys(rest) };
};

const writeAsk = (ask: Ask, about: About): unknown => {
  const input = plain.writeAsk(ask, about);
  if (!isObject(input)) throw new Fault('bad_request', 'arguments of a tool must be a JSON object');
  return { arguments: input };
};

const readAnswer = (payload: unknown): Answer => {
  if (!isObject(payload))
    throw new Fault('upstream_invalid', 'the MCP server answered a result that is no object', { executed: 'yes' });
  const { content = [], structuredContent, isError, resultType = 'complete' } = payload;
  if (resultType === 'input_required') return { parts: [{ kind: 'data', data: payload }], stop: 'input', rest: [] };
  if (resultType === 'task') return { parts: [], stop: 'working', rest: [], ...taskOf(payload) };
  if (payload['content'] === undefined) return { parts: [{ kind: 'data', data: payload }], stop: 'end', rest: [] };
  const parts = partsOf(content);
  const all =
    structuredContent === undefined
      ? parts
      : [...withoutCopy(parts, structuredContent), { kind: 'data' as const, data: structuredContent }];
  return { parts: all, stop: isError === true ? 'failed' : 'end', rest: [] };
};

const taskOf = ({ task, taskId }: Members): { readonly task?: string } => {
  const id = taskId ?? (isObject(task) ? task['taskId'] : undefined);
  return typeof id === 'string' ? { task: id } : {};
};

const GOOD: ReadonlySet<Stop> = new Set(['end', 'length', 'working', 'input', 'login']);

const writeAnswer = ({ parts, stop, context, task, use }: Answer): unknown => {
  const data = parts.filter((part) => part.kind === 'data');
  const [only] = data;
  const meta = {
    ...(stop === 'end' || stop === 'failed' ? {} : { [STATE.stop]: stop }),
    ...(context === undefined ? {} : { [STATE.context]: context }),
    ...(task === undefined ? {} : { [STATE.task]: task }),
    ...(use === undefined ? {} : { [STATE.usage]: use }),
  };
  return {
    resultType: 'complete',
    content: contentOf(parts),
    ...(data.length === 1 && isObject(only?.data) ? { structuredContent: only.data } : {}),
    ...(GOOD.has(stop) ? {} : { isError: true }),
    ...(Object.keys(meta).length === 0 ? {} : { _meta: meta }),
  };
};

async function* readMessages(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Delta> {
  yield { kind: 'begin' };
  for await (const { data } of readEvents(chunks)) {
    const message = messageOf(data);
    if (message['result'] !== undefined) {
      yield* deltasOf(readAnswer(message['result']));
      return;
    }
    if (message['error'] !== undefined) {
      yield { kind: 'text', at: 0, text: messageIn(message['error']) };
      yield { kind: 'end', stop: 'failed' };
      return;
    }
    const note = noteIn(message);
    if (note !== '') yield { kind: 'note', text: note };
  }
}

const messageOf = (data: string): Members => {
  try {
    const message: unknown = JSON.parse(data);
    if (isObject(message)) return message;
  } catch {}
  throw new Fault('upstream_invalid', 'the MCP server sent an event that is no message');
};

const noteIn = ({ params }: Members): string => {
  if (!isObject(params)) return '';
  const { message, data } = params;
  return typeof message === 'string' ? message : typeof data === 'string' ? data : '';
};

function* deltasOf({ parts, stop }: Answer): Generator<Delta> {
  for (const [at, part] of parts.entries())
    yield part.kind === 'text' ? { kind: 'text', at, text: part.text } : { kind: 'part', at, part };
  yield { kind: 'end', stop };
}

/** A result comes whole in MCP; what is said on the way goes as log messages. */
async function* writeMessages(deltas: AsyncIterable<Delta>, about: About): AsyncGenerator<Uint8Array> {
  const parts = new Map<number, Answer['parts'][number]>();
  let begun: Pick<Answer, 'context' | 'task'> = {};
  for await (const delta of deltas) {
    if (delta.kind === 'begin')
      begun = {
        ...begun,
        ...(delta.context === undefined ? {} : { context: delta.context }),
        ...(delta.task === undefined ? {} : { task: delta.task }),
      };
    else if (delta.kind === 'note') yield writeEvent(JSON.stringify(logged(delta.text)));
    else if (delta.kind === 'text') {
      const before = parts.get(delta.at);
      parts.set(delta.at, { kind: 'text', text: (before?.kind === 'text' ? before.text : '') + delta.text });
    } else if (delta.kind === 'part') parts.set(delta.at, delta.part);
    else if (delta.kind === 'end') {
      const inOrder = [...parts].sort(([a], [b]) => a - b).map(([, part]) => part);
      const { stop, use } = delta;
      const answer: Answer = { rest: [], ...begun, parts: inOrder, stop, ...(use === undefined ? {} : { use }) };
      yield writeEvent(JSON.stringify({ result: writeAnswer(answer) }));
    } else throw lost('openai-chat', about.kind === 'model' ? 'mcp' : 'plain', ['a call of a tool']);
  }
}

const logged = (text: string): unknown => ({
  jsonrpc: '2.0',
  method: 'notifications/message',
  params: { level: 'info', data: text },
});

const readFailure = (payload: unknown, status: number): Failure => {
  const error = isObject(payload) ? payload['error'] : undefined;
  const code = isObject(error) && typeof error['code'] === 'number' ? String(error['code']) : '';
  return { status, message: messageIn(payload) || `status ${status}`, type: code };
};

export const mcp: Dialect = {
  form: 'mcp',
  readAsk,
  writeAsk,
  readAnswer,
  writeAnswer,
  readEvents: readMessages,
  writeEvents: writeMessages,
  readFailure,
  writeFailure: ({ status, message }) => ({ error: { code: codeOfStatus(status), message } }),
};
