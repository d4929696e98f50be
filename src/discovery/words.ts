/** What somebody wants to register, what was looked for, and what was found: nothing in the last is believed, only shown. */
import type { Clock, Protocol, TargetKind } from '../contract/index.ts';
import type { GuardedFetch, GuardedRequest, GuardedResponse } from '../egress/index.ts';

export interface Wanted {
  readonly url: string;
  /** Absent: whatever it is. */
  readonly kind?: TargetKind | undefined;
  /** Absent: each that such a kind may speak. */
  readonly protocol?: Protocol | undefined;
  /** Further origins that a card may lead to. */
  readonly origins: readonly string[];
  /** What is shown to the address that was named, and to no other. */
  readonly credential?: { readonly as?: string | undefined; readonly value: string } | undefined;
}

export interface Tried {
  /** `A2A card`, `MCP server/discover`. */
  readonly what: string;
  readonly url: string;
  /** In words: `HTTP 404`, `no JSON`. */
  readonly came: string;
}

export interface FoundTool {
  readonly name: string;
  readonly definition: Readonly<Record<string, unknown>>;
}

export interface Skill {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

export type Signature = {
  /** `unchecked`: signed, with a key that is not at the same place. */
  readonly verdict: 'unsigned' | 'valid' | 'invalid' | 'unchecked';
  readonly detail: string;
};

export interface Found {
  readonly kind: TargetKind;
  readonly protocol: Protocol;
  /** As the protocol counts; empty where it has none. */
  readonly version: string;
  /** Of A2A. */
  readonly binding: '' | 'JSONRPC' | 'HTTP+JSON' | 'GRPC';
  /** As it calls itself, in one line without controls. */
  readonly title: string;
  readonly description: string;
  /** Where calls go. */
  readonly endpoint: string;
  /** In words: what it wants to be shown. */
  readonly auth: readonly string[];
  readonly card?: Readonly<Record<string, unknown>>;
  readonly signature?: Signature;
  readonly skills: readonly Skill[];
  readonly tools: readonly FoundTool[];
  readonly models: readonly string[];
  readonly warnings: readonly string[];
}

export interface Discovery {
  readonly tried: readonly Tried[];
  readonly found: Found | null;
  /** Somebody answered and wants to know who asks. */
  readonly wants: readonly string[];
}

export interface DiscoveryParts {
  readonly fetch: GuardedFetch;
  readonly clock: Clock;
}

/** One search: what it tries is noted, and its time and its requests come to an end. */
export interface Search {
  readonly wanted: Wanted;
  readonly address: URL;
  /**
   * Answers undefined when nothing came, which is noted. `as`: how such targets usually want a credential, default `bearer`. Throws
   * `denied` for an address that we do not go to.
   */
  ask(what: string, url: string, request?: GuardedRequest, as?: string): Promise<Answered | undefined>;
  /** Something came, and it is not what it should be. */
  note(what: string, url: string, came: string): void;
}

export interface Answered extends GuardedResponse {
  /** What it is as JSON; undefined for what is none, or none that we read. */
  readonly json: unknown;
  readonly contentType: string;
}
