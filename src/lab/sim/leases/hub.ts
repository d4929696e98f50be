/** The hub of the simulation: the real lessor over a ledger that survives it. */
import { Budgets, type Configured, Lessor, type LessorParts, termsOf } from '../../../budget/index.ts';
import type {
  AccountTerms,
  BudgetEntry,
  Clock,
  LeaseReply,
  LeaseRequest,
  LedgerStore,
  NodeEntry,
} from '../../../contract/index.ts';
import { Fault } from '../../../contract/index.ts';
import { memoryStores } from '../../../stores/index.ts';
import { clockOf, type Life, onDisk } from './disk.ts';
import type { Machinery } from './machinery.ts';

const SWEEP_MS = 5_000;

export interface HubParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly snapshot: Configured;
  readonly nodes: number;
  readonly sizes: NonNullable<LessorParts['sizes']>;
  readonly machinery: Machinery;
  /** Looks at the books after each request. */
  readonly look: () => void;
}

export class Hub {
  readonly ledger: LedgerStore = memoryStores().ledger;
  readonly budgets: Budgets;
  /** True time at which the hub granted each lease. */
  readonly grantedAtMs = new Map<string, number>();
  readonly skew = { wallMs: 0 };
  #life: Life = { isAlive: false };
  #lessor: Lessor | undefined;
  readonly #parts: HubParts;

  constructor(parts: HubParts) {
    this.#parts = parts;
    this.budgets = new Budgets(parts.snapshot);
  }

  get isUp(): boolean {
    return this.#lessor !== undefined && this.#life.isAlive;
  }

  termsOf(budget: BudgetEntry, holder: string): AccountTerms {
    return termsOf(budget, holder, this.#parts.clock.wallMs() + this.skew.wallMs);
  }

  async start(): Promise<void> {
    const { clock, random, snapshot, nodes, sizes, machinery } = this.#parts;
    const life = { isAlive: true };
    this.#life = life;
    const own = clockOf(clock, life, 1, this.skew);
    const ledger = onDisk(machinery.hubLedger(this.ledger), life, clock, random);
    const lessor = new Lessor({ ledger, clock: own, snapshot: () => snapshot, lessees: () => nodes, sizes });
    const sweep = (): void => {
      void ledger.expire(own.wallMs(), 1_000);
      own.after(SWEEP_MS, sweep);
    };
    own.after(SWEEP_MS, sweep);
    await lessor.restore(['default']);
    this.#lessor = lessor;
  }

  crash(): void {
    this.#life.isAlive = false;
    this.#lessor = undefined;
  }

  async take(node: NodeEntry, request: LeaseRequest): Promise<LeaseReply> {
    if (this.#lessor === undefined) throw new Fault('unreachable', 'nobody is there');
    const reply = await this.#lessor.take(node, request);
    if (request.ask !== undefined && reply.answer?.kind === 'granted')
      this.grantedAtMs.set(`${node.id}.${request.ask.id}`, this.#parts.clock.nowMs());
    this.#parts.look();
    return reply;
  }
}
