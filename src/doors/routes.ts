/**
 * How a door says what it serves: one entry for each request that it understands. The description of our API is made of these, and the
 * access matrix (`test/access`) sends every one of them with every kind of credential, so that no path is open by accident.
 */
import type { TargetKind } from '../contract/index.ts';

/** What stands between a request and what it asks for. */
export type Gate =
  /** Nothing: whoever reaches the listener is answered, and learns nothing about anybody's calls or configuration. */
  | { readonly kind: 'open' }
  /** Anybody may ask, and sees what the configuration marks as public; who is known sees what they may call. */
  | { readonly kind: 'public' }
  /** It becomes a call, and policy decides about it. `operation` is `*` where the request itself names it. */
  | { readonly kind: 'call'; readonly target: TargetKind | '*'; readonly operation: string }
  /** Any principal of a tenant; the answer has nothing but what is theirs, or what they may call. */
  | { readonly kind: 'known' }
  /** A person with one of the roles, as `access` of the admin door says it. */
  | {
      readonly kind: 'role';
      readonly least: readonly string[];
      readonly agents: boolean;
      readonly domains: boolean;
      readonly everyTenant: boolean;
    }
  /** Agents only, about their own instances. */
  | { readonly kind: 'agent' }
  /** A node that joined, by its assertion, about itself. */
  | { readonly kind: 'node' }
  /** A person at a browser that has a session; what changes something also needs the token of that session. */
  | { readonly kind: 'session' }
  /** The request carries its own proof: a one-time token, a key in a form, the ticket of a login. */
  | { readonly kind: 'proof' };

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What a well-formed request says besides its path. `{name}` and `{operation}` are filled in here as they are in the path. */
export interface Example {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is; absent: no body. */
  readonly body?: string;
}

export interface DoorRoute {
  /** Folder of the door: `native`, `a2a`. */
  readonly door: string;
  readonly method: HttpMethod;
  /**
   * Without query. Places are `{name}` for a target of the kind that the gate names, `{operation}`, `{id}` for what belongs to a caller
   * (a call, a task), and whatever else the door documents.
   */
  readonly path: string;
  /** Of what shares method and path: how the protocol tells it apart, such as `SendMessage 1.0`. Default: the only one. */
  readonly variant?: string;
  /** One sentence, for the description of the API. */
  readonly summary: string;
  readonly gate: Gate;
  /** Absent: an empty request, or `{}` where there is a body. */
  readonly example?: Example;
  /** Keys come in this header too, besides `authorization`. */
  readonly keyHeader?: string;
}

/** How one is called in tables and in what is said about it. */
export const nameOfRoute = ({ door, method, path, variant }: DoorRoute): string =>
  `${door}: ${method} ${path}${variant === undefined ? '' : ` (${variant})`}`;
