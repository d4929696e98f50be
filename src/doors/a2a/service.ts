/**
 * What callers of A2A may ask, whatever the binding: one request in, one answer or a stream of events out, both in the words of 1.0.
 * Everything that reaches a target is a call through the pipeline; what is here is whose task it is and how it stands.
 */
import { type CancelSignal, Fault, type Principal, type Target, type TaskRecord } from '../../contract/index.ts';
import {
  type AgentCard,
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
import type { Inbound } from '../http/index.ts';
import { documentOf } from './answers.ts';
import { type Caller, callFor } from './calls.ts';
import { cardOf, nodeCard, type Place } from './cards.ts';
import { Channel } from './channel.ts';
import { Follower, refreshed } from './follow.ts';
import { Waiting } from './held.ts';
import { Keeper } from './keeper.ts';
import type { LiveTask } from './live.ts';
import { throwIfModesDiffer } from './modes.ts';
import type { A2aDoorOptions } from './port.ts';
import { checkedPush, keptIn, Pusher } from './push.ts';
import { refusal } from './refuse.ts';
import { APPROVAL_URI, Run, type Sent } from './run.ts';
import { inOurIds, trimmed } from './story.ts';
import { type Addressed, addressIn, type Chosen, isA2a, Targets } from './targets.ts';
import type { Version } from './version.ts';

export interface Asked {
  /** Of 1.0. */
  readonly method: string;
  readonly params: unknown;
  /** What the path says; null: the parameters say. */
  readonly addressed: Addressed;
  readonly inbound: Pick<
    Inbound,
    'credential' | 'passed' | 'trace' | 'timeoutMs' | 'session' | 'run' | 'idempotencyKey'
  >;
  readonly version: Version;
  readonly extensions: readonly string[];
  /** Who asks has gone away. */
  readonly left: CancelSignal;
}

export type Performed =
  | { readonly kind: 'one'; readonly value: object }
  | { readonly kind: 'many'; readonly events: Channel<StreamResponse> };

const DEFAULT_PAGE = 50;
const LARGEST_PAGE = 100;
/** How long a target may take to say what its task is, to a caller who does not want to wait for it. */
const PATIENCE_MS = 500;
const MOST_PUSHES = 20;
const MOST_RUNS = 1_000;

export class A2aService {
  readonly options: A2aDoorOptions;
  readonly #keeper: Keeper;
  readonly #follower: Follower;
  readonly #waiting: Waiting | undefined;
  readonly #pusher: Pusher | undefined;
  readonly #targets: Targets;
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
        return one(await this.#createPush(about, rest as TaskPushNotificationConfig));
      case 'GetTaskPushNotificationConfig':
        return one(await this.#getPush(about, rest as Messages['GetTaskPushNotificationConfigRequest']));
      case 'ListTaskPushNotificationConfigs':
        return one(await this.#listPushes(about, rest as Messages['ListTaskPushNotificationConfigsRequest']));
      case 'DeleteTaskPushNotificationConfig':
        return one(await this.#deletePush(about, rest as Messages['DeleteTaskPushNotificationConfigRequest']));
      default:
        return one(await this.card(principal, addressed));
    }
  }

  /** Signed, for this reader. Throws `not_found` also for what the reader may not call: the two look alike. */
  async card(principal: Principal, addressed: Addressed): Promise<AgentCard> {
    const place = this.place(principal.tenant);
    if (addressed === null) return this.#signed(nodeCard(await this.#targets.all(principal), place, 'all'));
    const entry = await this.#targets.visible(principal, addressed);
    if (entry === undefined)
      throw new Fault('not_found', `there is no ${addressed.kind} \`${addressed.name}\` that you may call`);
    return this.#signed(cardOf(entry, place, 'all'));
  }

  /** For whoever has no credential: everything of what is public, the name of everything else. */
  async publicCard(addressed: Addressed): Promise<AgentCard> {
    const { tenant, directory, isPublic } = this.options;
    const place = this.place(tenant);
    if (addressed === null) return this.#signed(nodeCard([], place, 'name'));
    const entry = directory.find(tenant, addressed.kind, addressed.name);
    if (entry === undefined) throw new Fault('not_found', `there is no ${addressed.kind} \`${addressed.name}\``);
    return this.#signed(cardOf(entry, place, isPublic?.(entry) === true ? 'all' : 'name'));
  }

  place(tenant: string): Place {
    const { url, grpc, post, logins } = this.options;
    return { url: url(), grpc: grpc?.() ?? '', hasPush: post !== undefined, logins: logins?.(tenant) ?? [] };
  }

  #signatures = new Map<string, AgentCard>();

  /** The same card is signed once: signing is dear. */
  async #signed(card: AgentCard): Promise<AgentCard> {
    const key = JSON.stringify(card);
    const known = this.#signatures.get(key);
    if (known !== undefined) return known;
    const signed = await this.options.signing.card(card);
    if (this.#signatures.size >= 500) this.#signatures.delete(this.#signatures.keys().next().value!);
    this.#signatures.set(key, signed);
    return signed;
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
        ? await this.#targets.choose(principal, about.addressed, message.metadata)
        : { entry: this.#targets.find(principal, task.record.target), operation: task.record.target.operation };
    throwIfModesDiffer(chosen.entry, request);
    const push = request.configuration?.taskPushNotificationConfig;
    if (push !== undefined) this.#throwIfNoPush(push);
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
      },
      sent,
      channel,
    );
    const id = task?.record.id ?? sent.call.id;
    this.#runs.set(id, run);
    this.#running += 1;
    if (push !== undefined) await this.#keepPush(principal, id, { ...push, taskId: id }, asked.version);
    void run.start().finally(() => {
      this.#running -= 1;
      if (this.#runs.get(id) === run) this.#runs.delete(id);
      if (push !== undefined) void this.#forgetPushes(principal, id).catch(() => {});
    });
    return run;
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
    { entry, operation }: Chosen,
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
      ...{ target, params, stream, idempotencyKey },
      pin: remote?.pin ?? '',
    });
    return {
      call,
      principal,
      message: { ...message, contextId: context },
      context,
      hasTasks,
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

  #throwIfNoPush(config: TaskPushNotificationConfig): void {
    if (this.options.post === undefined)
      throw refusal(
        'PUSH_NOTIFICATION_NOT_SUPPORTED',
        'this node sends no push notifications; subscribe to the task instead',
      );
    checkedPush(config);
  }

  async #createPush(about: About, config: TaskPushNotificationConfig): Promise<TaskPushNotificationConfig> {
    const { principal, asked, addressed } = about;
    const { record } = await this.#keeper.own(principal, config.taskId ?? '', addressed ?? undefined);
    this.#throwIfNoPush(config);
    return this.#keepPush(principal, record.id, config, asked.version);
  }

  async #keepPush(
    { tenant }: Principal,
    task: string,
    asked: TaskPushNotificationConfig,
    version: Version,
  ): Promise<TaskPushNotificationConfig> {
    const { tasks, world } = this.options;
    const config = { ...asked, taskId: task, id: asked.id ?? world.ids.callId() };
    const others = (await tasks.pushes(tenant, task)).filter(({ id }) => id !== config.id);
    if (others.length >= MOST_PUSHES)
      throw new Fault('rate_limited', `task \`${task}\` has ${MOST_PUSHES} push configurations already; delete one`);
    const body = JSON.stringify({ config, version });
    await tasks.putPush({ tenant, task, id: config.id, atMs: world.clock.wallMs(), body });
    return config;
  }

  /** What was wanted of a task that never came to be. */
  async #forgetPushes({ tenant }: Principal, task: string): Promise<void> {
    const { tasks } = this.options;
    if ((await tasks.get(tenant, task)) !== undefined) return;
    for (const { id } of await tasks.pushes(tenant, task)) await tasks.removePush(tenant, task, id);
  }

  async #getPush(
    about: About,
    { taskId, id }: Messages['GetTaskPushNotificationConfigRequest'],
  ): Promise<TaskPushNotificationConfig> {
    const found = (await this.#pushesOf(about, taskId)).find((config) => config.id === id);
    if (found === undefined)
      throw new Fault('not_found', `task \`${taskId}\` has no push configuration \`${id.slice(0, 64)}\``);
    return found;
  }

  async #listPushes(
    about: About,
    { taskId }: Messages['ListTaskPushNotificationConfigsRequest'],
  ): Promise<Messages['ListTaskPushNotificationConfigsResponse']> {
    return { configs: await this.#pushesOf(about, taskId), nextPageToken: '' };
  }

  async #deletePush(
    about: About,
    { taskId, id }: Messages['DeleteTaskPushNotificationConfigRequest'],
  ): Promise<object> {
    await this.#pushesOf(about, taskId);
    await this.options.tasks.removePush(about.principal.tenant, taskId, id);
    return {};
  }

  async #pushesOf({ principal, addressed }: About, taskId: string): Promise<readonly TaskPushNotificationConfig[]> {
    const { record } = await this.#keeper.own(principal, taskId, addressed ?? undefined);
    if (this.options.post === undefined)
      throw refusal('PUSH_NOTIFICATION_NOT_SUPPORTED', 'this node sends no push notifications');
    return (await this.options.tasks.pushes(record.tenant, record.id)).map((push) => keptIn(push).config);
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

