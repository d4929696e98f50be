/** What doors may know of what can be called: enough to describe it and to find it, and nothing of it that a caller may not call. */
import type { AskedCapability, ChosenProvider, Credential, Principal, TargetKind } from './call.ts';
import type { TargetEntry } from './snapshot.ts';

export interface Directory {
  /** Throws `unauthenticated`, `denied` for who is under an order to stop, `stale`. */
  identify(credential: Credential): Promise<Principal>;
  /** By name, or for models by alias. Undefined: there is none. It says nothing about whether anybody may call it. */
  find(tenant: string, kind: TargetKind, name: string): TargetEntry | undefined;
  /**
   * What the principal may call, possibly: operations that policy never lets it call are left out, and targets without any. In the
   * order of kinds and names. It takes its time: a tenth of a millisecond for each operation, and others have their turn meanwhile.
   */
  visible(principal: Principal, kinds: readonly TargetKind[]): Promise<readonly TargetEntry[]>;
  /**
   * Who gets a call for a capability, for doors that must know before there is a call. Throws `not_found`, and `bad_request` for a range
   * that is none.
   */
  provider(principal: Principal, asked: AskedCapability): ChosenProvider;
  /** Rises with every new configuration: what was listed before may have changed. */
  readonly seq: number;
  /** Calls back after each new configuration; what it answers ends that. */
  onChange(changed: () => void): () => void;
}
