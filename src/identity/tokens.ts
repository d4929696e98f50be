/** One-time tokens: the bootstrap token that makes the first administrator, and join tokens that admit a node. */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { JoinGrant, NodeStore } from '../contract/index.ts';
import { Fault, Name } from '../contract/index.ts';
import { hashSecret, type RandomBytes } from './keys.ts';
import { writePrivateFile } from './privatefile.ts';
import { unauthenticated } from './refusal.ts';

export const BOOTSTRAP_VALID_MS = 15 * 60_000;
export const JOIN_VALID_MS = 60 * 60_000;
const BOOTSTRAP_FORM = /^airb_[A-Za-z0-9_-]{43}$/;
const JOIN_FORM = /^airj_[A-Za-z0-9_-]{43}_([0-9a-f]{16})$/;
export const BOOTSTRAP_FILE = 'bootstrap-token';

/** Parses what a join token grants. */
export const JoinGrantSchema = z.union([
  z.strictObject({ role: z.literal('sidecar'), tenant: Name, domain: z.union([Name, z.literal('')]), agent: Name }),
  z.strictObject({
    role: z.literal('sidecar'),
    tenant: Name,
    domain: z.union([Name, z.literal('')]),
    agent: z.literal(''),
    tool: Name,
  }),
  z.strictObject({ role: z.literal('domain'), tenant: Name, domain: Name, agent: z.literal('') }),
]);

const secret = (random: RandomBytes): string => Buffer.from(random(32)).toString('base64url');

/** Writes the token to a 0600 file in the data directory and returns it. Valid 15 minutes, for one use. */
export const issueBootstrapToken = async (
  store: NodeStore,
  dataDir: string,
  wallMs: number,
  random: RandomBytes = randomBytes,
): Promise<string> => {
  const token = `airb_${secret(random)}`;
  await store.putToken(hashSecret(token), 'bootstrap', wallMs + BOOTSTRAP_VALID_MS);
  await writePrivateFile(join(dataDir, BOOTSTRAP_FILE), `${token}\n`);
  return token;
};

/** Burns the token and its file. Throws `unauthenticated` when it is unknown, used or expired. */
export const useBootstrapToken = async (
  store: NodeStore,
  dataDir: string,
  token: string,
  wallMs: number,
): Promise<void> => {
  if (!BOOTSTRAP_FORM.test(token)) throw unauthenticated();
  if ((await store.takeToken(hashSecret(token), wallMs)) !== 'bootstrap') throw unauthenticated();
  await rm(join(dataDir, BOOTSTRAP_FILE), { force: true });
};

/**
 * A token that admits one node. It carries the id of the control plane's key, so that the joining node needs no trust on
 * first use: an impostor at the hub's address cannot show a key that fits.
 */
export const issueJoinToken = async (
  store: NodeStore,
  grant: JoinGrant,
  controlKeyId: string,
  wallMs: number,
  random: RandomBytes = randomBytes,
): Promise<{ readonly token: string; readonly expiresAtMs: number }> => {
  const token = `airj_${secret(random)}_${controlKeyId}`;
  const expiresAtMs = wallMs + JOIN_VALID_MS;
  await store.putToken(hashSecret(token), JSON.stringify(grant), expiresAtMs);
  return { token, expiresAtMs };
};

/** Key id of the control plane that issued a join token. Throws `bad_request` when it is not one. */
export const controlKeyIdOf = (joinToken: string): string => {
  const match = JOIN_FORM.exec(joinToken);
  if (match === null) throw new Fault('bad_request', 'this is not a join token; get one with `airspace token create`');
  return match[1]!;
};

/** What a joining node signs, to show that the public key it sends is its own. */
export const joinProofText = (token: string): string => `join\n${token}`;

/** Burns a join token: what its holder may become. Throws `unauthenticated` when it is unknown, used or expired. */
export const useJoinToken = async (store: NodeStore, token: string, wallMs: number): Promise<JoinGrant> => {
  if (!JOIN_FORM.test(token)) throw unauthenticated();
  const grant = await store.takeToken(hashSecret(token), wallMs);
  if (grant === undefined) throw unauthenticated();
  return JoinGrantSchema.parse(JSON.parse(grant));
};
