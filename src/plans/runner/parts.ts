/** What a runner of plans is made of: everything outside of a run that it has to do with. */
import type { AuditEntry, Call, CallJournal, PlanEntry, PlanStore, RunHead, RunState } from '../../contract/index.ts';
import type { Handler, World } from '../../kernel/index.ts';
import type { Called, Callee } from '../callee.ts';

export interface RunnerParts {
  readonly world: World;
  readonly store: PlanStore;
  /** Name of this process in the store, new with each start where several share one. */
  readonly holder: string;
  /** The node's whole pipeline as it is now. */
  readonly handler: () => Handler;
  /** In the configuration in force. */
  readonly planOf: (tenant: string, name: string) => PlanEntry | undefined;
  /** Whom a step calls, for whoever started the run; a text says why there is nobody. */
  readonly lookup: (head: Pick<RunHead, 'tenant' | 'domain' | 'principal'>, callee: Callee) => Called | string;
  /** To find out what became of a call that waits for people. */
  readonly calls: Pick<CallJournal, 'get'>;
  /** Takes back a question that a run does not wait for any more. What is decided already stays as it is. */
  readonly withdraw: (tenant: string, call: string) => Promise<unknown>;
  /** Digest of the definition that people approved with this call; undefined: they were not asked about one. */
  readonly approved: (call: Call) => Promise<string | undefined>;
  /** Hears of each end of a run once it is durable: of a run that is tried again, more than once. Must not throw. Absent: nobody does. */
  readonly ended?: (ended: RunEnded) => void;
  /** Must not throw. */
  readonly note: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  readonly options?: Partial<RunnerOptions>;
}

export interface RunEnded {
  readonly run: RunHead;
  readonly state: RunState;
  /** Why it is not `done`; empty: it is. */
  readonly message: string;
  /** Number of the event with which it ended: another one each time. */
  readonly seq: number;
}

export interface RunnerOptions {
  /** A run of a node that died is taken over so long after its last word. Default 8000. */
  readonly leaseMs: number;
  /** Between two looks for runs that are due. Default 1000. */
  readonly pollMs: number;
  /** Calls of all runs at once on this node, besides those to other plans, which only wait. Default 256. */
  readonly calls: number;
  /** So long a node that stops waits for calls that it has sent. Default 10000. */
  readonly drainMs: number;
}

export const DEFAULTS: RunnerOptions = { leaseMs: 8_000, pollMs: 1_000, calls: 256, drainMs: 10_000 };

/** How a call of a step came back here, whatever its record says. */
export type CameBack =
  | {
      readonly kind: 'replied';
      readonly isOk: boolean;
      readonly isHeld: boolean;
      readonly held: string;
      readonly body: CameBody | null;
    }
  | {
      readonly kind: 'fault';
      readonly code: string;
      readonly message: string;
      readonly retryable: boolean;
      readonly isUnknown: boolean;
    };

export interface CameBody {
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

export const runKey = ({ tenant, id }: { readonly tenant: string; readonly id: string }): string => `${tenant}/${id}`;

export const auditOf = (
  head: Pick<RunHead, 'tenant' | 'id' | 'plan'>,
  atMs: number,
  kind: string,
  actor: string,
  details: AuditEntry['details'],
): AuditEntry => ({
  ...{
    tenant: head.tenant,
    atMs: Math.floor(atMs),
    kind,
    actor,
    object: `plan/${head.plan}`,
    callId: head.id,
    details,
  },
});
