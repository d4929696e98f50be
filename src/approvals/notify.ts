/**
 * Tells another system that calls wait, and what became of them: signed, tried again until it is taken, and looked up in the store
 * each time, so that there is no outbox that could differ from the truth. Names and digests go out, never a byte of the call.
 */
import type { ApprovalStore, ApprovalSummary, Clock } from '../contract/index.ts';
import { repeat, retryAfterMs, type SignedMessage, signedMessage } from '../kernel/index.ts';
import { publicOf } from './words.ts';

export interface NotifierParts {
  readonly store: Pick<ApprovalStore, 'list' | 'get'>;
  readonly clock: Clock;
  readonly random: () => number;
  /** Ed25519 of the node. */
  readonly sign: (text: string) => Uint8Array;
  /** Resolves when the other side has taken it; throws otherwise. */
  readonly post: (message: SignedMessage) => Promise<void>;
  /** Must not throw. */
  readonly failed: (record: ApprovalSummary, tries: number, cause: unknown) => void;
}

export const messageOf = (record: ApprovalSummary, wallMs: number, sign: NotifierParts['sign']): SignedMessage => {
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
  return signedMessage(`${record.id}.${version}`, body, wallMs, sign);
};

const LOOK_MS = 2_000;
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
    return repeat(this.#parts.clock, LOOK_MS, () => this.look(), 0);
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
      this.#told.set(record.id, { ...told, tries, nextMs: clock.nowMs() + retryAfterMs(tries, random) });
      failed(record, tries, cause);
      return false;
    }
  }
}
