/** From files to a release: checked, compiled against the present configuration, held against lint and cases, signed and kept. */
import {
  Fault,
  type ReleaseCheck,
  type ReleaseContent,
  type ReleaseOutcome,
  type ReleaseRecord,
  type StageRequest,
} from '../../contract/index.ts';
import type { Draft } from '../compile.ts';
import type { Preview } from '../plane.ts';
import { policyOf, type TenantPolicy } from '../policy.ts';
import { refuseIfAny } from '../problems.ts';
import type { ReleaseBook } from './book.ts';
import { policyDifference } from './difference.ts';
import type { Examined, TrainParts } from './parts.ts';
import { type Given, proposalIn, turned } from './proposal.ts';
import { digestOf, seal } from './seal.ts';
import { moved } from './state.ts';
import { compileTenant, ofTenant } from './tenant.ts';

const DEFAULT_DENY_BAND = 10;

/** What was given, and the tenant before and after it. */
interface Proposal extends Preview {
  readonly wanted: TenantPolicy;
  readonly originOf: (key: string) => string;
  readonly active: Draft;
  readonly proposed: Draft;
}

export class Proposals {
  readonly #parts: TrainParts;
  readonly #book: ReleaseBook;

  constructor(parts: TrainParts, book: ReleaseBook) {
    this.#parts = parts;
    this.#book = book;
  }

  /** How it would fare, without keeping anything: what would refuse it is told and not thrown. */
  async check(request: Omit<StageRequest, 'by' | 'reason'>): Promise<ReleaseCheck> {
    const proposal = await this.propose(request);
    const { active, proposed, warnings } = proposal;
    const { proof, problems, cases, warnings: remarks } = await this.#examined(request, proposal);
    const wider = this.#parts.widenings(active.policy, proposed);
    return {
      ...{ id: proposed.policy.version, base: active.policy.version, wider, problems, cases, proof },
      needsApproval: this.#parts.twoPerson && wider.length > 0,
      warnings: [...warnings, ...(this.#parts.remarksOn?.(proposed.policy, request.tenant) ?? []), ...remarks],
      diff: policyDifference(active.policy, proposed.policy),
    };
  }

  /** Checked and compiled, and nothing else. Throws one `bad_request` with every problem. */
  async propose(given: Given): Promise<Proposal> {
    const { tenant, rights, prune } = given;
    const { plane, compilePolicy } = this.#parts;
    const { wanted, origins } = proposalIn(given);
    const originOf = (key: string): string => origins.get(key) ?? key;
    const preview = await plane.preview({
      tenant,
      by: '',
      rights,
      reason: '',
      turn: (present, isTheirs) => turned(present, wanted, (resource) => !prune || !isTheirs(resource)),
      originOf,
    });
    const [active, proposed] = await Promise.all([
      compileTenant(preview.before, tenant, compilePolicy),
      compileTenant(preview.after, tenant, compilePolicy),
    ]);
    return { ...preview, wanted, originOf, active, proposed };
  }

  /** Throws `bad_request` for what lint calls an error, and for a case that does not hold. There is no way around it. */
  async stage(request: StageRequest): Promise<ReleaseOutcome> {
    const { tenant, by, reason } = request;
    const proposal = await this.propose(request);
    const { before, after, active, proposed, warnings } = proposal;
    const policy = policyOf(after, tenant);
    const [id, base] = [proposed.policy.version, active.policy.version];
    const baseDigest = digestOf(policyOf(before, tenant));
    if (baseDigest === digestOf(policy) || id === base)
      throw new Fault('bad_request', `nothing to release: the active policy is \`${base}\` already, rule by rule`);
    const examined = await this.#examined(request, proposal);
    refuseIfAny([...examined.problems, ...failuresIn(examined)]);
    const record = await this.#keep({
      id,
      tenant,
      ...policy,
      proof: examined.proof,
      base,
      baseDigest,
      widening: this.#parts.widenings(active.policy, proposed).length > 0,
      author: by,
      reason,
      createdAtMs: this.#parts.clock.wallMs(),
    });
    this.#parts.log('info', 'policy release staged', { release: id, by, reason, base, ...examined.proof });
    const remarks = this.#parts.remarksOn?.(proposed.policy, tenant) ?? [];
    return this.#book.outcome(record, 0, [...warnings, ...remarks, ...examined.warnings]);
  }

  #examined(
    { tenant, rights, cases }: Omit<StageRequest, 'by' | 'reason'>,
    { after, wanted, originOf }: Proposal,
  ): Promise<Examined> {
    const levels = new Set(wanted.bundles.map(({ spec: { level } }) => level));
    return this.#parts.examine({ configuration: ofTenant(after, tenant), tenant, rights, levels, cases, originOf });
  }

  /** The same content again is the same release: staged anew, with a new author and nobody's approval. */
  async #keep(content: ReleaseContent): Promise<ReleaseRecord> {
    const { store, key, clock } = this.#parts;
    const { id, tenant, author: by, reason } = content;
    const before = await store.get(tenant, id);
    const state = moved(id, before?.state ?? 'none', 'stage');
    const record: ReleaseRecord = {
      id,
      tenant,
      sealed: seal(content, key),
      state,
      percent: 0,
      approvedBy: null,
      denyBand: DEFAULT_DENY_BAND,
      log: [...(before?.log ?? []), { atMs: clock.wallMs(), by, state, percent: 0, reason }],
      version: (before?.version ?? 0) + 1,
    };
    await store.put(record);
    return record;
  }
}

const failuresIn = ({ cases }: Examined): readonly string[] =>
  cases.flatMap(({ name, origin, problems }) =>
    problems.length === 0 ? [] : [`${origin}: case \`${name}\`: ${problems.join('; ')}`],
  );
