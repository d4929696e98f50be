/**
 * One message on its way: the call runs to its end whoever still waits for it, and what comes back becomes a message, or a task that
 * its owner can come back to.
 */
import {
  type Call,
  Fault,
  type Principal,
  type ProgressOf,
  type Reply,
  type RunProgress,
  type TaskRecord,
} from '../../contract/index.ts';
import { isInterrupted, isTerminal, type Message, type StreamResponse, type Task } from '../../dialects/a2a/index.ts';
import { Canceller, type Handler, rootScope, silentSpan, type World } from '../../kernel/index.ts';
import { eventsOf, heldIn, isHeld } from './answers.ts';
import type { Channel } from './channel.ts';
import type { Keeper } from './keeper.ts';
import type { LiveTask } from './live.ts';
import { reasonOf } from './refuse.ts';
import { after, contextIdIn, type Ids, inOurIds, taskIdIn, withMessage } from './story.ts';
import { FAULT_KEY, waitingTask } from './words.ts';

export type Outcome =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'task'; readonly live: LiveTask };

export interface RunParts {
  readonly handler: () => Handler;
  readonly world: World;
  readonly node: string;
  readonly keeper: Keeper;
  /** The target works on, and this call is over. */
  readonly follow: (live: LiveTask) => void;
  /** The call waits for people. */
  readonly hold: (live: LiveTask) => void;
  /** How far the run of a plan is. Absent: nobody is told. */
  readonly progress?: ProgressOf | undefined;
}

/** What was sent, and for whom. */
export interface Sent {
  readonly call: Call;
  readonly principal: Principal;
  /** As its owner wrote it, with the context that it belongs to. */
  readonly message: Message;
  readonly context: string;
  /** False: what is told of a task was made up on the way, and this node keeps it. */
  readonly hasTasks: boolean;
  /** The target is a plan, and its run can be followed. */
  readonly isPlan: boolean;
  /** Absent: the message begins something. */
  readonly task?: LiveTask;
  /** Undefined: nothing is known of the conversation yet. */
  readonly remoteContext?: string;
}

export class Run {
  readonly #parts: RunParts;
  readonly #sent: Sent;
  readonly #canceller: Canceller;
  readonly #scope: ReturnType<typeof rootScope>['scope'];
  readonly #first = Promise.withResolvers<Outcome>();
  readonly #paused = Promise.withResolvers<void>();
  readonly #channel: Channel<StreamResponse> | undefined;
  #live: LiveTask | undefined;
  #message: Message | undefined;
  #isOver = false;
  #hasBegun = false;
  #remembered = '';
  #idle: (() => void) | undefined;
  #creating = false;
  #promoting: Promise<LiveTask> | undefined;

  constructor(parts: RunParts, sent: Sent, channel?: Channel<StreamResponse>) {
    this.#parts = parts;
    this.#sent = sent;
    this.#channel = channel;
    const { scope, canceller } = rootScope(parts.world, silentSpan(parts.world.ids.spanId()));
    this.#scope = scope;
    this.#canceller = canceller;
    this.#live = sent.task;
    this.#first.promise.catch(() => {});
  }

  /** The message, or the task once there is one. Throws what the call failed with before that. */
  get first(): Promise<Outcome> {
    return this.#first.promise;
  }

  /** Resolves when the task is over or waits for its caller, or this call has nothing more to say. */
  get paused(): Promise<void> {
    return this.#paused.promise;
  }

  cancel(reason: Fault): void {
    this.#canceller.cancel(reason);
  }

