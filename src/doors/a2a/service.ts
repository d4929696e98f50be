/**
 * What callers of A2A may ask, whatever the binding: one request in, one answer or a stream of events out, both in the words of 1.0.
 * Everything that reaches a target is a call through the pipeline; what is here is whose task it is and how it stands.
 */
import { Fault, type Principal, type Target, type TaskRecord } from '../../contract/index.ts';
import {
  byMethod,
  type ListTasksRequest,
  type ListTasksResponse,
  type Messages,
  readV1,
  type SendMessageRequest,
  type StreamResponse,
  type Task,
  type TaskPushNotificationConfig,
} from '../../dialects/a2a/index.ts';
import { rootScope, silentSpan } from '../../kernel/index.ts';
import { documentOf } from './answers.ts';
import type { About, Asked, Performed } from './asked.ts';
import { type Caller, callFor } from './calls.ts';
import { Channel } from './channel.ts';
import { Follower, refreshed } from './follow.ts';
import { Waiting } from './held.ts';
import { Keeper } from './keeper.ts';
import type { LiveTask } from './live.ts';
import { throwIfModesDiffer } from './modes.ts';
import { headersOf, outwards } from './outwards.ts';
import { afterIn, tokenFor } from './paging.ts';
import type { A2aDoorOptions } from './port.ts';
import { Pusher } from './push.ts';
import { Pushes } from './pushes.ts';
import { refusal } from './refuse.ts';
import { Run, type Sent } from './run.ts';
import { SignedCards } from './signed-cards.ts';
import { inOurIds, trimmed } from './story.ts';
import { addressIn, type Chosen, isA2a, Targets } from './targets.ts';
import type { Version } from './version.ts';

const DEFAULT_PAGE = 50;
const LARGEST_PAGE = 100;
/** How long a target may take to say what its task is, to a caller who does not want to wait for it. */
const PATIENCE_MS = 500;
const MOST_RUNS = 1_000;

export class A2aService {
  readonly options: A2aDoorOptions;
  readonly #keeper: Keeper;
  readonly #follower: Follower;
  readonly #waiting: Waiting | undefined;
  readonly #pusher: Pusher | undefined;
  readonly #targets: Targets;
  readonly #pushes: Pushes;
  readonly cards: SignedCards;
  /** By id of the task, for those that only their call works on. */
  readonly #runs = new Map<string, Run>();
  #running = 0;
  readonly #subscribed = new Set<Channel<StreamResponse>>();

