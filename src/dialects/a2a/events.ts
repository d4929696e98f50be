/** Streams of A2A 1.0 in the words that all dialects share, and the other way round. */
import { Fault } from '../../contract/index.ts';
import type { Delta } from '../ask.ts';
import { type About, lost } from '../dialect.ts';
import { readEvents, writeEvent } from '../events.ts';
import { partOf, stateOf, stopOf, wordOf } from './parts.ts';
import { present } from './present.ts';
import { readV1 } from './read.ts';
import type { Artifact, Part, StreamResponse, Task, TaskStatus } from './types.ts';
import { isInterrupted, isTerminal } from './types.ts';

/** More parts than an answer has; each is kept by whoever reads it. */
const MAX_PARTS = 10_000;

/** The events of a stream in the form `a2a`. Throws `upstream_invalid`. */
export async function* readStream(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<StreamResponse> {
  for await (const { data } of readEvents(chunks)) {
    let event: unknown;
    try {
      event = JSON.parse(data);
    } catch {
      throw new Fault('upstream_invalid', 'the agent sent an event that is no JSON', { executed: 'yes' });
    }
    yield readV1('StreamResponse', event, 'answer').value;
  }
}

export const writeStreamEvent = (event: StreamResponse): Uint8Array => writeEvent(JSON.stringify(event));

export async function* readDeltas(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Delta> {
  const places = new Places();
  for await (const event of readStream(chunks)) {
    if (event.message !== undefined) {
      const { messageId: id, contextId: context, taskId: task, parts } = event.message;
      yield { kind: 'begin', ...present({ id, context, task }) };
      yield* places.add('', parts, false);
      yield { kind: 'end', stop: 'end' };
      return;
    }
    if (event.task !== undefined) yield* snapshotOf(event.task, places);
    if (event.artifactUpdate !== undefined) {
      const { artifact, append } = event.artifactUpdate;
      yield* places.add(artifact.artifactId, artifact.parts, append === true);
    }
    const status = event.statusUpdate?.status ?? event.task?.status;
    if (status === undefined) continue;
    yield* said(status, places);
    if (isTerminal(status.state) || isInterrupted(status.state)) {
      yield { kind: 'end', stop: stopOf(status.state) };
      return;
    }
  }
}

function* snapshotOf(task: Task, places: Places): Generator<Delta> {
  yield { kind: 'begin', id: task.id, task: task.id, ...present({ context: task.contextId }) };
  for (const { artifactId, parts } of task.artifacts ?? []) yield* places.add(artifactId, parts, false);
}

/** What is said on the way is a note; what is said last belongs to the answer, unless there is one already. */
function* said({ state, message }: TaskStatus, places: Places): Generator<Delta> {
  if (message === undefined) return;
  if (!isTerminal(state) && !isInterrupted(state)) {
    for (const { text } of message.parts) if (text !== undefined) yield { kind: 'note', text };
  } else if (state !== 'TASK_STATE_COMPLETED' || places.count === 0) yield* places.add('', message.parts, false);
}

/** Where the parts of artifacts stand in one answer. */
class Places {
  count = 0;
  /** The last text of each artifact: what is appended as text goes on with it. */
  readonly #texts = new Map<string, number>();

  *add(artifact: string, parts: readonly Part[], append: boolean): Generator<Delta> {
    for (const [at, part] of parts.entries()) {
      const before = append && at === 0 ? this.#texts.get(artifact) : undefined;
      if (part.text !== undefined && before !== undefined) {
        yield { kind: 'text', at: before, text: part.text };
        continue;
      }
      if (this.count >= MAX_PARTS)
        throw new Fault('upstream_invalid', `the agent answers more than ${MAX_PARTS} parts`, { executed: 'yes' });
      const place = this.count++;
      if (part.text === undefined) {
        this.#texts.delete(artifact);
        yield { kind: 'part', at: place, part: wordOf(part) };
      } else {
        this.#texts.set(artifact, place);
        yield { kind: 'text', at: place, text: part.text };
      }
    }
  }
}

/** First a task, then its artifacts, one for each part, then its end. */
export async function* writeDeltas(deltas: AsyncIterable<Delta>, about: About): AsyncGenerator<Uint8Array> {
  const timestamp = new Date(about.atS * 1_000).toISOString();
  let ids: { readonly taskId: string; readonly contextId: string } | undefined;
  const begun = new Set<number>();
  const update = (at: number, part: Part): StreamResponse => {
    const append = begun.has(at);
    begun.add(at);
    const artifact: Artifact = { artifactId: `part-${at}`, parts: [part] };
    return { artifactUpdate: { ...ids!, artifact, ...(append ? { append } : {}) } };
  };
  for await (const delta of deltas) {
    if (ids === undefined) {
      const { task, context } = delta.kind === 'begin' ? delta : {};
      ids = { taskId: task ?? about.callId, contextId: context ?? about.callId };
      const status: TaskStatus = { state: 'TASK_STATE_WORKING', timestamp };
      yield writeStreamEvent({ task: { id: ids.taskId, contextId: ids.contextId, status } });
    }
    switch (delta.kind) {
      case 'begin':
        break;
      case 'text':
        yield writeStreamEvent(update(delta.at, { text: delta.text }));
        break;
      case 'part':
        yield writeStreamEvent(update(delta.at, partOf(delta.part)));
        break;
      case 'note': {
        const message = {
          messageId: `${about.callId}-note`,
          role: 'ROLE_AGENT' as const,
          parts: [{ text: delta.text }],
        };
        yield writeStreamEvent({
          statusUpdate: { ...ids, status: { state: 'TASK_STATE_WORKING', message, timestamp } },
        });
        break;
      }
      case 'end': {
        const metadata = delta.use === undefined ? {} : { metadata: { usage: delta.use } };
        const status: TaskStatus = { state: stateOf(delta.stop), timestamp };
        yield writeStreamEvent({ statusUpdate: { ...ids, status, ...metadata } });
        break;
      }
      default:
        throw lost('plain', 'a2a', ['a call of a tool']);
    }
  }
}
