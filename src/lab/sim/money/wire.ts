/**
 * The way from a hub to the store. A command may be slow, refused, lost before it is carried out, carried out while its
 * acknowledgement is lost, carried out later than that, or twice where it may be; and the hub may die at either end of it.
 */
import type { AuditEntry, Clock, Fault as Refusal } from '../../../contract/index.ts';
import { Fault } from '../../../contract/index.ts';
import { type Life, never } from './life.ts';
import type { Acknowledged, Story } from './story.ts';
import { callOf, callsOf, type Kept, ledgerOf, lineOf } from './vault.ts';

/** Shares of commands. All zero: healthy. */
export interface StoreWeather {
  refused: number;
  lost: number;
  unacknowledged: number;
  slow: number;
  twice: number;
  deadly: number;
}

export const fairStore = (): StoreWeather => ({
  ...{ refused: 0, lost: 0, unacknowledged: 0, slow: 0, twice: 0, deadly: 0 },
});

export interface WireParts {
  readonly store: Kept;
  readonly life: Life;
  readonly weather: StoreWeather;
  readonly clock: Clock;
  readonly random: () => number;
  readonly story: Story;
  /** Names this process among those that share the store. */
  readonly holder: string;
  /** Whose calls are whose. */
  readonly holders: Map<string, string>;
}

export const wireTo = (parts: WireParts): Kept => {
  const { store, holder, holders, life, story } = parts;
  const own = (id: string): void => void (holders.has(id) || holders.set(id, holder));
  const wire = new Wire(parts);
  const noted = (entries: readonly AuditEntry[]): void => {
    for (const entry of entries)
      wire.said({ kind: 'audit', tenant: entry.tenant, callId: entry.callId, line: lineOf(entry) });
  };
  return {
    audit: {
      append: (entries) =>
        wire.write(
          () => store.audit.append(entries),
          () => noted(entries),
        ),
      read: (tenant, from, limit) => wire.read(() => store.audit.read(tenant, from, limit)),
      search: (filter) => wire.read(() => store.audit.search(filter)),
      heads: () => wire.read(() => store.audit.heads()),
    },
    ledger: {
      ...ledgerOf(store.ledger),
      extend: (tenant, id, more, atMs) => wire.write(() => store.ledger.extend(tenant, id, more, atMs)),
      expire: (nowMs, limit) => wire.again(() => store.ledger.expire(nowMs, limit)),
      account: (tenant, id) => wire.read(() => store.ledger.account(tenant, id)),
    },
    approvals: {
      put: (record) =>
        wire.write(
          () => store.approvals.put(record),
          () => {
            for (const { user } of record.votes)
              wire.said({ kind: 'vote', tenant: record.tenant, id: record.id, user });
          },
        ),
      get: (tenant, id) => wire.read(() => store.approvals.get(tenant, id)),
      latest: (tenant, principal, digest) => wire.read(() => store.approvals.latest(tenant, principal, digest)),
      waiting: (tenant, principal) => wire.read(() => store.approvals.waiting(tenant, principal)),
      list: (filter) => wire.read(() => store.approvals.list(filter)),
      due: (nowMs, limit) => wire.read(() => store.approvals.due(nowMs, limit)),
      prune: (beforeMs) => wire.again(() => store.approvals.prune(beforeMs)),
    },
    calls: {
      ...callsOf(store.calls),
      accept: (record) =>
        wire.write(
          () => {
            own(record.id);
            return store.calls.accept(record);
          },
          ({ taken }) => {
            if (taken === null) wire.said({ ...{ kind: 'call', state: 'accepted' }, ...idsOf(record) });
          },
        ),
      begin: (begin) => {
        if (!life.isOver) story.tell({ kind: 'asked', callId: callOf(begin), wallMs: begin.atMs });
        return wire.write(
          () => {
            own(callOf(begin));
            return store.calls.begin(begin);
          },
          (begun) => {
            if (begun.kind === 'begun') noted(begin.audit);
            if (begun.kind === 'taken') story.tell({ kind: 'taken', callId: callOf(begin), by: begun.record.id });
          },
        );
      },
      end: (end) =>
        wire.again(
          () => store.calls.end(end),
          ({ concluded }) => {
            if (concluded && end.outcome !== null) wire.said({ kind: 'call', ...idsOf(end), state: end.outcome.state });
            if (end.amounts !== null) wire.said({ kind: 'settled', ...idsOf(end) });
            noted(end.audit);
          },
        ),
      conclude: (id, state, reply, atMs) => wire.again(() => store.calls.conclude(id, state, reply, atMs)),
      get: (tenant, id) => wire.read(() => store.calls.get(tenant, id)),
      open: () => wire.read(async () => (await store.calls.open()).filter(({ id }) => holders.get(id) === holder)),
      unresolved: (tenant, limit) => wire.read(() => store.calls.unresolved(tenant, limit)),
      reopen: (tenant, id) => wire.write(() => store.calls.reopen(tenant, id)),
      resolve: (resolution) =>
        wire.again(
          () => store.calls.resolve(resolution),
          (done) => {
            if (done) noted(resolution.audit);
          },
        ),
    },
  };
};