  constructor(
    options: A2aDoorOptions,
    said: (version: Version, record: TaskRecord, event: StreamResponse) => object | undefined,
  ) {
    this.options = options;
    const { world, tasks, handler, held, post, signing } = options;
    this.#pusher = post && new Pusher({ post, world, signing, store: tasks, said });
    this.#keeper = new Keeper({ store: tasks, world, told: (record, event) => this.#pusher?.told(record, event) });
    this.#follower = new Follower({ handler, world });
    const follow = (live: LiveTask): void => this.#follower.follow(live);
    this.#targets = new Targets(options.directory);
    this.#pushes = new Pushes(options, this.#keeper);
    this.cards = new SignedCards(options, this.#targets);
    const hasTasks = ({ principal, target }: TaskRecord): boolean => isA2a(this.#targets.find(principal, target));
    this.#waiting = held && new Waiting({ held, world, follow, hasTasks });
  }

  /** Goes on with what the last run of this node left behind. */
  async recover(): Promise<number> {
    const open = await this.options.tasks.open(this.options.node);
    for (const record of open) {
      const live = this.#keeper.open(record);
      if (record.held !== '' && this.#waiting !== undefined) this.#waiting.add(live);
      else if (record.remote !== null) this.#follower.follow(live);
      else await live.apply(this.#lostWhileRunning(record));
    }
    return open.length;
  }

  /** Streams that have no end of their own end first: a drain would wait for them. What runs is finished. */
  stop(): void {
    for (const channel of this.#subscribed)
      channel.close(new Fault('unavailable', 'this node is going away; subscribe again'));
    this.#follower.stop();
    this.#waiting?.stop();
    this.#pusher?.stop();
  }

  /** Throws faults, some of them with a reason of A2A. */
  async perform(asked: Asked): Promise<Performed> {
    const facts = byMethod(asked.method);
    if (facts === undefined) throw new Fault('internal', `there is no operation \`${asked.method}\``);
    const principal = await this.options.identify(asked.inbound.credential);
    const params = readV1(facts.request, asked.params ?? {}, 'ask').value as Messages[keyof Messages] & {
      tenant?: string;
    };
    const { tenant = '', ...rest } = params as { readonly tenant?: string };
    const addressed = asked.addressed ?? addressIn(tenant);
    const about: About = { asked, principal, addressed };
    switch (asked.method) {
      case 'SendMessage':
        return one(await this.#send(about, rest as SendMessageRequest));
      case 'SendStreamingMessage':
        return many(await this.#sendStreaming(about, rest as SendMessageRequest));
      case 'GetTask':
        return one(await this.#get(about, rest as Messages['GetTaskRequest']));
      case 'ListTasks':
        return one(await this.#list(about, rest as ListTasksRequest));
      case 'CancelTask':
        return one(await this.#cancel(about, rest as Messages['CancelTaskRequest']));
      case 'SubscribeToTask':
        return many(await this.#subscribe(about, rest as Messages['SubscribeToTaskRequest']));
      case 'CreateTaskPushNotificationConfig':
        return one(await this.#pushes.create(about, rest as TaskPushNotificationConfig));
      case 'GetTaskPushNotificationConfig':
        return one(await this.#pushes.get(about, rest as Messages['GetTaskPushNotificationConfigRequest']));
      case 'ListTaskPushNotificationConfigs':
        return one(await this.#pushes.list(about, rest as Messages['ListTaskPushNotificationConfigsRequest']));
      case 'DeleteTaskPushNotificationConfig':
        return one(await this.#pushes.delete(about, rest as Messages['DeleteTaskPushNotificationConfigRequest']));
      default:
        return one(await this.cards.shownTo(principal, addressed));
    }
  }

  async #send(about: About, request: SendMessageRequest): Promise<object> {
    const { configuration } = request;
    const run = await this.#begin(about, request, undefined);
    const { left } = about.asked;
    const forget = left.onCancel(() => void run.promote().catch(() => {}));
    try {
      if (configuration?.returnImmediately === true) await this.#patiently(run);
      const outcome = await run.first;
      if (outcome.kind === 'message') return { message: outcome.message };
      if (configuration?.returnImmediately !== true) await run.paused;
      return { task: trimmed(outcome.live.task, configuration?.historyLength) };
    } finally {
      forget();
    }
  }

  async #sendStreaming(about: About, request: SendMessageRequest): Promise<Channel<StreamResponse>> {
    const channel = new Channel<StreamResponse>();
    const run = await this.#begin(about, request, channel);
    const forget = about.asked.left.onCancel(() => {
      void run.promote().catch(() => {});
      channel.close();
    });
    await run.first.finally(forget);
    about.asked.left.onCancel(() => channel.close());
    return channel;
  }

  async #patiently(run: Run): Promise<void> {
    const { clock } = this.options.world;
    const late = Promise.withResolvers<void>();
    const timer = clock.after(PATIENCE_MS, late.resolve);
    await Promise.race([run.first.then(() => {}), late.promise]).finally(() => timer.cancel());
    await run.promote();
  }

  async #begin(about: About, request: SendMessageRequest, channel: Channel<StreamResponse> | undefined): Promise<Run> {
    const { principal, asked } = about;
    const { message } = request;
    if (message.role !== 'ROLE_USER') throw new Fault('bad_request', '`message.role` must be ROLE_USER');
    const task =
      message.taskId === undefined ? undefined : await this.#goesOn(about, message.taskId, message.contextId);
    const chosen: Chosen =
      task === undefined
        ? await this.#chosen(about, message)
        : { entry: this.#targets.find(principal, task.record.target), operation: task.record.target.operation };
    throwIfModesDiffer(chosen.entry, request);
    const push = request.configuration?.taskPushNotificationConfig;
    if (push !== undefined) this.#pushes.throwIfNot(push);
    if (this.#running >= MOST_RUNS)
      throw new Fault('overloaded', 'too many messages are under way; try again', { executed: 'no' });
    const sent = await this.#sent(about, chosen, request, task, channel !== undefined);
    const { handler, world, node } = this.options;
    const run = new Run(
      {
        handler,
        world,
        node,
        keeper: this.#keeper,
        follow: (live) => this.#follower.follow(live),
        hold: (live) => this.#waiting?.add(live),
        progress: this.options.progress,
      },
      sent,
      channel,
    );
    const id = task?.record.id ?? sent.call.id;
    this.#runs.set(id, run);
    this.#running += 1;
    if (push !== undefined) await this.#pushes.keep(principal, id, { ...push, taskId: id }, asked.version);
    void run.start().finally(() => {
      this.#running -= 1;
      if (this.#runs.get(id) === run) this.#runs.delete(id);
      if (push !== undefined) void this.#pushes.forget(principal, id).catch(() => {});
    });
    return run;
  }

  /** A conversation about a capability goes on with whom it began with: another one knows nothing of it. */
  async #chosen(
    { principal, addressed }: About,
    { metadata, contextId }: SendMessageRequest['message'],
  ): Promise<Chosen> {
    const chosen = await this.#targets.choose(principal, addressed, metadata);
    if (chosen.capability === undefined || contextId === undefined) return chosen;
    const { tenant } = principal;
    const { tasks } = await this.options.tasks.list({ tenant, principal, context: contextId, limit: 1 });
    const [last] = tasks;
    if (last === undefined) return chosen;
    return this.#targets.stays(principal, last.target, chosen.capability.asked) ?? chosen;
  }

  /** Throws `TASK_NOT_FOUND`, `UNSUPPORTED_OPERATION` for a task that takes no message, `bad_request` for another context. */
  async #goesOn({ principal, addressed }: About, id: string, context: string | undefined): Promise<LiveTask> {
    const live = await this.#keeper.own(principal, id, addressed ?? undefined);
    const { record } = live;
    if (context !== undefined && context !== record.context)
      throw new Fault('bad_request', `task \`${id}\` belongs to another context; leave \`contextId\` out`);
    if (record.isOver)
      throw refusal('UNSUPPORTED_OPERATION', `task \`${id}\` is over and takes no message; begin a new one`);
    if (record.held !== '')
      throw refusal(
        'UNSUPPORTED_OPERATION',
        `task \`${id}\` waits for the approval of people, and takes no message meanwhile`,
      );
    if (record.remote === null)
      throw refusal('UNSUPPORTED_OPERATION', `task \`${id}\` is being worked on, and takes no message meanwhile`);
    return live;
  }

  async #sent(
    about: About,
    { entry, operation, capability }: Chosen,
    request: SendMessageRequest,
    task: LiveTask | undefined,
    stream: boolean,
  ): Promise<Sent> {
    const { principal } = about;
    const { world, tasks } = this.options;
    const { message } = request;
    const target = { kind: entry.kind, name: entry.name, operation };
    const context = task?.record.context ?? message.contextId ?? world.ids.callId();
    const owner = { tenant: principal.tenant, principal: { kind: principal.kind, id: principal.id } };
    const known =
      task === undefined && message.contextId !== undefined
        ? await tasks.context({ ...owner, target: { kind: entry.kind, name: entry.name }, id: context })
        : undefined;
    const remote = task?.record.remote ?? known?.remote;
    const references = await Promise.all(
      (message.referenceTaskIds ?? []).map(async (id) => {
        const { record } = await this.#keeper.own(principal, id);
        return record.remote?.task ?? id;
      }),
    );
    const hasTasks = isA2a(entry);
    const params = outwards(request, {
      isA2a: hasTasks,
      task: task?.record.remote?.task,
      context: hasTasks ? remote?.context : undefined,
      references,
    });
    const { idempotencyKey } = about.asked.inbound;
    const call = callFor(world, this.#caller(about), {
      ...{ target, params, stream, idempotencyKey, capability },
      pin: remote?.pin ?? '',
    });
    return {
      call,
      principal,
      message: { ...message, contextId: context },
      context,
      hasTasks,
      isPlan: entry.speech?.protocol === 'plan',
      ...(task === undefined ? {} : { task }),
      ...(remote === undefined ? {} : { remoteContext: remote.context }),
    };
  }

  #caller({ asked, principal }: About): Caller {
    const { inbound } = asked;
    return {
      principal,
      credential: inbound.credential,
      headers: headersOf(inbound.passed),
      ...(inbound.trace === null ? {} : { trace: inbound.trace }),
      ...(inbound.timeoutMs === undefined ? {} : { timeoutMs: inbound.timeoutMs }),
      ...(inbound.session === undefined ? {} : { session: inbound.session }),
      ...(inbound.run === undefined ? {} : { run: inbound.run }),
    };
  }

  async #get(about: About, { id, historyLength }: Messages['GetTaskRequest']): Promise<Task> {
    const live = await this.#found(about, id, 'task.get');
    if (live.record.held !== '') await this.#waiting?.look(live);
    else if (!live.record.isOver && live.record.remote !== null) {
      const { scope, canceller } = rootScope(this.options.world, silentSpan(this.options.world.ids.spanId()));
      const forget = about.asked.left.onCancel((reason) => canceller.cancel(reason));
      await refreshed(this.options, live, scope, this.#caller(about)).finally(forget);
    }
    return trimmed(live.task, historyLength);
  }

  /** Of its owner, and of the target that is asked. Throws `denied` when policy never lets the owner do this. */
  async #found(about: About, id: string, operation: string): Promise<LiveTask> {
    const live = await this.#keeper.own(about.principal, id, about.addressed ?? undefined);
    const { target, remote } = live.record;
    await this.#throwIfHidden(about, { ...target, operation }, { id: remote?.task ?? id });
    return live;
  }

  /** A refusal is made by the pipeline, so that there is a record of it. */
  async #throwIfHidden(about: About, target: Target, params: object): Promise<void> {
    try {
      await this.#targets.throwIfHidden(about.principal, target, target.operation);
    } catch (thrown) {
      const { handler, world } = this.options;
      const { scope } = rootScope(world, silentSpan(world.ids.spanId()));
      await handler()(callFor(world, this.#caller(about), { target, params }), scope);
      throw thrown;
    }
  }

  async #list(about: About, request: ListTasksRequest): Promise<ListTasksResponse> {
    const { principal, addressed } = about;
    if (addressed !== null) await this.#throwIfHidden(about, { ...addressed, operation: 'task.list' }, {});
    const { contextId, status, pageSize = DEFAULT_PAGE, pageToken = '', historyLength, statusTimestampAfter } = request;
    if (pageSize < 1 || pageSize > LARGEST_PAGE)
      throw new Fault('bad_request', `\`pageSize\` must be from 1 to ${LARGEST_PAGE}`);
    const after = afterIn(pageToken);
    const found = await this.options.tasks.list({
      tenant: principal.tenant,
      principal,
      ...(addressed === null ? {} : { target: addressed }),
      ...(contextId === undefined ? {} : { context: contextId }),
      ...(status === undefined || status === 'TASK_STATE_UNSPECIFIED' ? {} : { state: status }),
      ...(statusTimestampAfter === undefined ? {} : { sinceMs: Date.parse(statusTimestampAfter) }),
      ...(after === undefined ? {} : { after }),
      limit: pageSize + 1,
    });
    const page = found.tasks.slice(0, pageSize);
    const told = addressed === null ? await this.#listable(principal, page) : page;
    const last = found.tasks.length > pageSize ? page.at(-1) : undefined;
    return {
      tasks: told.map(({ body }) => trimmed(JSON.parse(body), historyLength, request.includeArtifacts === true)),
      nextPageToken: last === undefined ? '' : tokenFor(last),
      pageSize: told.length,
      totalSize: found.total - (page.length - told.length),
    };
  }

  /** Of a list for all targets, without those whose tasks policy never lets the principal list. */
  async #listable(principal: Principal, records: readonly TaskRecord[]): Promise<readonly TaskRecord[]> {
    const may = await Promise.all(
      records.map(({ target }) =>
        this.#targets.throwIfHidden(principal, target, 'task.list').then(
          () => true,
          () => false,
        ),
      ),
    );
    return records.filter((_, at) => may[at]);
  }

  async #cancel(about: About, request: Messages['CancelTaskRequest']): Promise<Task> {
    const live = await this.#found(about, request.id, 'task.cancel');
    const { record } = live;
    if (record.isOver) throw refusal('TASK_NOT_CANCELABLE', `task \`${request.id}\` is over, and cannot be cancelled`);
    if (record.held !== '') await this.#takeBack(live);
    else if (record.remote !== null) await this.#cancelThere(about, live, request);
    else await this.#cancelHere(live);
    return live.task;
  }

  async #takeBack(live: LiveTask): Promise<void> {
    const { tenant, held } = live.record;
    await this.options.held?.cancel(tenant, held);
    await this.#waiting?.look(live);
    if (!live.record.isOver)
      throw refusal('TASK_NOT_CANCELABLE', `task \`${live.record.id}\` is on its way already; ask how it stands`);
  }

  async #cancelThere(about: About, live: LiveTask, { metadata }: Messages['CancelTaskRequest']): Promise<void> {
    const { handler, world } = this.options;
    const { remote, target, id, context } = live.record;
    const call = callFor(world, this.#caller(about), {
      target: { ...target, operation: 'task.cancel' },
      params: { id: remote!.task, ...(metadata === undefined ? {} : { metadata }) },
      pin: remote!.pin,
    });
    const { scope } = rootScope(world, silentSpan(world.ids.spanId()));
    const task = await documentOf('Task', await handler()(call, scope));
    if (task.id !== remote!.task)
      throw new Fault('upstream_invalid', 'the target answered about another task', { executed: 'yes' });
    await live.apply(inOurIds({ task }, { task: id, context }));
  }

  async #cancelHere(live: LiveTask): Promise<void> {
    const run = this.#runs.get(live.record.id);
    run?.cancel(new Fault('cancelled', 'the caller cancelled this task'));
    await run?.paused;
    if (!live.record.isOver)
      await live.apply(this.#ended(live.record, 'TASK_STATE_CANCELED', 'its caller cancelled this task'));
  }

  async #subscribe(about: About, { id }: Messages['SubscribeToTaskRequest']): Promise<Channel<StreamResponse>> {
    const live = await this.#found(about, id, 'task.subscribe');
    if (live.record.isOver) throw refusal('UNSUPPORTED_OPERATION', `task \`${id}\` is over: ask for it with GetTask`);
    const channel = live.follow('end');
    this.#subscribed.add(channel);
    channel.whenLeft(() => this.#subscribed.delete(channel));
    about.asked.left.onCancel(() => channel.close());
    if (!live.isBusy && live.record.held === '') this.#follower.follow(live);
    return channel;
  }

  #lostWhileRunning(record: TaskRecord): StreamResponse {
    return this.#ended(
      record,
      'TASK_STATE_FAILED',
      'the node that worked on this stopped; whether it ran is not known',
    );
  }

  #ended({ id, context }: TaskRecord, state: Task['status']['state'], text: string): StreamResponse {
    const { world } = this.options;
    return {
      statusUpdate: {
        taskId: id,
        contextId: context,
        status: {
          state,
          timestamp: new Date(world.clock.wallMs()).toISOString(),
          message: {
            messageId: world.ids.callId(),
            role: 'ROLE_AGENT',
            parts: [{ text }],
            taskId: id,
            contextId: context,
          },
        },
      },
    };
  }
}

const one = (value: object): Performed => ({ kind: 'one', value });
const many = (events: Channel<StreamResponse>): Performed => ({ kind: 'many', events });
