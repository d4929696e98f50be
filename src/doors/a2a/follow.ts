/** Goes on with tasks that nobody asks about: hears from the target until they are over, so that their end is kept whoever has left. */
import { Fault, type Scope } from '../../contract/index.ts';
import { isInterrupted, type Task } from '../../dialects/a2a/index.ts';
import { type Canceller, type Handler, rootScope, silentSpan, type World, wait } from '../../kernel/index.ts';
import { documentOf, eventsOf } from './answers.ts';
import { callFor, onBehalfOf } from './calls.ts';
import type { LiveTask } from './live.ts';
import { reasonOf } from './refuse.ts';
import { inOurIds, taskIdIn } from './story.ts';

export interface FollowParts {
  readonly handler: () => Handler;
  readonly world: World;
}

/** Followed at once; of the others their owners hear when they ask. */
const MOST_FOLLOWED = 2_000;
/** Of them as they go: a stream is a call under way, and others want to call too. The rest are asked about. */
const MOST_STREAMS = 200;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** Of questions in a row that nobody answered. */
const MOST_FAILURES = 20;

export class Follower {
  readonly #parts: FollowParts;
  readonly #followed = new Map<LiveTask, Canceller>();
  #streams = 0;

  constructor(parts: FollowParts) {
    this.#parts = parts;
  }

  follow(live: LiveTask): void {
    if (this.#followed.has(live) || this.#followed.size >= MOST_FOLLOWED || live.record.remote === null) return;
    const { scope, canceller } = rootScope(this.#parts.world, silentSpan(this.#parts.world.ids.spanId()));
    this.#followed.set(live, canceller);
    const idle = live.busy();
    void this.#untilOver(live, scope)
      // Whoever asks about it hears why.
      .catch(() => {})
      .finally(() => {
        this.#followed.delete(live);
        idle();
        live.pause();
      });
  }

  stop(): void {
    for (const canceller of this.#followed.values())
      canceller.cancel(new Fault('unavailable', 'this node is going away'));
  }

  /** First as it goes, then question by question, ever more seldom. */
  async #untilOver(live: LiveTask, scope: Scope): Promise<void> {
    if (this.#streams < MOST_STREAMS) {
      this.#streams += 1;
      await this.#subscribed(live, scope)
        .catch(throwIfOver(scope))
        .finally(() => {
          this.#streams -= 1;
        });
    }
    let waitMs = FIRST_WAIT_MS;
    for (let failures = 0; !isDone(live) && failures < MOST_FAILURES; ) {
      try {
        await refreshed(this.#parts, live, scope);
        failures = 0;
      } catch (thrown) {
        const fault = Fault.from(thrown);
        if (scope.signal.reason !== undefined || fault.code === 'denied' || fault.code === 'unauthenticated')
          throw fault;
        failures += 1;
      }
      if (isDone(live)) return;
      await wait(scope, waitMs * (0.75 + scope.random() / 2));
      waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
    }
  }

  async #subscribed(live: LiveTask, scope: Scope): Promise<void> {
    const { record } = live;
    const { remote } = record;
    const call = callFor(this.#parts.world, onBehalfOf(record.principal), {
      target: { ...record.target, operation: 'task.subscribe' },
      params: { id: remote!.task },
      stream: true,
      pin: remote!.pin,
    });
    const reply = await this.#parts.handler()(call, scope);
    for await (const event of eventsOf(reply)) {
      if (taskIdIn(event) !== remote!.task) return;
      // How it stands is how we know it: whoever reads along has heard.
      if (event.task !== undefined && sameStatus(event.task, live.task)) continue;
      await live.apply(inOurIds(event, { task: record.id, context: record.context }));
      if (isDone(live)) return;
    }
  }
}

const throwIfOver = (scope: Scope) => (): void => {
  if (scope.signal.reason !== undefined) throw scope.signal.reason;
};

/** Over, or nothing happens until its caller says something. */
const isDone = ({ record, task }: LiveTask): boolean => record.isOver || isInterrupted(task.status.state);

/**
 * Asks the target how the task stands, as its owner. Throws what policy or the target refuses; a task that the target has forgotten
 * has failed.
 */
export const refreshed = async (
  { handler, world }: FollowParts,
  live: LiveTask,
  scope: Scope,
  caller = onBehalfOf(live.record.principal),
): Promise<void> => {
  const { remote, target, id, context } = live.record;
  if (remote === null) return;
  const call = callFor(world, caller, {
    target: { ...target, operation: 'task.get' },
    params: { id: remote.task },
    pin: remote.pin,
  });
  let task: Task;
  try {
    task = await documentOf('Task', await handler()(call, scope));
  } catch (thrown) {
    const fault = Fault.from(thrown);
    if (reasonOf(fault) !== 'TASK_NOT_FOUND') throw fault;
    return live.apply({
      statusUpdate: {
        taskId: id,
        contextId: context,
        status: {
          state: 'TASK_STATE_FAILED',
          timestamp: new Date(world.clock.wallMs()).toISOString(),
          message: {
            messageId: world.ids.callId(),
            role: 'ROLE_AGENT',
            parts: [{ text: 'the agent does not know this task any more' }],
          },
        },
      },
    });
  }
  if (task.id !== remote.task)
    throw new Fault('upstream_invalid', 'the target answered about another task', { executed: 'yes' });
  if (sameStatus(task, live.task)) return;
  await live.apply(inOurIds({ task }, { task: id, context }));
};

const sameStatus = (theirs: Task, ours: Task): boolean =>
  theirs.status.state === ours.status.state &&
  theirs.status.timestamp === ours.status.timestamp &&
  theirs.status.message?.messageId === ours.status.message?.messageId &&
  (theirs.artifacts?.length ?? 0) <= (ours.artifacts?.length ?? 0);
