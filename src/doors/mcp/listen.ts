/** `subscriptions/listen`: what changes here, and what a server announces, on one stream until its client closes it. */
import { Fault } from '../../contract/index.ts';
import { CODES, META } from '../../dialects/mcp/index.ts';
import { type Asked, invoke } from './asked.ts';
import type { Entering } from './entering.ts';
import { type Id, isJson, type Json, Refusal } from './message.ts';
import { Queue } from './queue.ts';
import { heardIn } from './reply.ts';
import type { Messages } from './sent.ts';
import { markOf, serverAt, toolsOf } from './tools.ts';

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';
const TOOLS_CHANGED = 'notifications/tools/list_changed';
const MOST_URIS = 1_000;

interface Said {
  readonly method: string;
  readonly params: Json;
}

/** The stream ends in order when the server ends it, and with it what the client asked for: it may ask again. */
export async function* listening(
  asked: Asked,
  id: Id,
  { goingAway, streams }: Pick<Entering, 'goingAway' | 'streams'>,
): Messages {
  const filter = filterIn(asked.params['notifications']);
  const leave = streams.enter(asked.principal);
  const queue = new Queue<Said>();
  const stop = [asked.canceller.onCancel((reason) => queue.end(reason)), goingAway?.onCancel(() => queue.end())];
  try {
    if (filter['toolsListChanged'] === true)
      stop.push(await onToolsChanged(asked, () => queue.push({ method: TOOLS_CHANGED, params: {} })));
    const theirs = await followed(asked, filter, queue);
    yield marked(id, ACKNOWLEDGED, {
      notifications: { ...theirs, ...(filter['toolsListChanged'] === true ? { toolsListChanged: true } : {}) },
    });
    for await (const { method, params } of queue) yield marked(id, method, params);
    return { kind: 'result', result: { _meta: { [META.subscription]: id } } };
  } finally {
    leave();
    for (const end of stop) end?.();
    asked.canceller.cancel(new Fault('cancelled', 'nobody listens any more'));
  }
}

const marked = (id: Id, method: string, params: Json): Json => ({
  method,
  params: { ...params, _meta: { ...(isJson(params['_meta']) ? params['_meta'] : {}), [META.subscription]: id } },
});

const FLAGS = ['toolsListChanged', 'promptsListChanged', 'resourcesListChanged'];

const filterIn = (value: unknown): Json => {
  const wrong = new Refusal(200, { code: CODES.invalidParams, message: '`notifications` must say what is wanted' });
  if (!isJson(value)) throw wrong;
  const { resourceSubscriptions: uris } = value;
  const isList = Array.isArray(uris) && uris.length <= MOST_URIS && uris.every((uri) => typeof uri === 'string');
  if (uris !== undefined && !isList) throw wrong;
  for (const flag of FLAGS) if (value[flag] !== undefined && typeof value[flag] !== 'boolean') throw wrong;
  return value;
};

/** Calls back when the list that this caller sees is another one. */
export const onToolsChanged = async (
  { parts, principal, place }: Pick<Asked, 'parts' | 'principal' | 'place'>,
  changed: () => void,
): Promise<() => void> => {
  const seen = async (): Promise<string> => markOf(await toolsOf(parts.directory, principal, place));
  let before = await seen();
  return parts.directory.onChange(() => {
    // Who looks at a configuration that is not in force any more is told of the next one.
    seen().then(
      (now) => {
        if (now === before) return;
        before = now;
        changed();
      },
      () => {},
    );
  });
};

/** Asks the server behind this place too, and resolves when it has said what it will announce. */
const followed = async (asked: Asked, filter: Json, queue: Queue<Said>): Promise<Json> => {
  const server = await serverAt(asked.parts.directory, asked.principal, asked.place);
  if (server?.speech?.protocol !== 'mcp' || !server.operations.some(({ name }) => name === 'mcp.listen')) return {};
  const reply = await invoke(asked, {
    target: { kind: 'tool', name: server.name, operation: 'mcp.listen' },
    form: 'mcp',
    body: { method: asked.method, params: { notifications: filter } },
    stream: true,
  });
  const messages = heardIn(reply, 'mcp.listen');
  const first = await messages.next();
  if (first.done === true || first.value.kind === 'result') return {};
  if (first.value.kind === 'error') throw new Refusal(200, first.value.error);
  const { method, params } = first.value;
  if (method !== ACKNOWLEDGED) queue.push({ method, params });
  void pump(messages, queue);
  const honoured = method === ACKNOWLEDGED ? params['notifications'] : {};
  return isJson(honoured) ? honoured : {};
};

export const pump = async (
  messages: ReturnType<typeof heardIn>,
  queue: Pick<Queue<Said>, 'push' | 'end'>,
): Promise<void> => {
  try {
    for await (const message of messages)
      if (message.kind === 'notification' && message.method.startsWith('notifications/')) queue.push(message);
    queue.end();
  } catch {
    // Its time is over, or it broke: the client asks again.
    queue.end();
  }
};