interface About {
  readonly asked: Asked;
  readonly principal: Principal;
  readonly addressed: Addressed;
}

const one = (value: object): Performed => ({ kind: 'one', value });
const many = (events: Channel<StreamResponse>): Performed => ({ kind: 'many', events });

/** Each hop says its own version; our own extensions are not for the target. */
const headersOf = (passed: Inbound['passed']): Inbound['passed'] =>
  passed.flatMap((field): Inbound['passed'] => {
    const [name, value] = field;
    if (name === 'a2a-version') return [];
    if (name !== 'a2a-extensions' && name !== 'x-a2a-extensions') return [field];
    const others = value
      .split(',')
      .map((uri) => uri.trim())
      .filter((uri) => uri !== '' && uri !== APPROVAL_URI);
    return others.length === 0 ? [] : [['a2a-extensions', others.join(', ')]];
  });

interface There {
  readonly isA2a: boolean;
  readonly task: string | undefined;
  readonly context: string | undefined;
  readonly references: readonly string[];
}

/** The request as the target gets it: with its own ids, and without what this node sees to itself. */
const outwards = ({ message, configuration, metadata }: SendMessageRequest, there: There): object => {
  const { taskId: _, contextId: __, referenceTaskIds: ___, extensions, ...rest } = message;
  const others = extensions?.filter((uri) => uri !== APPROVAL_URI);
  const kept = {
    ...(configuration?.acceptedOutputModes === undefined
      ? {}
      : { acceptedOutputModes: configuration.acceptedOutputModes }),
    ...(configuration?.returnImmediately === undefined ? {} : { returnImmediately: configuration.returnImmediately }),
  };
  return {
    message: {
      ...rest,
      ...(there.task === undefined ? {} : { taskId: there.task }),
      ...(there.context === undefined ? {} : { contextId: there.context }),
      ...(there.references.length === 0 ? {} : { referenceTaskIds: there.references }),
      ...(others === undefined || others.length === 0 ? {} : { extensions: others }),
    },
    ...(there.isA2a && Object.keys(kept).length > 0 ? { configuration: kept } : {}),
    ...(metadata === undefined ? {} : { metadata }),
  };
};

const tokenFor = ({ statusAtMs, id }: Pick<TaskRecord, 'statusAtMs' | 'id'>): string =>
  Buffer.from(`${statusAtMs}:${id}`).toString('base64url');

/** Throws `bad_request` for a token that is none of ours. What it says decides only where the owner's own list goes on. */
const afterIn = (token: string): { readonly statusAtMs: number; readonly id: string } | undefined => {
  if (token === '') return undefined;
  const [, statusAtMs, id] =
    /^(\d{1,16}(?:\.\d{1,6})?):([0-9a-f]{32})$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (statusAtMs === undefined || id === undefined)
    throw new Fault('bad_request', '`pageToken` is not one of ours; begin with the first page');
  return { statusAtMs: Number(statusAtMs), id };
};
