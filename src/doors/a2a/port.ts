/** What the A2A door needs of the node that it belongs to. */
import type {
  Call,
  Credential,
  Directory,
  Principal,
  ProgressOf,
  StoredReply,
  TargetEntry,
  TaskStore,
} from '../../contract/index.ts';
import type { AgentCard } from '../../dialects/a2a/index.ts';
import type { Handler, World } from '../../kernel/index.ts';

/** How a call that waits for people stands. */
export interface HeldCall {
  /** `held`: people are asked. `running`: they said yes, or nobody had to be asked. `over`: there is an end to it. */
  readonly state: 'held' | 'running' | 'over';
  /** What the caller may know of the approval; absent: nobody is asked. */
  readonly approval?: Readonly<Record<string, unknown>>;
  /** Of a call that is over; null: nobody knows what became of it. */
  readonly reply: StoredReply | null;
}

/** Calls that run by themselves, once people approved them. */
export interface HeldCalls {
  /** Undefined: there is no such call. */
  get(tenant: string, id: string): Promise<HeldCall | undefined>;
  /** Its caller takes it back. */
  cancel(tenant: string, id: string): Promise<void>;
}

/** What this node signs with a key that is for nothing else. */
export interface Signing {
  /** The card with one more signature. */
  card(card: AgentCard): Promise<AgentCard>;
  /** Detached JWS over the bytes: `header..signature`. */
  detached(body: Uint8Array): Promise<string>;
  /** Public keys as a JSON Web Key Set. */
  readonly jwks: { readonly keys: readonly object[] };
}

/** Who else may prove who somebody is. */
export interface LoginOffer {
  readonly name: string;
  /** Where its OpenID configuration is. */
  readonly discoveryUrl: string;
}

/** One POST to an address that a caller wrote down, behind the guard for such addresses. Answers the status. */
export type PostOut = (
  url: string,
  message: { readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array },
) => Promise<number>;

export interface A2aDoorOptions {
  /** Asked once per call, so that a new snapshot takes effect with the next call. */
  readonly handler: () => Handler;
  readonly world: World;
  readonly node: string;
  readonly directory: Directory;
  /** Throws as `Directory.identify`, and `denied` for keys that are narrowed to other things than calls. */
  readonly identify: (credential: Credential) => Promise<Principal>;
  readonly tasks: TaskStore;
  /** Absent: no call waits here. */
  readonly held?: HeldCalls;
  /** How far the run of a plan is. Absent: nobody is told. */
  readonly progress?: ProgressOf;
  /** Absent: no push notifications. */
  readonly post?: PostOut;
  readonly signing: Signing;
  /** Base URL under which callers reach this listener. */
  readonly url: () => string;
  /** `host:port` of the gRPC listener; empty: there is none. */
  readonly grpc?: () => string;
  /** Of a tenant. */
  readonly logins?: (tenant: string) => readonly LoginOffer[];
  /** May anybody see the whole card, who has no credential? Default: nobody. */
  readonly isPublic?: (entry: TargetEntry) => boolean;
  /** The tenant whose agents are shown to who has no credential. */
  readonly tenant: string;
  /** A listener that only one known process can reach says here who that is; its word replaces the credential. */
  readonly known?: (credential: Credential) => Call['credential'];
  readonly onInternal?: (cause: unknown, about: Readonly<Record<string, unknown>>) => void;
}
