/** One request of a caller, whatever the binding that it came in, and what it is answered with. */
import type { CancelSignal, Principal } from '../../contract/index.ts';
import type { StreamResponse } from '../../dialects/a2a/index.ts';
import type { Inbound } from '../http/index.ts';
import type { Channel } from './channel.ts';
import type { Addressed } from './targets.ts';
import type { Version } from './version.ts';

export interface Asked {
  /** Of 1.0. */
  readonly method: string;
  readonly params: unknown;
  /** What the path says; null: the parameters say. */
  readonly addressed: Addressed;
  readonly inbound: Pick<
    Inbound,
    'credential' | 'passed' | 'trace' | 'timeoutMs' | 'session' | 'run' | 'idempotencyKey'
  >;
  readonly version: Version;
  readonly extensions: readonly string[];
  /** Who asks has gone away. */
  readonly left: CancelSignal;
}

export type Performed =
  | { readonly kind: 'one'; readonly value: object }
  | { readonly kind: 'many'; readonly events: Channel<StreamResponse> };

export interface About {
  readonly asked: Asked;
  readonly principal: Principal;
  readonly addressed: Addressed;
}
