/** How a node becomes a member, and how it remembers that it is one. */
import { join } from 'node:path';
import { z } from 'zod';
import { Fault, HttpUrl, type JoinRequest, type NodeEntry } from '../contract/index.ts';
import {
  controlKeyIdOf,
  joinProofText,
  keyIdOfPublicKey,
  type NodeKey,
  readPrivateFile,
  writePrivateFile,
} from '../identity/index.ts';
import type { HubWire } from './hubwire.ts';

const text = z.string().max(1024);

const NodeSchema = z.strictObject({
  id: text,
  role: z.enum(['hub', 'domain', 'sidecar']),
  tenant: text,
  domain: text,
  agent: text,
  tool: text.exactOptional(),
  publicKey: text,
  url: text,
}) satisfies z.ZodType<NodeEntry>;

const ReplySchema = z.object({ node: NodeSchema, hub: text, controlKey: text, heartbeatMs: z.number().int().min(1) });

const MembershipSchema = z.strictObject({ node: NodeSchema, hub: text, controlKey: text, hubUrl: HttpUrl });

/** Everything that a node knows about its place. */
export type Membership = z.output<typeof MembershipSchema>;

const FILE = 'membership.json';

export interface Joining {
  readonly wire: HubWire;
  readonly hubUrl: string;
  readonly token: string;
  readonly key: NodeKey;
  /** Where other nodes will reach this one. */
  readonly url: string;
  readonly dataDir: string;
}

/**
 * Joins with a one-time token and keeps the membership on disk.
 * Throws `denied` when the hub's control key is not the one that the token names: then somebody else answered.
 */
export const joinHub = async ({ wire, hubUrl, token, key, url, dataDir }: Joining): Promise<Membership> => {
  const controlKeyId = controlKeyIdOf(token);
  const proof = key.sign(joinProofText(token)).toString('base64');
  const request: JoinRequest = { token, publicKey: key.publicKey, url, proof };
  const reply = ReplySchema.safeParse(await wire.post('/v1/nodes:join', request));
  if (!reply.success) throw new Fault('upstream_invalid', 'what answers there is no airspace hub; check the address');
  const { node, hub, controlKey } = reply.data;
  if (keyIdOfPublicKey(controlKey) !== controlKeyId) {
    throw new Fault(
      'denied',
      'the hub shows another control key than the join token names; check the address and ask for a new token',
    );
  }
  if (node.publicKey !== key.publicKey) throw new Fault('denied', 'the hub admitted another key than ours');
  const membership: Membership = { node, hub, controlKey, hubUrl };
  await writePrivateFile(join(dataDir, FILE), JSON.stringify(membership, null, 2));
  return membership;
};

/** Undefined before the first join. Throws when the file is there and unreadable: a node must not quietly become a stranger. */
export const loadMembership = async (dataDir: string): Promise<Membership | undefined> => {
  const path = join(dataDir, FILE);
  const content = await readPrivateFile(path, 64 * 1024);
  if (content === undefined) return undefined;
  const parsed = MembershipSchema.safeParse(parse(content));
  if (!parsed.success) throw new Error(`${path} is damaged; delete it and join again with a new token`);
  return parsed.data;
};

const parse = (content: string): unknown => {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
};
