/** Tasks whose call waits for people: looked at until it ran or never will, and told to whoever follows the task. */
import { FAULT_CODES, Fault, type FaultCode, type TaskRecord, type Timer } from '../../contract/index.ts';
import { isInterrupted, type Message, type StreamResponse, type TaskState } from '../../dialects/a2a/index.ts';
import type { World } from '../../kernel/index.ts';
import { eventsOf, isHeld } from './answers.ts';
import type { LiveTask } from './live.ts';
import type { HeldCall, HeldCalls } from './port.ts';
import { contextIdIn, inOurIds, taskIdIn } from './story.ts';
import { APPROVAL_URI, FAULT_KEY } from './words.ts';

export interface WaitingParts {
  readonly held: HeldCalls;
  readonly world: World;
  readonly follow: (live: LiveTask) => void;
  /** Does its target know of tasks? */
  readonly hasTasks: (record: TaskRecord) => boolean;
}

const EVERY_MS = 500;

export class Waiting {
  readonly #parts: WaitingParts;
  readonly #waiting = new Map<LiveTask, () => void>();
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(parts: WaitingParts) {
    this.#parts = parts;
  }

  add(live: LiveTask): void {
    if (!this.#waiting.has(live)) this.#waiting.set(live, live.busy());
    this.#again();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #again(): void {
    if (this.#timer !== undefined || this.#isStopped || this.#waiting.size === 0) return;
    this.#timer = this.#parts.world.clock.after(EVERY_MS, () => {
      void Promise.all([...this.#waiting.keys()].map((live) => this.look(live))).finally(() => {
        this.#timer = undefined;
        this.#again();
      });
    });
  }

  /** How it stands by now. Never throws: what could not be read is looked at again. */
  async look(live: LiveTask): Promise<void> {
    try {
      if (!(await this.#isDone(live))) return;
    } catch (thrown) {
      if (Fault.from(thrown).code === 'storage') return;
      await live.apply(this.#ended(live, 'TASK_STATE_FAILED', Fault.from(thrown)), { held: '' }).catch(() => {});
    }
    const idle = this.#waiting.get(live);
    if (idle === undefined) return;
    this.#waiting.delete(live);
    idle();
    live.pause();
    if (live.record.remote !== null && !live.record.isOver && !isInterrupted(live.task.status.state))
      this.#parts.follow(live);
  }

  async #isDone(live: LiveTask): Promise<boolean> {
    const { record } = live;
    if (record.isOver || record.held === '') return true;
    const call = await this.#parts.held.get(record.tenant, record.held);
    if (call?.state === 'held') return false;
    if (call?.state === 'running') {
      if (live.task.status.state === 'TASK_STATE_INPUT_REQUIRED') await live.apply(this.#approved(live));
      return false;
    }
    await this.#conclude(live, call?.reply ?? null);
    return true;
  }

  async #conclude(live: LiveTask, reply: HeldCall['reply']): Promise<void> {
    const { record } = live;
    if (reply === null)
      return live.apply(
        this.#ended(live, 'TASK_STATE_FAILED', new Fault('internal', 'how this call ended is not known')),
        {
          held: '',
        },
      );
    if (reply.outcome === 'fault') {
      const fault = new Fault(codeOf(reply.code), reply.message);
      // A no of people, and what policy said when it was asked again.
      const state: TaskState =
        fault.code === 'cancelled'
          ? 'TASK_STATE_CANCELED'
          : fault.code === 'denied'
            ? 'TASK_STATE_REJECTED'
            : 'TASK_STATE_FAILED';
      return live.apply(this.#ended(live, state, fault), { held: '' });
    }
    if (isHeld(reply))
      throw new Fault('unavailable', 'this call waits for people at another node, and cannot be followed from here');
    const body = { kind: 'bytes', bytes: reply.body } as const;
    const ids = { task: record.id, context: record.context };
    for await (const event of eventsOf({ ...reply, outcome: reply.outcome, body })) {
      if (event.message !== undefined) {
        const { message } = inOurIds(event, ids);
        return live.apply(this.#status(live, 'TASK_STATE_COMPLETED', { ...message!, taskId: ids.task }), { held: '' });
      }
      const there = { task: taskIdIn(event)!, context: contextIdIn(event) ?? '', pin: reply.pin ?? '' };
      const remote = record.remote ?? (this.#parts.hasTasks(record) ? there : null);
      await live.apply(inOurIds(event, ids), { held: '', remote });
    }
  }

  #approved(live: LiveTask): StreamResponse {
    return this.#status(live, 'TASK_STATE_WORKING', this.#says(live, 'people approved this call, and it runs'));
  }

  #ended(live: LiveTask, state: TaskState, fault: Fault): StreamResponse {
    const { statusUpdate } = this.#status(live, state, this.#says(live, fault.message));
    return {
      statusUpdate: { ...statusUpdate!, metadata: { [FAULT_KEY]: { code: fault.code, executed: fault.executed } } },
    };
  }

  #says({ record }: LiveTask, text: string): Message {
    return {
      messageId: this.#parts.world.ids.callId(),
      role: 'ROLE_AGENT',
      parts: [{ text }],
      taskId: record.id,
      contextId: record.context,
      extensions: [APPROVAL_URI],
    };
  }

  #status({ record }: LiveTask, state: TaskState, message: Message): StreamResponse {
    const timestamp = new Date(this.#parts.world.clock.wallMs()).toISOString();
    return {
      statusUpdate: { taskId: record.id, contextId: record.context, status: { state, message, timestamp } },
    };
  }
}

const codeOf = (code: string): FaultCode => (Object.hasOwn(FAULT_CODES, code) ? (code as FaultCode) : 'internal');
