/**
 * The desk where calls wait for people. It opens approvals, takes votes, and lets a call go once, when enough people said yes to
 * exactly what is sent. Everything it knows is in the store: after a restart it looks again and goes on.
 */
import type {
  ApprovalRecord,
  ApprovalSummary,
  Call,
  CallRecord,
  HoldAnswer,
  HoldQuestion,
  Principal,
} from '../contract/index.ts';
import { Ballots } from './ballots.ts';
import { Grants } from './grants.ts';
import { Opening } from './opening.ts';
import { type Ballot, change, type DeskParts, type Viewer } from './parts.ts';
import type { Believed } from './proof.ts';
import { Timekeeper } from './timekeeper.ts';
import { type PublicApproval, publicOf } from './words.ts';

export class Desk {
  readonly #parts: DeskParts;
  readonly #opening: Opening;
  readonly #grants: Grants;
  readonly #ballots: Ballots;
  readonly #time: Timekeeper;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    this.#time = new Timekeeper(parts);
    this.#opening = new Opening(parts, this.#time);
    this.#ballots = new Ballots(parts, this.#time);
    this.#grants = new Grants(parts);
  }

  /** For the decide layer of one pipeline; `believed` belongs to its snapshot and roster. */
  hold(believed: Believed): (asking: HoldQuestion) => Promise<HoldAnswer> {
    return async (asking) => {
      const { grant } = asking.call;
      const startMs = asking.scope.clock.nowMs();
      const held = await this.#held(asking, believed);
      const shown = grant === undefined ? {} : { grant: grant.kind };
      asking.scope.span.step('hold', startMs, { outcome: held.kind, ...shown });
      return held;
    };
  }

  #held(asking: HoldQuestion, believed: Believed): Promise<HoldAnswer> {
    const { grant } = asking.call;
    if (grant === undefined) return this.#opening.ask(asking);
    return grant.kind === 'told'
      ? this.#grants.hear(asking, grant.token, believed)
      : this.#grants.use(asking, grant.approval);
  }

  /** The word for the next node about a call that was let go here; undefined for every other call. */
  vouch(call: Call, node: string): string | undefined {
    return this.#grants.vouch(call, node);
  }

  /** What the caller of a held call may know. */
  async publicOf(tenant: string, id: string): Promise<PublicApproval | undefined> {
    const record = await this.#parts.store.get(tenant, id);
    return record === undefined ? undefined : publicOf(record);
  }

  list(viewer: Viewer, state: ApprovalRecord['state'] | undefined, limit: number): Promise<readonly ApprovalSummary[]> {
    return this.#ballots.list(viewer, state, limit);
  }

  /** Throws `not_found` also for what is another tenant's, or not theirs to see: the three look alike. */
  get(viewer: Viewer, id: string): Promise<ApprovalRecord> {
    return this.#ballots.get(viewer, id);
  }

  /** Why this person may not vote on it now; undefined: they may. */
  obstacle(principal: Principal, record: ApprovalSummary): Promise<string | undefined> {
    return this.#ballots.obstacle(principal, record);
  }

  /** Throws `not_found`, `denied`, `conflict`. */
  vote(viewer: Viewer, id: string, ballot: Ballot): Promise<ApprovalRecord> {
    return this.#ballots.vote(viewer, id, ballot);
  }

  /** Other arguments: policy decides anew, every vote is gone, and who edits is an author from now on. */
  edit(viewer: Viewer, id: string, proposal: Parameters<Ballots['edit']>[2]): Promise<ApprovalRecord> {
    return this.#ballots.edit(viewer, id, proposal);
  }

  /** Its caller does not want it any more. False when it was too late. */
  withdraw(tenant: string, id: string): Promise<boolean> {
    return this.#ballots.withdraw(tenant, id);
  }

  /** Its caller has the answer: the same call again is a call of its own. */
  async collected(tenant: string, id: string): Promise<void> {
    const record = await this.#parts.store.get(tenant, id);
    if (record?.state === 'consumed' && record.collected !== true)
      await change(this.#parts, record, { collected: true });
  }

  /** Looks at the store every second; right after a restart `recover` does. Returns the function that ends it. */
  start(): () => void {
    return this.#time.start();
  }

  /** Everything that is due, and everything that is approved and has not run. Never throws. */
  look(): Promise<void> {
    return this.#time.look();
  }

  /** After a restart, with the calls that were left open. Returns those for whom no approval speaks. */
  recover(left: readonly CallRecord[]): Promise<readonly CallRecord[]> {
    return this.#time.recover(left);
  }
}
