/** What the nodes of one history share: the store, the agents, the people, and the truth about who wrote what. */
import type { Call, CallRecord, PlanEntry, Stores } from '../../../contract/index.ts';
import type { VirtualWorld } from '../../../kernel/index.ts';
import type { Agents } from './agents.ts';
import type { Machinery } from './machinery.ts';

export interface Question {
  readonly call: Call;
  readonly record: CallRecord;
  readonly target: string;
  state: 'pending' | 'approved' | 'denied' | 'withdrawn';
}

export interface Town {
  readonly world: VirtualWorld;
  readonly random: () => number;
  readonly stores: Stores;
  readonly agents: Agents;
  readonly machinery: Machinery;
  readonly entries: ReadonlyMap<string, PlanEntry>;
  /** By call. */
  readonly questions: Map<string, Question>;
  /** Which process has begun a call that has not ended. */
  readonly begun: Map<string, { readonly process: string; readonly call: Call }>;
  readonly fail: (promise: string, what: string) => void;
  calm: boolean;
  /** People who wait for somebody to hear them. */
  insisting: number;
}