  /** Never throws. */
  async start(): Promise<void> {
    this.#idle = this.#live?.busy();
    try {
      await this.#call();
      if (this.#live === undefined && this.#message === undefined)
        throw new Fault('upstream_invalid', 'the target answered nothing', { executed: 'yes' });
      await this.#end();
    } catch (thrown) {
      await this.#failed(Fault.from(thrown)).catch((again: unknown) => this.#giveUp(Fault.from(again)));
    }
    this.#isOver = true;
    this.#idle?.();
    this.#live?.pause();
    this.#channel?.close();
    this.#paused.resolve();
  }

  /** The caller does not wait any longer: there is a task from now on, whatever comes. */
  async promote(): Promise<void> {
    const isDone = this.#isOver || this.#live !== undefined || this.#message !== undefined;
    if (isDone || (this.#creating && this.#promoting === undefined)) return;
    this.#promoting ??= this.#create(
      {
        id: this.#ids.task,
        contextId: this.#sent.context,
        status: { state: 'TASK_STATE_WORKING', timestamp: this.#now() },
        history: [this.#told],
      },
      null,
    );
    this.#answer({ kind: 'task', live: await this.#promoting });
  }

  async #call(): Promise<void> {
    const { call } = this.#sent;
    const over = this.#tellProgress();
    const reply = await this.#parts.handler()(call, this.#scope).finally(over);
    if (isHeld(reply)) return this.#hold(reply);
    for await (const event of eventsOf(reply)) await this.#take(event, reply.pin ?? '');
  }

  /** Until what it answers is called, which resolves when the last word is told. */
  #tellProgress(): () => Promise<void> {
    const { call, principal, isPlan } = this.#sent;
    const { progress } = this.#parts;
    if (!isPlan || progress === undefined) return async () => {};
    const canceller = new Canceller();
    const told = this.#follow(progress(principal.tenant, call.id, canceller)).catch(() => {});
    return () => {
      canceller.cancel(new Fault('cancelled', 'the call is over'));
      return told;
    };
  }

  /** Whoever follows what comes sees a task from the first word on; for others each word changes the task, if there is one. */
  async #follow(words: AsyncIterable<RunProgress>): Promise<void> {
    for await (const { message } of words) {
      if (this.#channel !== undefined) await this.promote();
      const statusUpdate = this.#status('TASK_STATE_WORKING', this.#says(message));
      await this.#live?.apply({ statusUpdate });
    }
  }

  async #take(event: StreamResponse, pin: string): Promise<void> {
    if (this.#message !== undefined) throw extra();
    const remote = { task: taskIdIn(event), context: contextIdIn(event) };
    if (remote.context !== undefined && this.#sent.hasTasks) await this.#rememberContext(remote.context, pin);
    // INVARIANT: nothing is awaited between this and the first word of `#create`: there is one task, whoever makes it.
    await this.#promoting;
    if (event.message !== undefined) return this.#takeMessage(event);
    const known = this.#live?.record.remote ?? null;
    if (known !== null && remote.task !== known.task)
      throw new Fault('upstream_invalid', 'the target answered about another task', { executed: 'yes' });
    const there = { task: remote.task!, context: remote.context ?? '', pin };
    const whereabouts = known ?? (this.#sent.hasTasks ? there : null);
    const told = this.#restored(inOurIds(event, this.#ids));
    if (this.#live === undefined) {
      const live = await this.#create(told.task ?? this.#beginning(told), whereabouts);
      this.#answer({ kind: 'task', live });
      if (told.task === undefined) await live.apply(told);
    } else await this.#goOn(this.#live, told, whereabouts);
    if (this.#live !== undefined && isInterrupted(this.#live.task.status.state)) this.#paused.resolve();
  }

  /** A task that was there before: its first event tells the whole of it, with what its owner said now. */
  async #goOn(live: LiveTask, told: StreamResponse, remote: TaskRecord['remote']): Promise<void> {
    if (this.#hasBegun) return live.apply(told, { remote, held: '' });
    const task = after({ ...live.task, history: withMessage(live.task.history ?? [], this.#told) }, told);
    await live.apply({ task }, { remote, held: '' });
    this.#begin(live);
    this.#answer({ kind: 'task', live });
  }

  async #takeMessage(event: StreamResponse): Promise<void> {
    const { message } = inOurIds(event, this.#ids);
    this.#message = message!;
    if (this.#live === undefined) {
      this.#channel?.push({ message: message! });
      return this.#answer({ kind: 'message', message: message! });
    }
    // There is a task already, for whoever went away: it ends with what was said.
    await this.#live.apply({
      statusUpdate: this.#status('TASK_STATE_COMPLETED', { ...message!, taskId: this.#ids.task }),
    });
  }

  async #hold(reply: Reply): Promise<void> {
    const { id, approval } = await heldIn(reply.body);
    const before = id === this.#sent.call.id ? undefined : await this.#askedBefore(id);
    // INVARIANT: as in `#take`.
    await this.#promoting;
    if (before !== undefined && this.#live === undefined) {
      this.#live = before;
      this.#begin(before);
      return this.#answer({ kind: 'task', live: before });
    }
    const waiting = waitingTask(this.#ids, this.#now(), approval, this.#told);
    if (this.#live === undefined) this.#answer({ kind: 'task', live: await this.#create(waiting, null, id) });
    else await this.#holdAgain(this.#live, waiting, id);
    this.#parts.hold(this.#live!);
  }

  async #holdAgain(live: LiveTask, { status, metadata }: Task, held: string): Promise<void> {
    await live.apply({ task: { ...live.task, status, metadata: { ...live.task.metadata, ...metadata } } }, { held });
    this.#begin(live);
    this.#answer({ kind: 'task', live });
  }

  /** The same was asked before, and waits already: there is a task for it. */
  #askedBefore(id: string): Promise<LiveTask | undefined> {
    return this.#parts.keeper.own(this.#sent.principal, id).catch(() => undefined);
  }

  async #end(): Promise<void> {
    const live = this.#live;
    if (live === undefined || live.record.isOver || live.record.held !== '') return;
    if (live.record.remote === null) {
      // Nobody but this call worked on it.
      if (live.task.status.state === 'TASK_STATE_WORKING')
        await live.apply({
          statusUpdate: this.#status('TASK_STATE_FAILED', this.#says('the target ended without an answer')),
        });
      return;
    }
    if (!isInterrupted(live.task.status.state)) this.#parts.follow(live);
  }

  async #failed(fault: Fault): Promise<void> {
    await this.#promoting?.catch(() => {});
    const live = this.#live;
    if (live === undefined || (live === this.#sent.task && !this.#hasBegun)) return this.#giveUp(fault);
    if (live.record.isOver) return;
    // The target has the task, and only the connection is gone.
    const isAlive = live.record.remote !== null && fault.executed !== 'no' && fault.code !== 'upstream_invalid';
    if (isAlive && fault.code !== 'cancelled') return this.#parts.follow(live);
    const state = fault.code === 'cancelled' ? 'TASK_STATE_CANCELED' : 'TASK_STATE_FAILED';
    await live.apply({ statusUpdate: this.#status(state, this.#says(fault.message), fault) });
  }

  #giveUp(given: Fault): void {
    const fault = this.#inItsWords(given);
    this.#first.reject(fault);
    this.#channel?.close(fault);
  }

  /** What a target without tasks does not know is no task. */
  #inItsWords(fault: Fault): Fault {
    if (this.#sent.hasTasks || reasonOf(fault) !== 'TASK_NOT_FOUND') return fault;
    return new Fault('not_found', `the target does not know it: ${fault.message}`);
  }

  async #create(task: Task, remote: TaskRecord['remote'], held = ''): Promise<LiveTask> {
    this.#creating = true;
    const { call, principal, context } = this.#sent;
    const { keeper, world, node } = this.#parts;
    const atMs = world.clock.wallMs();
    const record: TaskRecord = {
      id: call.id,
      tenant: principal.tenant,
      principal,
      target: call.target,
      context,
      state: task.status.state,
      isOver: isTerminal(task.status.state),
      held,
      remote,
      node,
      createdAtMs: atMs,
      statusAtMs: atMs,
      version: 1,
      body: JSON.stringify(task),
    };
    const live = await keeper.create(record, task);
    this.#begin(live);
    this.#live = live;
    return live;
  }

  #begin(live: LiveTask): void {
    this.#hasBegun = true;
    this.#idle ??= live.busy();
    if (this.#channel !== undefined) live.follow('pause', this.#channel);
  }

  #answer(outcome: Outcome): void {
    this.#first.resolve(outcome);
  }

  #beginning(_event: StreamResponse): Task {
    const { task: id, context: contextId } = this.#ids;
    return { id, contextId, status: { state: 'TASK_STATE_SUBMITTED', timestamp: this.#now() }, history: [this.#told] };
  }

  /** What its owner said is told as its owner said it, with the ids that it used. */
  #restored(event: StreamResponse): StreamResponse {
    const { task } = event;
    if (task?.history === undefined) return event;
    const own = this.#told;
    const history = task.history.map((message) => (message.messageId === own.messageId ? own : message));
    return { task: { ...task, history } };
  }

  async #rememberContext(context: string, pin: string): Promise<void> {
    const { call, principal, remoteContext } = this.#sent;
    if (context === remoteContext || this.#remembered === context) return;
    this.#remembered = context;
    const { kind, name } = call.target;
    await this.#parts.keeper.store.putContext({
      tenant: principal.tenant,
      principal: { kind: principal.kind, id: principal.id },
      target: { kind, name },
      id: this.#sent.context,
      remote: { context, pin },
      atMs: this.#parts.world.clock.wallMs(),
    });
  }

  get #ids(): Ids {
    const { call, context, task } = this.#sent;
    return { task: task?.record.id ?? call.id, context };
  }

  /** The message that its owner sent, as it stands in the history. */
  get #told(): Message {
    return { ...this.#sent.message, taskId: this.#ids.task, contextId: this.#ids.context };
  }

  #now(): string {
    return new Date(this.#parts.world.clock.wallMs()).toISOString();
  }

  #says(text: string): Message {
    const { task: taskId, context: contextId } = this.#ids;
    return { messageId: this.#parts.world.ids.callId(), role: 'ROLE_AGENT', parts: [{ text }], taskId, contextId };
  }

  #status(state: Task['status']['state'], message: Message, fault?: Fault) {
    return {
      taskId: this.#ids.task,
      contextId: this.#ids.context,
      status: { state, message, timestamp: this.#now() },
      ...(fault === undefined ? {} : { metadata: { [FAULT_KEY]: { code: fault.code, executed: fault.executed } } }),
    };
  }
}

const extra = (): Fault =>
  new Fault('upstream_invalid', 'the target answered more than its one message', { executed: 'yes' });
