/** What all dialects have in common: what is asked, and what is answered. Between two dialects everything goes through these words. */

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'data'; readonly data: unknown }
  /** One of `base64` and `url` is there. */
  | {
      readonly kind: 'file';
      readonly mediaType: string;
      readonly name?: string;
      readonly base64?: string;
      readonly url?: string;
    }
  /** A model wants a tool to be called. */
  | { readonly kind: 'call'; readonly id: string; readonly name: string; readonly input: unknown }
  /** What came of it. */
  | { readonly kind: 'result'; readonly id: string; readonly parts: readonly Part[]; readonly isError: boolean };

export interface Turn {
  readonly role: 'system' | 'user' | 'assistant';
  readonly parts: readonly Part[];
}

export interface ToolOffer {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema. */
  readonly input: unknown;
  /** The arguments must fit the schema exactly. */
  readonly strict?: boolean;
}

export interface Ask {
  /** Arguments of a tool, or the payload of an operation: then there are no turns. Undefined for everything else. */
  readonly input?: unknown;
  /** A conversation; what is asked is the last one. */
  readonly turns: readonly Turn[];
  /** Texts to embed. */
  readonly texts?: readonly string[];
  readonly tools?: readonly ToolOffer[];
  readonly choice?: 'auto' | 'none' | 'any' | { readonly name: string };
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly stop?: readonly string[];
  /** JSON Schema that the answer must fit. */
  readonly answerSchema?: unknown;
  readonly stream: boolean;
  /** The conversation and the task that it goes on with, in the words of who keeps them. */
  readonly context?: string;
  readonly task?: string;
  /** The caller's own id of what it sends. */
  readonly message?: string;
  /** Fields that these words have no place for, as the caller wrote them: they are lost in any other dialect. */
  readonly rest: readonly string[];
}

/** Why an answer ends where it does. Those from `working` on are of tasks that go on. */
export type Stop =
  | 'end'
  | 'length'
  | 'calls'
  | 'filtered'
  | 'failed'
  | 'canceled'
  | 'rejected'
  | 'working'
  | 'input'
  | 'login';

/** As the target says it: `input` is everything that it read, with what came from a cache. */
export interface TokenUse {
  readonly input?: number;
  readonly output?: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
  readonly reasoning?: number;
}

export interface Answer {
  readonly parts: readonly Part[];
  readonly stop: Stop;
  readonly use?: TokenUse;
  readonly id?: string;
  readonly model?: string;
  readonly context?: string;
  readonly task?: string;
  readonly vectors?: readonly (readonly number[])[];
  /** Fields that these words have no place for. */
  readonly rest: readonly string[];
}

/** An answer as it comes. `at` counts the parts of the answer. */
export type Delta =
  | {
      readonly kind: 'begin';
      readonly id?: string;
      readonly model?: string;
      readonly context?: string;
      readonly task?: string;
    }
  | { readonly kind: 'text'; readonly at: number; readonly text: string }
  | { readonly kind: 'call'; readonly at: number; readonly id: string; readonly name: string }
  /** More of the arguments of the call at this place, as JSON text. */
  | { readonly kind: 'input'; readonly at: number; readonly json: string }
  | { readonly kind: 'part'; readonly at: number; readonly part: Part }
  /** Words on the way that are no part of the answer. */
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'end'; readonly stop: Stop; readonly use?: TokenUse };

/** A target that says that it failed. */
export interface Failure {
  readonly status: number;
  /** In the target's own words; hostile like everything that it says. */
  readonly message: string;
  /** Its own kind of error, such as `rate_limit_error`; empty for none. */
  readonly type: string;
}
