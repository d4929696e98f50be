/** What is sent to a target for a request, and what comes of it: messages on the way, and an end. */
import type { Form, Target } from '../../contract/index.ts';
import type { Json } from './message.ts';
import type { Provided } from './provided.ts';
import type { End } from './reply.ts';

export type Messages = AsyncGenerator<Json, End>;

/** What is sent to the target, when it is sent. */
export interface Sent {
  readonly target: Target;
  readonly form: Form;
  readonly body: (more: More) => unknown;
  readonly pin?: string | undefined;
  /** What was asked for instead of the target. */
  readonly provided?: Provided | undefined;
}

/** What the client adds to a request that it sends again. */
export interface More {
  readonly inputResponses?: unknown;
  readonly requestState?: string | undefined;
}
