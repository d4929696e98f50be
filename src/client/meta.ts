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
    notes: text(HEADERS.notes)
      .split(',')
      .map((note) => note.trim())
      .filter((note) => note !== ''),
  };
};
