/**
 * Chains that the node reads again when somebody wants to know: from the first record to the last, page by page, one chain after the
 * other. What came out is remembered until the node ends.
 */
import type { AuditHead, AuditRecord, AuditVerification, Clock } from '../contract/index.ts';
import { ChainVerifier, type Finding } from './verify.ts';

/** One chain: where it is read, and where it says that it ends. */
export interface Chain {
  /** Unlike that of any other chain. */
  readonly id: string;
  readonly tenant: string;
  read(fromSeq: number, limit: number): Promise<readonly AuditRecord[]>;
  head(): Promise<Pick<AuditHead, 'seq' | 'hash'>>;
}

type Last = NonNullable<AuditVerification['last']>;

interface Kept {
  running: { readonly by: string; readonly startedAtMs: number; records: number; of: number } | null;
  last: Last | null;
}

/** Read and hashed at once: a few milliseconds, and then calls have their turn. */
const PAGE = 500;

export class Verifications {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  #tail: Promise<void> = Promise.resolve();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  view(id: string): AuditVerification {
    const { running = null, last = null } = this.#kept.get(id) ?? {};
    return { running: running === null ? null : { ...running }, last };
  }

  /** Begins in its turn; nothing happens while the chain is being read already, or waits for it. Never throws. */
  start(chain: Chain, by: string): void {
    const kept = this.#kept.get(chain.id) ?? { running: null, last: null };
    this.#kept.set(chain.id, kept);
    if (kept.running !== null) return;
    kept.running = { by, startedAtMs: Math.floor(this.#clock.wallMs()), records: 0, of: 0 };
    this.#tail = this.#tail.then(() => this.#run(chain, kept));
  }

  /** When nothing is read any more. */
  settled(): Promise<void> {
    return this.#tail;
  }

  /** A store may answer without ever letting go. */
  #turn(): Promise<void> {
    return new Promise((resolve) => this.#clock.after(0, resolve));
  }

  async #run(chain: Chain, kept: Kept): Promise<void> {
    const running = kept.running!;
    const verifier = new ChainVerifier(chain.tenant);
    const startMs = this.#clock.nowMs();
    let finding: Finding | undefined;
    let problem = '';
    try {
      finding = await readThrough(chain, verifier, running, () => this.#turn());
    } catch (thrown) {
      problem = thrown instanceof Error ? thrown.message : String(thrown);
    }
    const { records, hash } = verifier.verified;
    kept.last = {
      ...{ by: running.by, atMs: Math.floor(this.#clock.wallMs()), tookMs: this.#clock.nowMs() - startMs },
      ...{ records, hash, finding: finding ?? null, problem },
    };
    kept.running = null;
  }
}

const readThrough = async (
  chain: Chain,
  verifier: ChainVerifier,
  progress: { records: number; of: number },
  turn: () => Promise<void>,
): Promise<Finding | undefined> => {
  const head = await chain.head();
  progress.of = head.seq;
  while (progress.records < head.seq) {
    const page = await chain.read(progress.records + 1, Math.min(PAGE, head.seq - progress.records));
    for (const record of page) {
      const finding = verifier.take(record);
      if (finding !== undefined) return finding;
    }
    if (page.length === 0) break;
    progress.records = verifier.verified.records;
    await turn();
  }
  return endOf(verifier, head);
};

/** What was written since it began is for the next time; what the head has seen must be there. */
const endOf = (
  { verified: { records, hash } }: ChainVerifier,
  head: Pick<AuditHead, 'seq' | 'hash'>,
): Finding | undefined => {
  if (records < head.seq)
    return { seq: records + 1, what: 'cut', text: `the chain ends at ${records}, and its own head says ${head.seq}` };
  if (records === 0 || hash === head.hash) return undefined;
  return {
    seq: head.seq,
    what: 'rewritten',
    text: `record ${head.seq} is another than the one that its own head says`,
  };
};
