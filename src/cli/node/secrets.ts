/** The vault of a hub, and what of it the admin door may ask. */
import { join } from 'node:path';
import type { AuditTrail } from '../../audit/index.ts';
import type { Fault, SecretStore } from '../../contract/index.ts';
import type { SecretPort } from '../../doors/admin/index.ts';
import { createPrivateFile, isPrivate, readPrivateFile } from '../../identity/index.ts';
import type { World } from '../../kernel/index.ts';
import { openRootKey, ROOT_KEY_FILE, Vault } from '../../vault/index.ts';

export interface VaultOptions {
  readonly dir: string;
  /** Absent: a file in the data directory, made at the first start. */
  readonly rootKeyFile?: string | undefined;
}

/** A root key that somebody named is never made up: a new one would open nothing. */
export const openVault = async (
  { dir, rootKeyFile }: VaultOptions,
  store: SecretStore,
  { clock }: World,
): Promise<Vault> => {
  const files = { read: readPrivateFile, create: createPrivateFile, isPrivate };
  const root = await openRootKey(rootKeyFile ?? join(dir, ROOT_KEY_FILE), rootKeyFile === undefined, files);
  return Vault.open(store, root, clock);
};

/** Who changed which secret is in the audit; the value is nowhere. */
export const secretPort = (vault: Vault, trail: AuditTrail): SecretPort => {
  const note = (tenant: string, by: string, kind: string, name: string, details: AuditDetails): Promise<unknown> =>
    trail.note({ tenant, kind, actor: by, object: `secret/${name}`, callId: '', details });
  return {
    set: async (secret) => {
      const view = await vault.set(secret);
      const { tenant, name, by, origins } = secret;
      await note(tenant, by, 'secret.set', name, { version: view.version, origins });
      return view;
    },
    list: async (tenant) => vault.list(tenant),
    remove: async (tenant, name, by) => {
      await vault.remove(tenant, name);
      await note(tenant, by, 'secret.removed', name, {});
    },
    rekey: async (tenant, by) => {
      const sealed = await vault.rekey(tenant);
      await note(tenant, by, 'secret.rekeyed', '*', { sealed });
      return sealed;
    },
  };
};

type AuditDetails = Parameters<AuditTrail['note']>[0]['details'];

export const secretsElsewhere = (refusal: () => Fault): SecretPort => {
  const refuse = async (): Promise<never> => {
    throw refusal();
  };
  return { set: refuse, list: refuse, remove: refuse, rekey: refuse };
};
