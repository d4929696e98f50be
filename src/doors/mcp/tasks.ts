/** Tasks: calls that go on without their request. Their ids are ours, sealed, and open for who began them only. */
import { Fault, type Target } from '../../contract/index.ts';
import { CODES } from '../../dialects/mcp/index.ts';
import type { AsyncCall } from '../native/index.ts';
import type { Asked } from './asked.ts';
import { undeclared } from './capabilities.ts';
import { toolResultOf } from './faults.ts';
import { endAt } from './federated.ts';
import { collectedFrom, type Held, lookAt } from './held.ts';
import { isJson, type Json, Refusal } from './message.ts';
import type { End } from './reply.ts';
import { ownerOf } from './seal.ts';
import type { Messages, Sent } from './sent.ts';

export const TASKS = 'io.modelcontextprotocol/tasks';

type Task =
  /** A call that waits for people, or runs by itself after they said yes. */
  | { readonly kind: 'held'; readonly call: string }
  | { readonly kind: 'server'; readonly server: string; readonly task: string; readonly pin?: string };

export const declaresTasks = ({ capabilities }: Pick<Asked, 'capabilities'>): boolean => {
  const { extensions } = capabilities;
  return isJson(extensions) && isJson(extensions[TASKS]);
};

const idOf = ({ parts, principal }: Asked, task: Task): string => parts.sealer.seal(task, `task ${ownerOf(principal)}`);

const taskIn = ({ parts, principal, params }: Asked): { readonly id: string; readonly task: Task } => {
  const { taskId: id } = params;
  const opened = typeof id === 'string' ? parts.sealer.open(id, `task ${ownerOf(principal)}`) : undefined;
  if (typeof id !== 'string' || !isTask(opened))
    throw new Refusal(200, { code: CODES.invalidParams, message: 'there is no such task of yours' });
  return { id, task: opened };
};

const isTask = (value: unknown): value is Task =>
  isJson(value) &&
  ((value['kind'] === 'held' && typeof value['call'] === 'string') ||
    (value['kind'] === 'server' && typeof value['server'] === 'string' && typeof value['task'] === 'string'));

const POLL_MS = 2_000;

/** The state of a held call as a task; `expiresAtMs` is when nobody can approve it any more. */
export const heldTask = (asked: Asked, held: Held): End => {
  const nowMs = asked.parts.world.clock.wallMs();
  return {
    kind: 'result',
    result: {
      resultType: 'task',
      taskId: idOf(asked, { kind: 'held', call: held.id }),
      status: 'working',
      statusMessage: `waits for an approval by ${held.whom}`,
      createdAt: new Date(nowMs).toISOString(),
      lastUpdatedAt: new Date(nowMs).toISOString(),
      ttlMs: Math.max(1, Math.round((held.expiresAtMs ?? nowMs) - nowMs)),
      pollIntervalMs: POLL_MS,
    },
  };
};

/** A task of the server, under an id that only its caller can use. */
export const sealedTask = (asked: Asked, { name }: Target, result: Json, pin: string | undefined): End => {
  const { taskId } = result;
  if (typeof taskId !== 'string') return { kind: 'result', result };
  const task: Task = { kind: 'server', server: name, task: taskId, ...(pin === undefined ? {} : { pin }) };
  return { kind: 'result', result: { ...result, taskId: idOf(asked, task) } };
};

export async function* taskRequest(asked: Asked, exchanged: (asked: Asked, sent: Sent) => Messages): Messages {
  if (!declaresTasks(asked)) throw undeclared({ extensions: { [TASKS]: {} } }, asked.isModern);
  const { id, task } = taskIn(asked);
  if (task.kind === 'held') return heldRequest(asked, id, task.call);
  const { _meta, ...params } = asked.params;
  const end = yield* exchanged(asked, {
    target: { kind: 'tool', name: task.server, operation: 'mcp.task' },
    form: 'mcp',
    body: () => ({ method: asked.method, params: { ...params, taskId: task.task } }),
    pin: task.pin,
  });
  if (end.kind === 'error' || end.result['taskId'] === undefined) return end;
  const said: End = { kind: 'result', result: { ...end.result, taskId: id } };
  return endAt(asked, { kind: 'tool', name: task.server }, said);
}

const heldRequest = async (asked: Asked, id: string, callId: string): Promise<End> => {
  if (asked.method === 'tasks/cancel') await asked.parts.calls?.cancel(asked.credential, callId);
  if (asked.method !== 'tasks/get') return { kind: 'result', result: { resultType: 'complete' } };
  const call = await lookAt(asked, callId);
  const common = {
    resultType: 'complete',
    taskId: id,
    createdAt: new Date(call.acceptedAtMs).toISOString(),
    lastUpdatedAt: new Date(call.concludedAtMs ?? asked.parts.world.clock.wallMs()).toISOString(),
    ttlMs: null,
    pollIntervalMs: POLL_MS,
  };
  if (call.state === 'cancelled') return { kind: 'result', result: { ...common, status: 'cancelled' } };
  const end = await overIn(asked, call);
  if (end === undefined) return { kind: 'result', result: { ...common, status: 'working' } };
  const outcome =
    end.kind === 'error' ? { status: 'failed', error: end.error } : { status: 'completed', result: end.result };
  return endAt(asked, call.target, { kind: 'result', result: { ...common, ...outcome } });
};

/** A refusal is how it ended, and the model should read it. */
const overIn = async (asked: Asked, call: AsyncCall): Promise<End | undefined> => {
  try {
    return await collectedFrom(asked, call);
  } catch (thrown) {
    const result = toolResultOf(Fault.from(thrown), { callId: call.id, traceId: call.trace });
    return { kind: 'result', result };
  }
};
