/**
 * Tells another system that calls wait, and what became of them: signed, tried again until it is taken, and looked up in the store
 * each time, so that there is no outbox that could differ from the truth. Names and digests go out, never a byte of the call.
 */
import type { ApprovalStore, ApprovalSummary, Clock } from '../contract/index.ts';
import { publicOf } from './words.ts';

export interface Message {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface NotifierParts {
  readonly store: Pick<ApprovalStore, 'list' | 'get'>;
  readonly clock: Clock;
  readonly random: () => number;
  /** Ed25519 of the node. */
  readonly sign: (text: string) => Uint8Array;
  /** Resolves when the other side has taken it; throws otherwise. */
  readonly post: (message: Message) => Promise<void>;
  /** Must not throw. */
  readonly failed: (record: ApprovalSummary, tries: number, cause: unknown) => void;
}

export const WEBHOOK_HEADERS = {
  /** The same for each try: whoever has seen it has seen it. */
  id: 'airspace-webhook-id',
  /** Unix seconds, of this try. */
  timestamp: 'airspace-webhook-timestamp',
  /** `ed25519=` and base64, over `timestamp.id.body`. */
  signature: 'airspace-webhook-signature',
} as const;

/** Domain separation is the form itself: a number and a dot begin no other text that this key signs. */
export const signedWebhookText = (timestamp: string, id: string, body: string): string => `${timestamp}.${id}.${body}`;

export const messageOf = (record: ApprovalSummary, wallMs: number, sign: NotifierParts['sign']): Message => {
  const { principal, target, tenant, version } = record;
  const body = JSON.stringify({
    type: `approval.${record.state}`,
    tenant,
    ...publicOf(record),
    caller: `${principal.kind}/${principal.id}`,
    target: `${target.kind}/${target.name}/${target.operation}`,
    digest: record.digest,
    page: `/approvals/${record.id}`,
  });
  const [id, timestamp] = [`${record.id}.${version}`, String(Math.floor(wallMs / 1_000))];
  const signature = Buffer.from(sign(signedWebhookText(timestamp, id, body))).toString('base64');
  return {
    body,
    headers: {
      'content-type': 'application/json',
      [WEBHOOK_HEADERS.id]: id,
      [WEBHOOK_HEADERS.timestamp]: timestamp,
      [WEBHOOK_HEADERS.signature]: `ed25519=${signature}`,
    },
  };
};

const LOOK_MS = 2_000;
const LONGEST_WAIT_MS = 5 * 60_000;
const LOOKED_AT = 500;

interface Told {
  readonly tenant: string;
  /** 0: not yet. */
  readonly version: number;
  readonly tries: number;
  readonly nextMs: number;
}

export class Notifier {
  readonly #parts: NotifierParts;
  readonly #told = new Map<string, Told>();

  constructor(parts: NotifierParts) {
    this.#parts = parts;
  }

  start(): () => void {
    const { clock } = this.#parts;
    const again = (): void => {
      void this.look().finally(() => {
        if (!over) timer = clock.after(LOOK_MS, again);
      });
    };
    let over = false;
    let timer = clock.after(0, again);
    return () => {
      over = true;
      timer.cancel();
    };
  }

  /** One message at a time, in the order of their beginning. Never throws. */
  async look(): Promise<void> {
    const { store, clock } = this.#parts;
    try {
      const pending = await store.list({ tenant: null, state: 'pending', limit: LOOKED_AT });
      for (const record of [...pending].reverse()) await this.#tell(record);
      const waiting = new Set(pending.map(({ id }) => id));
      // What was told of and waits no more is told of once more, and then forgotten.
      for (const [id, { tenant, nextMs }] of [...this.#told]) {
        if (waiting.has(id) || nextMs > clock.nowMs()) continue;
        const record = await store.get(tenant, id);
        if (record === undefined || (await this.#tell(record))) this.#told.delete(id);
      }
    } catch {
      // The store is away; the next look finds what there is.
    }
  }

  /** True when the other side knows of this version. */
  async #tell(record: ApprovalSummary): Promise<boolean> {
    const { clock, post, sign, failed, random } = this.#parts;
    const { tenant, version } = record;
    const told = this.#told.get(record.id) ?? { tenant, version: 0, tries: 0, nextMs: 0 };
    if (told.version === version) return true;
    if (told.nextMs > clock.nowMs()) return false;
    try {
      await post(messageOf(record, clock.wallMs(), sign));
      this.#told.set(record.id, { tenant, version, tries: 0, nextMs: 0 });
      return true;
    } catch (cause) {
      const tries = told.tries + 1;
      const waitMs = Math.min(LONGEST_WAIT_MS, 1_000 * 2 ** tries) * (0.5 + random() / 2);
      this.#told.set(record.id, { ...told, tries, nextMs: clock.nowMs() + waitMs });
      failed(record, tries, cause);
      return false;
    }
  }
}