const idsOf = ({ tenant, id }: { readonly tenant: string; readonly id: string }) => ({ tenant, id });

class Wire {
  readonly #parts: WireParts;

  constructor(parts: WireParts) {
    this.#parts = parts;
  }

  said(what: Acknowledged): void {
    this.#parts.story.tell({ kind: 'acknowledged', what });
  }

  /** It may be carried out once. `told` when the hub hears that it was. */
  write<T>(run: () => Promise<T>, told: (answer: T) => void = () => {}): Promise<T> {
    return this.#send(run, told, false);
  }

  /** It may arrive twice. */
  again<T>(run: () => Promise<T>, told: (answer: T) => void = () => {}): Promise<T> {
    return this.#send(run, told, true);
  }

  read<T>(run: () => Promise<T>): Promise<T> {
    const { life, weather, random } = this.#parts;
    if (life.isOver) return never();
    if (random() < weather.refused) return Promise.reject(refused());
    return this.#answered(this.#arriving(run, this.#delayMs()), () => {});
  }

  #send<T>(run: () => Promise<T>, told: (answer: T) => void, repeatable: boolean): Promise<T> {
    const { life, weather, random } = this.#parts;
    if (life.isOver) return never();
    switch (fateOf(random(), weather)) {
      case 'refused':
        return Promise.reject(refused());
      case 'lost':
        return this.#inDoubt();
      case 'unacknowledged':
        this.#arriving(run, 400 * random()).catch(() => {});
        return this.#inDoubt();
      case 'deadly':
        if (random() < 0.5) this.#arriving(run, 20 * random()).catch(() => {});
        life.end();
        return never();
      case 'twice':
        if (repeatable) this.#arriving(run, 500 * random()).catch(() => {});
    }
    return this.#answered(this.#arriving(run, this.#delayMs()), told);
  }

  #delayMs(): number {
    const { random, weather } = this.#parts;
    if (random() < weather.slow) return 2_000 * random();
    return random() < 0.5 ? 0 : 2 * random();
  }

  /**
   * What is on its way arrives although its sender is dead, until another run of it looks at what is left: a store lets one
   * session go before it gives the next one the calls of the same process.
   */
  #arriving<T>(run: () => Promise<T>, delayMs: number): Promise<T> {
    if (delayMs === 0) return run();
    return new Promise((resolve, reject) => {
      this.#parts.clock.after(delayMs, () => {
        if (!this.#parts.life.isBuried) run().then(resolve, reject);
      });
    });
  }

  #answered<T>(work: Promise<T>, told: (answer: T) => void): Promise<T> {
    return this.#parts.life.hears(work).then((answer) => {
      told(answer);
      return answer;
    });
  }

  #inDoubt(): Promise<never> {
    const { clock, life, random } = this.#parts;
    const later = new Promise<never>((_, reject) => clock.after(300 * random(), () => reject(inDoubt())));
    return life.hears(later);
  }
}

const FATES = ['refused', 'lost', 'unacknowledged', 'deadly', 'twice'] as const;

const fateOf = (chance: number, weather: StoreWeather): (typeof FATES)[number] | undefined => {
  let left = chance;
  return FATES.find((fate) => {
    left -= weather[fate];
    return left < 0;
  });
};

const refused = (): Refusal => new Fault('storage', 'the store takes no commands now');

const inDoubt = (): Refusal =>
  new Fault('storage', 'the connection broke, and the command may have been carried out', { executed: 'unknown' });
