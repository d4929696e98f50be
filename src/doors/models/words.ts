/** What the doors of model APIs have in common, and what each of them says about its own dialect. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type {
  Call,
  CancelSignal,
  Directory,
  Fault,
  Form,
  Principal,
  Reply,
  Target,
  TargetEntry,
} from '../../contract/index.ts';
import type { Members } from '../../dialects/index.ts';
import type { Handler, World } from '../../kernel/index.ts';
import type { BodyLimits, Collecting, Inbound } from '../http/index.ts';

export interface ModelDoorOptions {
  /** Asked once per call, so that a new snapshot takes effect with the next call. */
  readonly handler: () => Handler;
  readonly world: World;
  readonly directory: Directory;
  readonly limits?: Partial<BodyLimits>;
  /** What is being collected now, by all doors of a listener together: nobody is identified yet. Default: by this one alone. */
  readonly collecting?: Collecting;
  /** Takes faults whose causes only the operator may see: those with code `internal`. */
  readonly onInternal?: (fault: Fault, occurrence: Occurrence) => void;
  /** A listener that only one known process can reach says here who that is. Such a door refuses requests of web pages. */
  readonly known?: (inbound: Inbound) => Call['credential'];
  /** Cancelled late in a drain: what is still open then ends with that reason. */
  readonly goingAway?: CancelSignal;
  /** For ids that callers keep. */
  readonly seal: Seal;
}

/** Of this node: what it hands out and gets back can be neither read nor made up. */
export interface Seal {
  /** The same words for the same text. Letters, digits, `-` and `_`. */
  put(text: string): string;
  /** Undefined for what it did not put. */
  open(words: string): string | undefined;
}

/** True when the request is this door's and will be answered by it. */
export type ModelDoor = (req: IncomingMessage, res: ServerResponse) => boolean;

export interface Occurrence {
  readonly callId?: string;
  readonly traceId?: string;
}

export type Route =
  /** A payload that names a model. */
  | { readonly kind: 'ask'; readonly form: Form; readonly operation: string }
  | { readonly kind: 'list' }
  | { readonly kind: 'model'; readonly id: string }
  /** A thing of the caller's that a model keeps. */
  | {
      readonly kind: 'kept';
      readonly id: string;
      readonly form: Form;
      readonly operation: string;
      readonly payload: object;
    }
  | { readonly kind: 'nowhere' }
  | { readonly kind: 'wrong method'; readonly allow: string };

/** One payload, and whom it is for. */
export interface Asked {
  readonly route: Extract<Route, { kind: 'ask' }>;
  readonly bytes: Uint8Array;
  readonly members: Members;
  readonly principal: Principal;
  readonly target: Target;
}

/** What goes on. */
export interface Forwarded {
  readonly target: Target;
  readonly bytes: Uint8Array;
  readonly form: Form;
  readonly stream: boolean;
  readonly pin?: string;
}

export interface Forwarding {
  /** Members of the payload that go on with other values. */
  readonly changes?: Readonly<Record<string, unknown>>;
  readonly pin?: string;
}

/** A model API, as its door speaks it. */
export interface Api {
  routeOf(req: IncomingMessage): Route | undefined;
  /** Headers of the caller that the target may see. */
  readonly passes: ReadonlySet<string>;
  /** Headers with the id of the request: the provider's own, or that of the call. */
  readonly requestId: string;
  fault(fault: Fault, where: Occurrence): { readonly status: number; readonly later: boolean; readonly body: string };
  /** What a stream ends with that breaks; `between`: the last event is complete. */
  lastWords(fault: Fault, where: Occurrence, form: Form): string;
  list(models: readonly Listed[], query: URLSearchParams): unknown;
  model(model: Listed): unknown;
  /** Before the call: ids of the caller's things become those of the target. Throws Fault. Default: nothing. */
  forward?(asked: Asked): Forwarding;
  /** The thing that a path names. Throws `not_found`. */
  kept?(route: Extract<Route, { kind: 'kept' }>, principal: Principal): Forwarded;
  /** After it: the other way round, and what the caller did not ask for. */
  revise?(reply: Reply, about: Revising): Reply | Promise<Reply>;
}

export interface Revising {
  readonly forwarded: Forwarded;
  /** Null for a thing that is kept. */
  readonly asked: Asked | null;
  readonly principal: Principal;
}

export interface Listed {
  /** As callers may write it. */
  readonly id: string;
  readonly target: TargetEntry;
}
