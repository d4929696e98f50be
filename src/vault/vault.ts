/** The vault of a hub: holds every secret sealed, and opens one at the moment in which it is sent. */
import { randomBytes } from 'node:crypto';
import { type Clock, Fault, type SealedSecret, type SecretStore, type TenantKey } from '../contract/index.ts';
import { seal, unseal } from './seal.ts';

/** What everybody with the right may know of a secret. */
export type SecretView = Omit<SealedSecret, 'sealed' | 'tenant'>;

export interface NewSecret {
  readonly tenant: string;
  readonly name: string;
  readonly value: string;
  readonly origins: readonly string[];
  readonly by: string;
}

export class Vault {
  readonly #store: SecretStore;
  readonly #root: Buffer;
  readonly #clock: Clock;
  #secrets = new Map<string, SealedSecret>();
  /** Wrapped, like in the store: what is open is open for one secret only. */
  #keys = new Map<string, TenantKey>();
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(store: SecretStore, root: Buffer, clock: Clock) {
    this.#store = store;
    this.#root = root;
    this.#clock = clock;
  }

  /** Throws `storage` when the root key is not the one that the store was sealed with. */
  static async open(store: SecretStore, root: Buffer, clock: Clock): Promise<Vault> {
    const vault = new Vault(store, root, clock);
    await vault.#read();
    return vault;
  }

  async #read(): Promise<void> {
    const [keys, secrets] = [await this.#store.keys(), await this.#store.list()];
    for (const key of keys) this.#unwrapped(key);
    this.#keys = new Map(keys.map((key) => [key.tenant, key]));
    this.#secrets = new Map(secrets.map((secret) => [idOf(secret), secret]));
  }

  /** Another hub over the same store has changed something. Throws `storage` when it seals with another root key; then all stays as it was. */
  follow(): Promise<void> {
    return this.#alone(async () => {});
  }

  list(tenant: string): readonly SecretView[] {
    return [...this.#secrets.values()]
      .filter((secret) => secret.tenant === tenant)
      .map(({ name, version, origins, by, atMs }) => ({ name, version, origins, by, atMs }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** A new secret, or another value of one that is there. */
  set({ tenant, name, value, origins, by }: NewSecret): Promise<SecretView> {
    return this.#alone(async () => {
      const key = this.#unwrapped(await this.#keyOf(tenant));
      const version = (this.#secrets.get(idOf({ tenant, name }))?.version ?? 0) + 1;
      const open = { tenant, name, version, origins, by, atMs: this.#clock.wallMs() };
      const secret = { ...open, sealed: seal(key, aboutOf(open), Buffer.from(value)) };
      await this.#store.put(secret);
      this.#secrets.set(idOf(secret), secret);
      return { name, version, origins, by, atMs: open.atMs };
    });
  }

  /** Throws `not_found`. */
  remove(tenant: string, name: string): Promise<void> {
    return this.#alone(async () => {
      if (!(await this.#store.remove(tenant, name))) throw new Fault('not_found', `there is no secret \`${name}\``);
      this.#secrets.delete(idOf({ tenant, name }));
    });
  }

  /** Another key for the tenant, and every secret of it sealed anew. Answers how many. */
  rekey(tenant: string): Promise<number> {
    return this.#alone(async () => {
      const before = this.#unwrapped(await this.#keyOf(tenant));
      const fresh = randomBytes(32);
      const own = [...this.#secrets.values()].filter((secret) => secret.tenant === tenant);
      const anew = own.map((secret) => ({
        ...secret,
        sealed: seal(fresh, aboutOf(secret), unseal(before, aboutOf(secret), secret.sealed)),
      }));
      const key = this.#wrapped(tenant, fresh);
      await this.#store.rekey(key, anew);
      this.#keys.set(tenant, key);
      for (const secret of anew) this.#secrets.set(idOf(secret), secret);
      return anew.length;
    });
  }

  /**
   * The value, for a request that goes to `origin`. INVARIANT: it is opened for nothing else, wherever a configuration points.
   * Throws `unavailable` when there is none, `denied` for another place.
   */
  reveal(tenant: string, name: string, origin: string): string {
    const secret = this.#secrets.get(idOf({ tenant, name }));
    const key = this.#keys.get(tenant);
    if (secret === undefined || key === undefined)
      throw new Fault('unavailable', `the secret \`${name}\` is not there; \`airspace secret set ${name}\` sets it`);
    if (!secret.origins.includes(origin))
      throw new Fault('denied', `the secret \`${name}\` may not be sent to \`${origin}\`; it is for ${said(secret)}`);
    return unseal(this.#unwrapped(key), aboutOf(secret), secret.sealed).toString('utf8');
  }

  async #keyOf(tenant: string): Promise<TenantKey> {
    const known = this.#keys.get(tenant);
    if (known !== undefined) return known;
    const key = await this.#store.claimKey(this.#wrapped(tenant, randomBytes(32)));
    this.#keys.set(tenant, key);
    return key;
  }

  #wrapped(tenant: string, key: Buffer): TenantKey {
    return { tenant, wrapped: seal(this.#root, `key of ${tenant}`, key) };
  }

  #unwrapped({ tenant, wrapped }: TenantKey): Buffer {
    try {
      return unseal(this.#root, `key of ${tenant}`, wrapped);
    } catch (cause) {
      throw new Fault(
        'storage',
        'the root key does not open the secrets of this store; bring back the one that it was made with',
        { cause },
      );
    }
  }

  /**
   * One change after the other, and each from what is in the store by now, which other hubs may have changed: a secret that is set while
   * all are sealed anew would be sealed with a key that is gone.
   */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const fromNow = async (): Promise<T> => {
      await this.#read();
      return work();
    };
    const done = this.#queue.then(fromNow, fromNow);
    this.#queue = done.catch(() => {});
    return done;
  }
}

const idOf = ({ tenant, name }: Pick<SealedSecret, 'tenant' | 'name'>): string => `${tenant}/${name}`;

const aboutOf = ({ tenant, name, version, origins }: Omit<SealedSecret, 'sealed'>): string =>
  JSON.stringify([tenant, name, version, origins]);

const said = ({ origins }: SealedSecret): string => origins.map((origin) => `\`${origin}\``).join(', ');
