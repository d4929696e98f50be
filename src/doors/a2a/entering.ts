/** One request of A2A over HTTP, read as far as every binding needs it. */
import type { IncomingMessage } from 'node:http';
import type { Canceller } from '../../kernel/index.ts';
import type { Inbound } from '../http/index.ts';
import type { A2aService } from './service.ts';
import type { Writing } from './write.ts';

export interface Entering extends Writing {
  readonly service: A2aService;
  readonly req: IncomingMessage;
  readonly query: URLSearchParams;
  readonly inbound: Inbound;
  /** As it was written; empty: not at all. */
  readonly version: string;
  readonly extensions: readonly string[];
  readonly left: Canceller;
  /** The payload as JSON; undefined when it is empty. Throws `bad_request` with a reason of JSON-RPC, and `CONTENT_TYPE_NOT_SUPPORTED`. */
  body(): Promise<unknown>;
}
