/** What Airspace says about a reply, read from its headers. */
import { HEADERS } from '../contract/index.ts';

export interface ReplyMeta {
  readonly callId: string;
  readonly traceId: string;
  /** Who answered; empty when no target did. */
  readonly endpoint: string;
  readonly version: string;
  readonly attempts: number;
  readonly policy: string;
  /** Of a call for a capability: `query_database@2.3.0; provider=tool/db/query`, and instead of whom if the first was away. Empty for any other. */
  readonly capability: string;
  readonly notes: readonly string[];
}

export const metaOf = (headers: Headers): ReplyMeta => {
  const text = (name: string): string => headers.get(name) ?? '';
  return {
    callId: text(HEADERS.callId),
    traceId: text(HEADERS.traceId),
    endpoint: text(HEADERS.endpoint),
    version: text(HEADERS.version),
    attempts: Number(text(HEADERS.attempts)) || 0,
    policy: text(HEADERS.policy),
    capability: text(HEADERS.capability),
    notes: text(HEADERS.notes)
      .split(',')
      .map((note) => note.trim())
      .filter((note) => note !== ''),
  };
};
