/** A task as its owner sees it, told event by event: pure, and bounded whatever the target sends. */
import { Fault } from '../../contract/index.ts';
import type { Artifact, Message, StreamResponse, Task, TaskArtifactUpdateEvent } from '../../dialects/a2a/index.ts';

/** How its owner knows a task and its conversation. */
export interface Ids {
  readonly task: string;
  readonly context: string;
}

const MOST_HISTORY = 500;
const MOST_ARTIFACTS = 1_000;
const MOST_PARTS = 10_000;
/** Of a task as text: it is kept whole. */
export const MOST_CHARS = 8 * 1024 * 1024;

/** Drops the oldest of what was said, and refuses what a task cannot hold. Throws `upstream_invalid`. */
export const bounded = (task: Task): Task => {
  const { history, artifacts } = task;
  if (artifacts !== undefined && artifacts.length > MOST_ARTIFACTS) throw tooMuch(`${MOST_ARTIFACTS} artifacts`);
  if (history === undefined || history.length <= MOST_HISTORY) return task;
  return { ...task, history: history.slice(-MOST_HISTORY) };
};

const tooMuch = (what: string): Fault =>
  new Fault('upstream_invalid', `the target's task has more than ${what}`, { executed: 'yes' });

/** The event with the ids that its owner knows; the target's own go no further. */
export const inOurIds = (event: StreamResponse, ids: Ids): StreamResponse => {
  const { task, message, statusUpdate, artifactUpdate } = event;
  if (task !== undefined) return { task: taskWith(task, ids) };
  if (message !== undefined) return { message: messageWith(message, { task: '', context: ids.context }) };
  if (statusUpdate !== undefined) {
    const { status } = statusUpdate;
    return {
      statusUpdate: {
        ...statusUpdate,
        taskId: ids.task,
        contextId: ids.context,
        status: status.message === undefined ? status : { ...status, message: messageWith(status.message, ids) },
      },
    };
  }
  if (artifactUpdate !== undefined)
    return { artifactUpdate: { ...artifactUpdate, taskId: ids.task, contextId: ids.context } };
  throw new Fault('upstream_invalid', 'the target sent an event that says nothing', { executed: 'yes' });
};

export const taskWith = (task: Task, ids: Ids): Task => ({
  ...task,
  id: ids.task,
  contextId: ids.context,
  status:
    task.status.message === undefined
      ? task.status
      : { ...task.status, message: messageWith(task.status.message, ids) },
  ...(task.history === undefined ? {} : { history: task.history.map((message) => messageWith(message, ids)) }),
});

const messageWith = (message: Message, { task, context }: Ids): Message => {
  const { taskId: _, ...rest } = message;
  return { ...rest, contextId: context, ...(task === '' ? {} : { taskId: task }) };
};

/** What it tells of: the target's own id of its task; undefined for a message. */
export const taskIdIn = ({ task, statusUpdate, artifactUpdate }: StreamResponse): string | undefined =>
  task?.id ?? statusUpdate?.taskId ?? artifactUpdate?.taskId;

export const contextIdIn = ({ task, message, statusUpdate, artifactUpdate }: StreamResponse): string | undefined =>
  task?.contextId ?? message?.contextId ?? statusUpdate?.contextId ?? artifactUpdate?.contextId;

/** The task after the event. What was said before is kept when the target tells its whole story anew and leaves some of it out. */
export const after = (before: Task, { task, statusUpdate, artifactUpdate }: StreamResponse): Task => {
  if (task !== undefined)
    return bounded({
      ...task,
      ...(task.history === undefined && before.history !== undefined ? { history: before.history } : {}),
      ...(task.artifacts === undefined && before.artifacts !== undefined ? { artifacts: before.artifacts } : {}),
    });
  if (statusUpdate !== undefined) {
    const { status, metadata } = statusUpdate;
    const said = status.message;
    const history = said === undefined ? before.history : withMessage(before.history ?? [], said);
    return bounded({
      ...before,
      status,
      ...(history === undefined ? {} : { history }),
      ...(metadata === undefined ? {} : { metadata: { ...before.metadata, ...metadata } }),
    });
  }
  if (artifactUpdate !== undefined) return bounded({ ...before, artifacts: withArtifact(before, artifactUpdate) });
  return before;
};

export const withMessage = (history: readonly Message[], message: Message): readonly Message[] =>
  history.some(({ messageId }) => messageId === message.messageId) ? history : [...history, message];

const withArtifact = (before: Task, { artifact, append }: TaskArtifactUpdateEvent): readonly Artifact[] => {
  const artifacts = before.artifacts ?? [];
  const at = artifacts.findIndex(({ artifactId }) => artifactId === artifact.artifactId);
  const old = artifacts[at];
  if (old === undefined) return [...artifacts, artifact];
  const parts = append === true ? [...old.parts, ...artifact.parts] : artifact.parts;
  if (parts.length > MOST_PARTS) throw tooMuch(`${MOST_PARTS} parts in one artifact`);
  return artifacts.with(at, append === true ? { ...old, parts } : artifact);
};

/** `length`: messages of the history that are wanted; undefined: all of them, 0: none. */
export const trimmed = (task: Task, length: number | undefined, artifacts = true): Task => {
  const { history, artifacts: made, ...rest } = task;
  const wanted = length === 0 ? undefined : length === undefined ? history : history?.slice(-length);
  return {
    ...rest,
    ...(made === undefined || !artifacts ? {} : { artifacts: made }),
    ...(wanted === undefined ? {} : { history: wanted }),
  };
};
