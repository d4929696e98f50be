/** What the desk is made of, and the words that its parts share. */
import type {
  ApprovalRecord,
  ApprovalStore,
  ApprovalSummary,
  AuditEntry,
  Call,
  CallRecord,
  Decision,
  Fault,
  PlanAsked,
  Principal,
  Reply,
  RoutePlan,
} from '../contract/index.ts';
import { DEFAULT_STREAM_TIMEOUT_MS } from '../contract/index.ts';
import type { World } from '../kernel/index.ts';
import type { People } from './four-eyes.ts';
import type { Hearing, Signing } from './proof.ts';

/** Keeps calls and runs them by themselves: the journal. */
export interface HeldCalls {
  /** Durable when it resolves. Answers the record that holds the idempotency key. Throws `idempotency_mismatch`. */
  keep(call: Call, plan: RoutePlan, policyVersion: string): Promise<CallRecord>;
  get(tenant: string, id: string): Promise<CallRecord | undefined>;
  /** Runs it through the whole pipeline, as its owner, unless it runs already. Resolves when it is over; never throws. */
  resume(record: CallRecord, as: Partial<Call>): Promise<void>;
  /** Ends what never ran. */
  giveUp(record: CallRecord, fault: Fault): Promise<void>;
  /** The kept answer, or 202 while there is none. Throws the fault that it ended with. */
  answer(record: CallRecord): Reply;
}

export interface Trail {
  note(noted: Omit<AuditEntry, 'atMs'>): Promise<void>;
  at(noted: Omit<AuditEntry, 'atMs'>): AuditEntry;
}

export interface DeskParts {
  readonly store: ApprovalStore;
  readonly calls: HeldCalls;
  readonly trail: Trail;
  readonly world: World;
  readonly people: People;
  readonly behind: (call: Call) => readonly string[];
  readonly signing: Signing;
  readonly verify: Hearing['verify'];
  /** Where the call can wait instead, in words that complete "ask"; undefined: here. */
  readonly elsewhere: (call: Call) => string | undefined;
  /** Policy on other arguments of a held call, as its owner. Throws `denied`. */
  readonly reconsider: (
    call: Call,
  ) => Promise<{ readonly call: Call; readonly decision: Decision; readonly plan: RoutePlan }>;
  /** What people are to know of a plan before a run of it goes; undefined for every other call. Absent: this node runs no plans. */
  readonly inspect?: (call: Call) => Promise<PlanAsked | undefined>;
  /** What goes wrong while nobody waits for it. */
  readonly failed?: (cause: unknown) => void;
}

export interface Ballot {
  readonly verdict: 'approve' | 'deny';
  readonly comment: string;
  /** Of what the voter looked at. */
  readonly digest: string;
}

/** Somebody who looks at approvals, with what they may see. */
export interface Viewer {
  readonly principal: Principal;
  readonly maySee: (record: ApprovalSummary) => boolean;
}

/** Whole milliseconds, as they are stored. */
export const wallMs = ({ world }: Pick<DeskParts, 'world'>): number => Math.floor(world.clock.wallMs());

/** As a field of the record. */
export const inspected = async (
  { inspect }: Pick<DeskParts, 'inspect'>,
  call: Call,
): Promise<Pick<ApprovalRecord, 'plan'>> => {
  const plan = await inspect?.(call);
  return plan === undefined ? {} : { plan };
};

/** Throws `conflict` when somebody changed it meanwhile. */
export const change = async (
  { store }: Pick<DeskParts, 'store'>,
  record: ApprovalRecord,
  to: Partial<ApprovalRecord>,
): Promise<ApprovalRecord> => {
  const next = { ...record, ...to, version: record.version + 1 };
  await store.put(next);
  return next;
};

/** What a held call is again, once people are done: exactly these bytes, where it stood, and the approval that it shows. */
export const shownBy = (
  { id, contentType, body, tree }: ApprovalRecord,
  nowMs: number,
): Pick<Call, 'contentType' | 'body' | 'grant'> & Partial<Call> => ({
  contentType,
  body: { kind: 'bytes', bytes: body },
  grant: { kind: 'own', approval: id },
  ...(tree === undefined ? {} : { lineage: tree.lineage, tree: { ...tree.described, endsAtMs: nowMs + TREE_MS } }),
});

/** The time of its tree is long over; from now on it has as much as the longest call. */
const TREE_MS = DEFAULT_STREAM_TIMEOUT_MS;

/** The whole call, for policy to look at. */
export const callOf = (record: ApprovalRecord, nowMs: number): Call => ({
  id: record.id,
  credential: { kind: 'known', principal: record.principal },
  principal: record.principal,
  target: record.target,
  accept: '*/*',
  headers: [],
  trace: { trace: record.id, sampled: true },
  lineage: { root: record.id, depth: 0 },
  ...(record.session === undefined || record.session === '' ? {} : { session: record.session }),
  priority: 2,
  stream: false,
  via: [],
  retriedElsewhere: false,
  ...shownBy(record, nowMs),
});
