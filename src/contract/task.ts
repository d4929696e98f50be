/** Tasks that outlive the request that made them: whose they are, who works on them, and how they stood when somebody last heard. */
import type { Principal, Target } from './call.ts';

/** Where a task or a conversation really is: the target's own words for it, and the endpoint that knows them. */
export interface Whereabouts {
  readonly task: string;
  readonly context: string;
  /** Id of the endpoint; empty when nobody said. */
  readonly pin: string;
}

export interface TaskRecord {
  /** Id of the call that made it: 32 hex digits. */
  readonly id: string;
  /** Of the owner too, like the tenant of every record. */
  readonly tenant: string;
  /** Its owner, who alone may ever see it: by kind and id. */
  readonly principal: Principal;
  readonly target: Target;
  /** As its owner knows it. */
  readonly context: string;
  /** As the protocol of the door names it. */
  readonly state: string;
  /** It never changes again. */
  readonly isOver: boolean;
  /** Id of the call of it that people are asked about; empty: none. */
  readonly held: string;
  /** Null when the target knows nothing of tasks, or nobody has reached it yet. */
  readonly remote: Whereabouts | null;
  /** Node that follows it. */
  readonly node: string;
  readonly createdAtMs: number;
  /** Of the last change of its state. */
  readonly statusAtMs: number;
  /** Counts changes, from 1. */
  readonly version: number;
  /** The task as its owner sees it, as JSON. */
  readonly body: string;
}

/** A conversation that its owner may go on with. */
export interface ContextRecord {
  readonly tenant: string;
  readonly principal: Pick<Principal, 'kind' | 'id'>;
  readonly target: Pick<Target, 'kind' | 'name'>;
  /** As its owner knows it. */
  readonly id: string;
  readonly remote: Pick<Whereabouts, 'context' | 'pin'>;
  readonly atMs: number;
}

/** Where its owner wants to hear of a task. */
export interface PushRecord {
  readonly tenant: string;
  readonly task: string;
  readonly id: string;
  readonly atMs: number;
  /** Address and secrets of the receiver, as JSON. */
  readonly body: string;
}

export interface TaskFilter {
  readonly tenant: string;
  readonly principal: Pick<Principal, 'kind' | 'id'>;
  /** Absent: of every target. */
  readonly target?: Pick<Target, 'kind' | 'name'>;
  readonly context?: string;
  readonly state?: string;
  /** State changed at this instant or later. */
  readonly sinceMs?: number;
  /** Only what comes behind this one. */
  readonly after?: { readonly statusAtMs: number; readonly id: string };
  readonly limit: number;
}

/** Durable: a resolved promise survives kill -9. */
export interface TaskStore {
  /** Writes the record when the stored one has `version - 1` (1: there is none). Throws `conflict` otherwise (facts: `expected`, `actual`). */
  put(task: TaskRecord): Promise<void>;
  get(tenant: string, id: string): Promise<TaskRecord | undefined>;
  /** Newest state first, then by id downwards. `total` counts without `after` and `limit`. */
  list(filter: TaskFilter): Promise<{ readonly tasks: readonly TaskRecord[]; readonly total: number }>;
  /** Not over, and followed by this node; oldest first. */
  open(node: string): Promise<readonly TaskRecord[]>;
  /** In place of the one with the same id of the same owner and target. */
  putContext(context: ContextRecord): Promise<void>;
  context(key: Omit<ContextRecord, 'remote' | 'atMs'>): Promise<ContextRecord | undefined>;
  /** In place of the one with the same id of the same task. */
  putPush(push: PushRecord): Promise<void>;
  /** Oldest first. */
  pushes(tenant: string, task: string): Promise<readonly PushRecord[]>;
  removePush(tenant: string, task: string, id: string): Promise<boolean>;
  /** Removes tasks that were over before the instant, what was wanted of them, and conversations that are older. Returns how many tasks. */
  prune(beforeMs: number): Promise<number>;
}
