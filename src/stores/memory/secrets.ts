/** Sealed secrets in maps. */
import type { SealedSecret, SecretStore, TenantKey } from '../../contract/index.ts';

export class MemorySecrets implements SecretStore {
  readonly #secrets = new Map<string, SealedSecret>();
  readonly #keys = new Map<string, TenantKey>();

  async put(secret: SealedSecret): Promise<void> {
    this.#secrets.set(idOf(secret), structuredClone(secret));
  }

  async remove(tenant: string, name: string): Promise<boolean> {
    return this.#secrets.delete(idOf({ tenant, name }));
  }

  async list(): Promise<readonly SealedSecret[]> {
    return structuredClone([...this.#secrets].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, secret]) => secret));
  }

  async claimKey(key: TenantKey): Promise<TenantKey> {
    const held = this.#keys.get(key.tenant) ?? key;
    this.#keys.set(key.tenant, { ...held });
    return { ...held };
  }

  async keys(): Promise<readonly TenantKey[]> {
    return structuredClone([...this.#keys.values()].sort((a, b) => (a.tenant < b.tenant ? -1 : 1)));
  }

  async rekey(key: TenantKey, secrets: readonly SealedSecret[]): Promise<void> {
    this.#keys.set(key.tenant, { ...key });
    for (const secret of secrets) await this.put(secret);
  }
}

/** No name contains a NUL, and it sorts before everything else. */
const idOf = ({ tenant, name }: Pick<SealedSecret, 'tenant' | 'name'>): string => `${tenant}\u0000${name}`;
