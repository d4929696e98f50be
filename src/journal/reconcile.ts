/**
 * Finds out what became of calls whose outcome is unknown (O3): by asking the target, or by sending the call again with its key
 * where the target runs a key once. Where neither is declared, a person says. Nothing is ever retried blindly.
 */
import type { AuditEntry, Call, CallJournal, CallRecord, OperationEntry, Reply, Timer } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import { type Handler, invoke, rootScope, silentSpan, type World } from '../kernel/index.ts';
import { stepOfVerdict } from './step.ts';

export interface ReconcilerParts {
  readonly store: Pick<CallJournal, 'get' | 'unresolved' | 'resolve'>;
  readonly world: World;
  /** Questions pass the whole pipeline, as calls of whoever made the call that they are about. */
  readonly handler: () => Handler;
  /** What the configuration in force says about the operation; undefined when it is gone. */
  readonly operationOf: (record: CallRecord) => OperationEntry | undefined;
  /** As `Journal.replay`. */
  readonly replay: (record: CallRecord) => Promise<boolean>;
  /** Must not throw. */
  readonly note: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** Waits between tries; the last one repeats. A target that broke a connection is often back within seconds. */
const WAITS_MS = [1_000, 5_000, 30_000, 120_000, 600_000] as const;
/** Then it is for a person: an answer that late is no answer to the caller. */
const GIVE_UP_MS = 24 * 3_600_000;
/** Unknown calls that a start looks at. */
const MOST_LEFT = 10_000;

export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #waiting = new Map<string, Timer>();
  #stopped = false;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
  }

  /** Takes up what was unknown before this process began. */
  async start(): Promise<void> {
    for (const { tenant, id } of await this.#parts.store.unresolved(null, MOST_LEFT)) this.soon(tenant, id);
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#waiting.values()) timer.cancel();
    this.#waiting.clear();
  }

  /** Returns at once. */
  readonly soon = (tenant: string, id: string): void => this.#after(0, tenant, id);

  /** A person says what became of it. Throws `not_found` when it is not unknown, or not of this tenant. */
  async say(
    tenant: string,
    id: string,
    verdict: 'executed' | 'not_executed',
    by: string,
    reason: string,
  ): Promise<void> {
    if (!(await this.#resolve(tenant, id, verdict, by, reason)))
      throw new Fault(
        'not_found',
        `no call \`${id}\` with an unknown outcome is on record; \`airspace request unknown\` shows those that are`,
      );
  }

  #after(tries: number, tenant: string, id: string): void {
    if (this.#stopped || this.#waiting.has(id)) return;
    const waitMs = WAITS_MS[Math.min(tries, WAITS_MS.length - 1)]!;
    const timer = this.#parts.world.clock.after(waitMs, () => {
      void this.#try(tenant, id)
        .catch((cause: unknown) => {
          this.#parts.note('a call could not be reconciled', { call: id, cause: Fault.from(cause).message });
          return false;
        })
        .then((isOver) => {
          this.#waiting.delete(id);
          if (!isOver) this.#after(tries + 1, tenant, id);
        });
    });
    this.#waiting.set(id, timer);
  }

  /** True when there is nothing more to do for us. */
  async #try(tenant: string, id: string): Promise<boolean> {
    const { store, world, operationOf } = this.#parts;
    const record = await store.get(tenant, id);
    if (record?.state !== 'unknown') return true;
    const how = operationOf(record)?.reconcile;
    if (how === undefined || world.clock.wallMs() - record.acceptedAtMs > GIVE_UP_MS) return true;
    if ('replay' in how) {
      // Its run tries it again by itself, with the same key.
      if (record.step !== undefined && record.idempotent) return true;
      await this.#parts.replay(record);
      return (await store.get(tenant, id))?.state !== 'unknown';
    }
    const executed = await this.#ask(record, how.ask);
    if (executed === undefined) return false;
    const verdict = executed ? 'executed' : 'not_executed';
    return this.#resolve(
      tenant,
      id,
      verdict,
      'airspace',
      `\`${how.ask}\` of ${record.target.kind} \`${record.target.name}\` says so`,
    );
  }

  async #ask(record: CallRecord, operation: string): Promise<boolean | undefined> {
    const { world, handler } = this.#parts;
    const { scope } = rootScope(world, silentSpan(world.ids.spanId()));
    try {
      return await executedIn(await invoke(handler(), questionOf(record, operation, world.ids.callId()), scope));
    } catch (thrown) {
      const { code, message } = Fault.from(thrown);
      this.#parts.note('a target could not be asked what became of a call', { call: record.id, code, cause: message });
      return undefined;
    }
  }

  async #resolve(
    tenant: string,
    id: string,
    verdict: 'executed' | 'not_executed',
    by: string,
    reason: string,
  ): Promise<boolean> {
    const { store, world, note } = this.#parts;
    const atMs = Math.floor(world.clock.wallMs());
    const entry: AuditEntry = {
      ...{ tenant, atMs, kind: 'call.reconciled', actor: by, object: `call/${id}`, callId: id },
      details: { verdict, reason },
    };
    const record = await store.get(tenant, id);
    const step = record === undefined ? {} : stepOfVerdict(record, verdict, reason);
    const done = await store.resolve({ tenant, id, verdict, reply: null, ...step, audit: [entry], atMs });
    if (done) note('an unknown call was reconciled', { call: id, verdict, by, reason });
    return done;
  }
}

/** Whoever may make the call may ask about it, if policy says so: no right is added here. */
const questionOf = (record: CallRecord, operation: string, id: string): Call => ({
  id,
  credential: { kind: 'known', principal: record.principal },
  principal: null,
  target: { ...record.target, operation },
  contentType: 'application/json',
  accept: 'application/json',
  body: {
    kind: 'bytes',
    bytes: new TextEncoder().encode(
      JSON.stringify({ callId: record.id, idempotencyKey: record.idempotencyKey || record.id }),
    ),
  },
  headers: [],
  trace: { trace: record.trace, sampled: true },
  lineage: { root: record.id, parent: record.id, depth: 1 },
  ...(record.session === '' ? {} : { session: record.session }),
  priority: 2,
  stream: false,
  via: [],
  retriedElsewhere: false,
});

/** Only a plain yes or no counts; everything else is asked again. */
const executedIn = async ({ outcome, body }: Reply): Promise<boolean | undefined> => {
  const bytes = body.kind === 'bytes' ? body.bytes : await shortOf(body.chunks);
  if (outcome !== 'ok' || bytes === undefined) return undefined;
  try {
    const answer: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    const executed =
      typeof answer === 'object' && answer !== null && 'executed' in answer ? answer.executed : undefined;
    return typeof executed === 'boolean' ? executed : undefined;
  } catch {
    return undefined;
  }
};

/** More than a yes or a no needs. */
const MOST_ANSWER = 65_536;

/** What comes through another hub is a stream. Undefined: it is too long to be an answer. */
const shortOf = async (chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array | undefined> => {
  const read: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.byteLength;
    if (size > MOST_ANSWER) return undefined;
    read.push(chunk);
  }
  return Buffer.concat(read);
};
