/** Holds a stream of an agent to what the protocol promises: one task, in order, and nothing behind its end. */
import { Fault, type Scope } from '../../contract/index.ts';
import { isInterrupted, isTerminal, type StreamResponse, type TaskState } from '../../dialects/a2a/index.ts';
import type { Asked } from './asked.ts';
import type { Version } from './cards.ts';
import type { Happened } from './speaker.ts';
import { invalid } from './wire.ts';

/** An agent that has said its last word has this long to close its stream; then we do. */
const GRACE_MS = 1_000;
/** More than a stream of a task has; a fast agent could go on until the deadline of the call. */
const MAX_EVENTS = 1_000_000;

export interface Stream {
  readonly events: AsyncIterator<Happened>;
  readonly asked: Asked;
  readonly version: Version;
  /** Closes the exchange at once, also while an event is waited for. */
  readonly leave: () => void;
}

/** Throws `upstream_invalid`, and `upstream_broken` for a stream that ends before its task does, or with an error. */
export async function* inOrder(
  { events, asked, version, leave }: Stream,
  scope: Scope,
): AsyncGenerator<StreamResponse> {
  const course = new Course(asked, version);
  try {
    for (let count = 0; ; count++) {
      const next = course.isOver ? await withinGrace(events.next(), scope) : await events.next();
      if (next === undefined || next.done === true) break;
      if (count >= MAX_EVENTS) throw invalid(`sent more than ${MAX_EVENTS} events`);
      if (next.value.kind === 'error') throw brokenBy(next.value.error.message, next.value.error.reason);
      yield* course.take(next.value.event, next.value.isFinal);
    }
    if (!course.mayEnd)
      throw new Fault('upstream_broken', 'the agent closed its stream before its task came to an end');
  } finally {
    leave();
  }
}

const brokenBy = (message: string, reason: string): Fault =>
  new Fault('upstream_broken', `the agent ended its stream with an error: ${message || reason}`, {
    executed: 'yes',
    facts: { reason },
  });

/** Undefined: nothing came. */
const withinGrace = async <T>(work: Promise<T>, scope: Scope): Promise<T | undefined> => {
  work.catch(() => {});
  return new Promise<T | undefined>((resolve, reject) => {
    const timer = scope.clock.after(GRACE_MS, () => resolve(undefined));
    work.then(resolve, reject).finally(() => timer.cancel());
  });
};

class Course {
  readonly #version: Version;
  #task: string | undefined;
  #context: string | undefined;
  #state: TaskState | undefined;
  /** Nothing may follow. */
  #over = false;

  constructor(asked: Asked, version: Version) {
    this.#version = version;
    this.#task = asked.task;
  }

  get isOver(): boolean {
    return this.#over;
  }

  get mayEnd(): boolean {
    return this.#over || (this.#state !== undefined && isInterrupted(this.#state));
  }

  *take(event: StreamResponse, isFinal: boolean): Generator<StreamResponse> {
    if (this.#over) throw invalid('sent more after the end of its task');
    if (event.message !== undefined) {
      if (this.#state !== undefined) throw invalid('sent a message in the middle of a task');
      this.#over = true;
      yield event;
      return;
    }
    const { task, statusUpdate, artifactUpdate } = event;
    const id = task?.id ?? statusUpdate?.taskId ?? artifactUpdate!.taskId;
    const context = task?.contextId ?? statusUpdate?.contextId ?? artifactUpdate?.contextId;
    this.#same(id, context);
    // Agents of 0.3 may begin with an update; those who listen to 1.0 are promised a task.
    if (this.#state === undefined && task === undefined) yield this.#begun(id);
    if (task !== undefined && this.#state !== undefined && this.#version === '1.0')
      throw invalid('sent its task a second time');
    const state = task?.status.state ?? statusUpdate?.status.state;
    if (state !== undefined) this.#state = state;
    this.#state ??= 'TASK_STATE_SUBMITTED';
    this.#over = isTerminal(this.#state) || isFinal;
    yield event;
  }

  /** A stream is of one task: whoever mixes in another shows it to somebody that it does not belong to. */
  #same(id: string, context: string | undefined): void {
    if (this.#task !== undefined && this.#task !== id) throw invalid('sent an event of another task');
    if (context !== undefined && this.#context !== undefined && context !== this.#context)
      throw invalid('sent an event of another context');
    this.#task = id;
    this.#context ??= context;
  }

  #begun(id: string): StreamResponse {
    if (this.#version === '1.0') throw invalid('began its stream without a task');
    this.#state = 'TASK_STATE_SUBMITTED';
    const context = this.#context === undefined ? {} : { contextId: this.#context };
    return { task: { id, ...context, status: { state: this.#state } } };
  }
}

/** Throws `upstream_invalid` for an answer about another task. */
export const throwIfOther = ({ facts, task }: Asked, answer: unknown): void => {
  if (task === undefined) return;
  const { id, task: inner } = answer as { readonly id?: string; readonly task?: { readonly id: string } };
  const answered = facts.operation === 'message' ? inner?.id : id;
  if (answered !== undefined && answered !== task) throw invalid('answered with another task');
};
