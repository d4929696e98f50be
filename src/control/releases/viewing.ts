/** Looking at releases: which there are, what one would change, and what it would have done to recorded calls. */
import {
  type CallRecord,
  Fault,
  idOf,
  type RecordedAnswer,
  type ReleaseDetail,
  type ReleaseView,
  type ReplayedDecision,
  type ReplayReport,
  type ReplayRequest,
  type Rights,
  resourceKey,
} from '../../contract/index.ts';
import { belonging } from '../belonging.ts';
import type { Configuration } from '../configuration.ts';
import { policyOf, type TenantPolicy, withPolicy } from '../policy.ts';
import type { ReleaseBook } from './book.ts';
import { policyDifference } from './difference.ts';
import type { TrainParts } from './parts.ts';
import type { Proposals } from './proposing.ts';
import { Remembered } from './remembered.ts';
import { replayRecorded } from './replay.ts';
import { digestOf, policyOfRelease } from './seal.ts';
import { compileTenant } from './tenant.ts';

export class ReleaseViews {
  readonly #parts: TrainParts;
  readonly #book: ReleaseBook;
  readonly #proposals: Proposals;
  readonly #compared = new Remembered<Pick<ReleaseDetail, 'diff'> & { readonly present: string }>();

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
    const { plane } = this.#parts;
    const stored = await plane.list({ tenant });
    const compare = async () => {
      const { present, active, proposed } = await this.#worlds(tenant, policyOfRelease(this.#book.open(record)));
      return { present, diff: policyDifference(active.policy, proposed.policy) };
    };
    const seq = plane.snapshot?.seq ?? 0;
    const { present, diff } = await this.#compared.of(`${tenant} ${record.id}`, stored, seq, compare);
    return {
      ...this.#book.view(record, present),
      diff,
      arms: this.#parts.watch.tallies({ tenant, release: record.id }),
    };
  }

  async replay({ tenant, rights, candidate, trace, sinceMs, limit }: ReplayRequest): Promise<ReplayReport> {
    const { clock, traces, replayer } = this.#parts;
    const startMs = clock.nowMs();
    const { release, active, proposed, stale } = await this.#candidate(tenant, candidate, rights);
    const about = belonging(rights, proposed).call;
    const replay = replayer(proposed, active.policy);
    const told = { release, base: active.policy.version, stale };
    const took = () => ({ tookMs: Math.round(clock.nowMs() - startMs) });
    if (trace !== undefined) {
      const events = (await traces.trace(tenant, trace)).filter(about);
      if (events.length === 0)
        throw new Fault('not_found', `there is no trace or call \`${trace}\` here; it may be older than what is kept`);
      const decided = events.slice(0, limit).flatMap((event) => replay.take(event));
      const calls = await Promise.all(decided.map((one) => this.#withAnswer(tenant, one)));
      return { ...told, ...replay.tally(), ...took(), calls };
    }
    const tally = await replayRecorded(traces, replay, { tenant, sinceMs, limit, about });
    return { ...told, ...tally, ...took() };
  }

  async #withAnswer(tenant: string, decision: ReplayedDecision): Promise<ReplayedDecision> {
    const record = await this.#parts.calls.get(tenant, decision.callId);
    return { ...decision, answer: answerIn(decision, record) };
  }

  async #candidate(tenant: string, candidate: ReplayRequest['candidate'], rights: Rights) {
    if (typeof candidate !== 'string' && candidate.resources.length === 0) {
      const active = await compileTenant(await this.#stored(tenant), tenant, this.#parts.compilePolicy);
      return { release: active.policy.version, active, proposed: active, stale: false };
    }
    if (typeof candidate !== 'string') {
      const { active, proposed } = await this.#proposals.propose({ ...candidate, tenant, rights });
      return { release: proposed.policy.version, active, proposed, stale: false };
    }
    const record = await this.#book.find(tenant, candidate);
    const content = this.#book.open(record);
    const { present, ...worlds } = await this.#worlds(tenant, policyOfRelease(content));
    return { release: record.id, ...worlds, stale: content.baseDigest !== present };
  }

  async #stored(tenant: string): Promise<Configuration> {
    const stored = await this.#parts.plane.list({ tenant });
    return new Map(stored.map(({ resource }) => [resourceKey(idOf(resource)), resource]));
  }

  /** The tenant as it is, and with another policy. */
  async #worlds(tenant: string, policy: TenantPolicy) {
    const { compilePolicy } = this.#parts;
    const before = await this.#stored(tenant);
    const [active, proposed] = await Promise.all([
      compileTenant(before, tenant, compilePolicy),
      compileTenant(withPolicy(before, tenant, policy), tenant, compilePolicy),
    ]);
    return { present: digestOf(policyOf(before, tenant)), active, proposed };
  }
}

/** Replies of calls that only read are kept by nobody: they would be a copy of everything that anybody asked. */
const answerIn = ({ was }: ReplayedDecision, record: CallRecord | undefined): RecordedAnswer => {
  if (record?.reply?.outcome === 'fault') return { why: `it ended with ${record.reply.code}` };
  if (record?.reply != null) return { status: record.reply.status, bytes: record.reply.body.byteLength };
  if (was.effect !== 'allow') return { why: 'it was not sent' };
  if (record !== undefined) return { why: 'nobody knows how it ended' };
  return { why: 'not kept here: only of calls that change something, or have an idempotency key' };
};
