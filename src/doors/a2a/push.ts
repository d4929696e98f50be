/** Tells whoever an owner named what becomes of its tasks: at least once, in order, with patience, and never where the guard says no. */
import { Buffer } from 'node:buffer';
import { Fault, type PushRecord, type TaskRecord, type TaskStore } from '../../contract/index.ts';
import { MEDIA_TYPE, readV1, type StreamResponse, type TaskPushNotificationConfig } from '../../dialects/a2a/index.ts';
import type { World } from '../../kernel/index.ts';
import type { PostOut, Signing } from './port.ts';
import type { Version } from './version.ts';

export interface PushParts {
  readonly post: PostOut;
  readonly world: World;
  readonly signing: Pick<Signing, 'detached'>;
  readonly store: Pick<TaskStore, 'pushes'>;
  /** What a receiver of this version is sent; undefined: nothing of this. */
  readonly said: (version: Version, record: TaskRecord, event: StreamResponse) => object | undefined;
}

/** A configuration as it is kept: in which version it was made says how its receiver is spoken to. */
export interface KeptPush {
  readonly config: TaskPushNotificationConfig;
  readonly version: Version;
}

const TRIES = 6;
const FIRST_WAIT_MS = 1_000;
/** Events that wait for one receiver; it hears of the newest state anyway. */
const MOST_WAITING = 500;

/** Receivers check it with the public keys of this node. */
export const SIGNATURE_HEADER = 'x-airspace-signature';
export const TOKEN_HEADER = 'x-a2a-notification-token';

export class Pusher {
  readonly #parts: PushParts;
  readonly #queues = new Map<string, { waiting: number; last: Promise<void> }>();
  #isStopped = false;

  constructor(parts: PushParts) {
    this.#parts = parts;
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Never throws, and nobody waits for it. */
  told(record: TaskRecord, event: StreamResponse): void {
    this.#inOrder(`${record.tenant}/${record.id}`, async () => {
      for (const push of await this.#parts.store.pushes(record.tenant, record.id))
        this.#inOrder(`${record.tenant}/${record.id}/${push.id}`, () => this.#deliver(push, record, event));
    });
  }

  #inOrder(name: string, work: () => Promise<void>): void {
    const queue = this.#queues.get(name) ?? { waiting: 0, last: Promise.resolve() };
    if (queue.waiting >= MOST_WAITING) return;
    queue.waiting += 1;
    this.#queues.set(name, queue);
    queue.last = queue.last
      .then(work)
      .catch(() => {})
      .finally(() => {
        queue.waiting -= 1;
        if (queue.waiting === 0) this.#queues.delete(name);
      });
  }

  async #deliver(push: PushRecord, record: TaskRecord, event: StreamResponse): Promise<void> {
    const { config, version } = keptIn(push);
    const said = this.#parts.said(version, record, event);
    if (said === undefined) return;
    const body = Buffer.from(JSON.stringify(said));
    const headers = {
      'content-type': version === '1.0' ? MEDIA_TYPE : 'application/json',
      ...credentialsOf(config),
      [SIGNATURE_HEADER]: await this.#parts.signing.detached(body),
    };
    for (let tried = 0; tried < TRIES && !this.#isStopped; tried++) {
      if (tried > 0) await this.#pause(tried);
      if (tried > 0 && !(await this.#isStillWanted(push))) return;
      try {
        const status = await this.#parts.post(config.url, { headers, body });
        if (status >= 200 && status < 300) return;
        // It does not want this, and will not want it later.
        if (status >= 400 && status < 500 && status !== 408 && status !== 429) return;
      } catch (thrown) {
        if (Fault.from(thrown).code === 'denied') return;
      }
    }
  }

  async #isStillWanted({ tenant, task, id }: PushRecord): Promise<boolean> {
    return (await this.#parts.store.pushes(tenant, task)).some((push) => push.id === id);
  }

  #pause(tried: number): Promise<void> {
    const { clock, random } = this.#parts.world;
    const delayMs = FIRST_WAIT_MS * 2 ** (tried - 1) * (0.75 + random() / 2);
    return new Promise((resolve) => void clock.after(delayMs, resolve));
  }
}

export const keptIn = ({ body }: PushRecord): KeptPush => JSON.parse(body) as KeptPush;

const credentialsOf = ({ authentication, token }: TaskPushNotificationConfig): Readonly<Record<string, string>> => {
  if (authentication !== undefined)
    return { authorization: `${authentication.scheme} ${authentication.credentials ?? ''}`.trim() };
  return token === undefined || token === '' ? {} : { [TOKEN_HEADER]: token };
};

const TOKEN = /^[\x21-\x7e]{1,64}$/;
const TEXT = /^[\x20-\x7e]{0,4096}$/;

/** Throws `bad_request` for what could not be sent, or would be more than it says. */
export const checkedPush = (config: TaskPushNotificationConfig): TaskPushNotificationConfig => {
  const { url, token, authentication } = readV1('TaskPushNotificationConfig', config, 'ask').value;
  const parsed = URL.parse(url);
  const bad = (message: string): Fault => new Fault('bad_request', message);
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || url.length > 2_000)
    throw bad('`url` of a push configuration must be an absolute URL such as https://example.com/hook');
  if (parsed.username !== '' || parsed.password !== '' || parsed.hash !== '')
    throw bad('`url` of a push configuration must have no credentials and no fragment');
  if (token !== undefined && !TEXT.test(token)) throw bad('`token` must be at most 4096 visible characters');
  if (
    authentication !== undefined &&
    !(TOKEN.test(authentication.scheme) && TEXT.test(authentication.credentials ?? ''))
  )
    throw bad('`authentication` must be a scheme such as `Bearer` and at most 4096 visible characters');
  return config;
};
