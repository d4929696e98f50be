/** Secrets of targets as they are kept: sealed, so that whoever reads a store or a backup of it reads nothing. */

/** How a target is shown the secret: `bearer`, or the name of a header behind `header:`. */
export interface CredentialEntry {
  readonly secret: string;
  readonly as: string;
}

export interface SealedSecret {
  readonly tenant: string;
  readonly name: string;
  /** Counts the values that it had, from 1. */
  readonly version: number;
  /** Where it may be sent, and nowhere else: `https://api.example.com`. */
  readonly origins: readonly string[];
  /** AES-256-GCM under the key of the tenant, base64: nonce, tag, text. All of the above is sealed with it. */
  readonly sealed: string;
  /** Who set it: `user/ada`. */
  readonly by: string;
  /** Unix ms. */
  readonly atMs: number;
}

/** The key of a tenant, wrapped by the root key, which is never in a store. */
export interface TenantKey {
  readonly tenant: string;
  readonly wrapped: string;
}

/** Durable: a resolved promise survives kill -9. */
export interface SecretStore {
  /** Over the one that is there. */
  put(secret: SealedSecret): Promise<void>;
  /** False when there was none. */
  remove(tenant: string, name: string): Promise<boolean>;
  /** Of all tenants, by tenant and name. */
  list(): Promise<readonly SealedSecret[]>;
  /** Keeps the key unless the tenant has one. Answers the one that it has. */
  claimKey(key: TenantKey): Promise<TenantKey>;
  keys(): Promise<readonly TenantKey[]>;
  /** Another key for a tenant and its secrets sealed anew, all together or not at all. */
  rekey(key: TenantKey, secrets: readonly SealedSecret[]): Promise<void>;
}
