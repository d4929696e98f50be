/** A recorded request made again: its agent is asked anew, and what the agent calls is answered from what was recorded. */
import type { Principal } from './call.ts';
import type { ComparedRow } from './comparison.ts';
import type { CallEvent, CallStatus } from './event.ts';
import type { FaultCode } from './fault.ts';

/** What a target answers in a replay, in the place of what was recorded. */
export type ScriptedReply =
  | { readonly json: unknown; readonly status?: number | undefined; readonly type?: string | undefined }
  | { readonly text: string; readonly status?: number | undefined; readonly type?: string | undefined }
  | { readonly fault: FaultCode; readonly message?: string | undefined };

/** By target, such as `tool/orders/find`: its replies, one by one in this order. */
export type ReplayScript = Readonly<Record<string, readonly ScriptedReply[]>>;

export interface ReplayWish {
  readonly tenant: string;
  readonly by: Principal;
  /** Of a call of the request, or of its trace. */
  readonly request: string;
  /** Absent: the version that answered then. */
  readonly agent?: { readonly name: string; readonly version: string };
  /** The payload of the request. Absent: what was recorded. */
  readonly data?: { readonly text: string; readonly type: string };
  readonly script?: ReplayScript;
}

/** What a replay would stand on, without one. */
export interface ReplayCheck {
  /** First call of the recorded request, and its trace. */
  readonly request: string;
  readonly trace: string;
  readonly agent: string;
  /** That would be asked; null: `problem` says why there is none. */
  readonly version: string | null;
  /** Why it cannot be made; null when it can. */
  readonly problem: string | null;
  /** What is not recorded of it: each has to be given. */
  readonly missing: readonly string[];
}

/** A call that the agent made in a replay, and what answered it. */
export interface PlayedCall {
  readonly callId: string;
  readonly target: string;
  /** `nothing`: it failed, and `note` says why. */
  readonly by: 'recording' | 'script' | 'nothing';
  /** What is to be known of it; empty: nothing. */
  readonly note: string;
}

export interface RequestReplay {
  /** First call of what was recorded, and its trace. */
  readonly request: string;
  readonly trace: string;
  /** The same of the replay. This hub keeps the last few in memory. */
  readonly replay: { readonly call: string; readonly trace: string };
  readonly agent: string;
  readonly version: string;
  readonly endpoint: string;
  /** On whose behalf every decision was taken: who made the request then. */
  readonly caller: string;
  readonly answer: {
    readonly status: CallStatus;
    /** Fault code; empty for a reply. */
    readonly code: string;
    readonly httpStatus: number;
    readonly bytes: number;
    /** Beside what was recorded; `unknown`: its payload was not. */
    readonly than: 'same' | 'other' | 'unknown';
    /** What went wrong, or why nothing can be compared. */
    readonly note: string;
    /** Its text, where policy lets payloads be kept. */
    readonly text?: string;
  };
  readonly calls: readonly PlayedCall[];
  /** Calls that the agent made then, and not now. */
  readonly unmade: readonly string[];
  /** The request and what its agent called, without what is below: that was not asked again. */
  readonly rows: readonly ComparedRow[];
  readonly notes: readonly string[];
  readonly differs: boolean;
}

/** Throws `bad_request`, `not_found` and `conflict` for what cannot be replayed, with what to do about it. */
export interface ReplayPort {
  check(wish: ReplayWish): Promise<ReplayCheck>;
  run(wish: ReplayWish): Promise<RequestReplay>;
  /** Calls of a replay that is still remembered, by call or trace; none when it is not, or of somebody else. */
  trace(tenant: string, id: string): readonly CallEvent[];
}
