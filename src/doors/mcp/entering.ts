/** One HTTP request at this door, whoever it is from: identified, read, and not yet understood. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CancelSignal, Fault } from '../../contract/index.ts';
import type { Client, Parts } from './asked.ts';
import type { Streams } from './streams.ts';

export interface Entering {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly parts: Parts;
  /** What is known of the client before its version is. */
  readonly client: Pick<Client, 'principal' | 'credential' | 'inbound' | 'place' | 'origin'>;
  /** It accepts events. */
  readonly takesEvents: boolean;
  /** Calls back once when the connection ends early. */
  readonly onGone: (gone: (reason: Fault) => void) => void;
  /** Streams of all clients of this door that only follow what changes. */
  readonly streams: Streams;
  /** Of the node: streams without an end of their own end then. */
  readonly goingAway: CancelSignal | undefined;
  /** Headers of a 401. */
  readonly challenge: () => readonly string[];
}
