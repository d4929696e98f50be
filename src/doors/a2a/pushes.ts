/** Where owners of tasks want to hear of them: kept with the task, shown to its owner, and gone with it. */
import { Fault, type Principal } from '../../contract/index.ts';
import type { Messages, TaskPushNotificationConfig } from '../../dialects/a2a/index.ts';
import type { About } from './asked.ts';
import type { Keeper } from './keeper.ts';
import type { A2aDoorOptions } from './port.ts';
import { checkedPush, keptIn } from './push.ts';
import { refusal } from './refuse.ts';
import type { Version } from './version.ts';

/** Of one task. */
const MOST_PUSHES = 20;

type PushOptions = Pick<A2aDoorOptions, 'post' | 'tasks' | 'world'>;

export class Pushes {
  readonly #options: PushOptions;
  readonly #keeper: Keeper;

  constructor(options: PushOptions, keeper: Keeper) {
    this.#options = options;
    this.#keeper = keeper;
  }

  /** Throws `PUSH_NOTIFICATION_NOT_SUPPORTED`, and `bad_request` for what could not be sent. */
  throwIfNot(config: TaskPushNotificationConfig): void {
    if (this.#options.post === undefined)
      throw refusal(
        'PUSH_NOTIFICATION_NOT_SUPPORTED',
        'this node sends no push notifications; subscribe to the task instead',
      );
    checkedPush(config);
  }

  async create(about: About, config: TaskPushNotificationConfig): Promise<TaskPushNotificationConfig> {
    const { principal, asked, addressed } = about;
    const { record } = await this.#keeper.own(principal, config.taskId ?? '', addressed ?? undefined);
    this.throwIfNot(config);
    return this.keep(principal, record.id, config, asked.version);
  }

  async keep(
    { tenant }: Principal,
    task: string,
    asked: TaskPushNotificationConfig,
    version: Version,
  ): Promise<TaskPushNotificationConfig> {
    const { tasks, world } = this.#options;
    const config = { ...asked, taskId: task, id: asked.id ?? world.ids.callId() };
    const others = (await tasks.pushes(tenant, task)).filter(({ id }) => id !== config.id);
    if (others.length >= MOST_PUSHES)
      throw new Fault('rate_limited', `task \`${task}\` has ${MOST_PUSHES} push configurations already; delete one`);
    const body = JSON.stringify({ config, version });
    await tasks.putPush({ tenant, task, id: config.id, atMs: world.clock.wallMs(), body });
    return config;
  }

  /** What was wanted of a task that never came to be. */
  async forget({ tenant }: Principal, task: string): Promise<void> {
    const { tasks } = this.#options;
    if ((await tasks.get(tenant, task)) !== undefined) return;
    for (const { id } of await tasks.pushes(tenant, task)) await tasks.removePush(tenant, task, id);
  }

  async get(
    about: About,
    { taskId, id }: Messages['GetTaskPushNotificationConfigRequest'],
  ): Promise<TaskPushNotificationConfig> {
    const found = (await this.#of(about, taskId)).find((config) => config.id === id);
    if (found === undefined)
      throw new Fault('not_found', `task \`${taskId}\` has no push configuration \`${id.slice(0, 64)}\``);
    return found;
  }

  async list(
    about: About,
    { taskId }: Messages['ListTaskPushNotificationConfigsRequest'],
  ): Promise<Messages['ListTaskPushNotificationConfigsResponse']> {
    return { configs: await this.#of(about, taskId), nextPageToken: '' };
  }

  async delete(about: About, { taskId, id }: Messages['DeleteTaskPushNotificationConfigRequest']): Promise<object> {
    await this.#of(about, taskId);
    await this.#options.tasks.removePush(about.principal.tenant, taskId, id);
    return {};
  }

  async #of({ principal, addressed }: About, taskId: string): Promise<readonly TaskPushNotificationConfig[]> {
    const { record } = await this.#keeper.own(principal, taskId, addressed ?? undefined);
    if (this.#options.post === undefined)
      throw refusal('PUSH_NOTIFICATION_NOT_SUPPORTED', 'this node sends no push notifications');
    return (await this.#options.tasks.pushes(record.tenant, record.id)).map((push) => keptIn(push).config);
  }
}
