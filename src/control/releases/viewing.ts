/** Looking at releases: which there are, what one would change, and what it would have done to recorded calls. */
import {
  idOf,
  type ReleaseDetail,
  type ReleaseView,
  type ReplayReport,
  type ReplayRequest,
  type Rights,
  resourceKey,
} from '../../contract/index.ts';
import { belonging } from '../belonging.ts';
import type { Configuration } from '../check.ts';
import { policyOf, type TenantPolicy, withPolicy } from '../policy.ts';
import type { ReleaseBook } from './book.ts';
import { policyDifference } from './difference.ts';
import type { TrainParts } from './parts.ts';
import type { Proposals } from './proposing.ts';
import { replayRecorded } from './replay.ts';
import { digestOf, policyOfRelease } from './seal.ts';
import { compileTenant } from './tenant.ts';

export class ReleaseViews {
  readonly #parts: TrainParts;
  readonly #book: ReleaseBook;
  readonly #proposals: Proposals;

  constructor(parts: TrainParts, book: ReleaseBook, proposals: Proposals) {
    this.#parts = parts;
    this.#book = book;
    this.#proposals = proposals;
  }

  async list(tenant: string, limit: number): Promise<readonly ReleaseView[]> {
    const [records, present] = await Promise.all([
      this.#parts.store.list(tenant, limit),
      this.#book.presentDigest(tenant),
    ]);
    return records.map((record) => this.#book.view(record, present));
  }

  async get(tenant: string, id: string): Promise<ReleaseDetail> {
    const record = await this.#book.find(tenant, id);
    const { present, active, proposed } = await this.#worlds(tenant, policyOfRelease(this.#book.open(record)));
    return {
      ...this.#book.view(record, present),
      diff: policyDifference(active.policy, proposed.policy),
      arms: this.#parts.watch.tallies({ tenant, release: record.id }),
    };
  }

  async replay({ tenant, rights, candidate, sinceMs, limit }: ReplayRequest): Promise<ReplayReport> {
    const { clock, traces, replayer } = this.#parts;
    const startMs = clock.nowMs();
    const { release, active, proposed, stale } = await this.#candidate(tenant, candidate, rights);
    const about = belonging(rights, proposed).call;
    const tally = await replayRecorded(traces, replayer(proposed, active.policy), { tenant, sinceMs, limit, about });
    return { release, stale, ...tally, tookMs: Math.round(clock.nowMs() - startMs) };
  }

  async #candidate(tenant: string, candidate: ReplayRequest['candidate'], rights: Rights) {
    if (typeof candidate !== 'string') {
      const { active, proposed } = await this.#proposals.propose({ ...candidate, tenant, rights });
      return { release: proposed.policy.version, active, proposed, stale: false };
    }
    const record = await this.#book.find(tenant, candidate);
    const content = this.#book.open(record);
    const { present, ...worlds } = await this.#worlds(tenant, policyOfRelease(content));
    return { release: record.id, ...worlds, stale: content.baseDigest !== present };
  }

  /** The tenant as it is, and with another policy. */
  async #worlds(tenant: string, policy: TenantPolicy) {
    const { plane, compilePolicy } = this.#parts;
    const stored = await plane.list({ tenant });
    const before: Configuration = new Map(stored.map(({ resource }) => [resourceKey(idOf(resource)), resource]));
    const [active, proposed] = await Promise.all([
      compileTenant(before, tenant, compilePolicy),
      compileTenant(withPolicy(before, tenant, policy), tenant, compilePolicy),
    ]);
    return { present: digestOf(policyOf(before, tenant)), active, proposed };
  }
}
