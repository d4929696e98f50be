/** How a node tells the next one that people approved a call: a sentence about exactly this call, for exactly that node, for a minute. */
import { z } from 'zod';
import type { ApprovalVote, GrantUse } from '../contract/index.ts';

export const PROOF_VALID_MS = 60_000;
const CLOCK_SKEW_MS = 60_000;
/** Domain separation: a signature under it passes for nothing else. */
const PURPOSE = 'approval\n';
const LONGEST = 6_000;

const short = z.string().min(1).max(255);
const Claims = z.strictObject({
  iss: short,
  aud: short,
  tenant: short,
  call: z.string().regex(/^[0-9a-f]{32}$/),
  approval: z.string().regex(/^[0-9a-f]{32}$/),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  behind: z.array(short).max(100),
  /** Who said yes. Their roles are looked up where it is read. */
  voters: z.array(short).max(100),
  exp: z.number().int(),
});
export type Told = z.output<typeof Claims>;

/** What a node knows about a call that it has let go. */
export interface Lifted extends GrantUse {
  readonly tenant: string;
  readonly call: string;
  readonly behind: readonly string[];
  readonly voters: readonly string[];
}

export const votersOf = (votes: readonly ApprovalVote[]): readonly string[] =>
  votes.filter(({ verdict }) => verdict === 'approve').map(({ user }) => user);

export interface Signing {
  readonly node: string;
  sign(text: string): Uint8Array;
}

export const tell = (lifted: Lifted, audience: string, wallMs: number, { node, sign }: Signing): string => {
  const { tenant, call, approval, digest, behind, voters } = lifted;
  const claims: Told = {
    iss: node,
    aud: audience,
    ...{ tenant, call, approval, digest },
    behind: [...behind],
    voters: [...voters],
    exp: Math.floor(wallMs) + PROOF_VALID_MS,
  };
  const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
  return `${payload}.${Buffer.from(sign(PURPOSE + payload)).toString('base64url')}`;
};

/** Answers the public key of a node whose word about approvals counts here; undefined for everybody else. */
export type Believed = (node: string) => string | undefined;

export interface Hearing {
  /** This node. */
  readonly node: string;
  readonly believed: Believed;
  verify(publicKey: string, text: string, signature: Uint8Array): boolean;
}

/** Undefined for a word that is not signed by somebody believed, not for us, or over. Whether it is about this call is asked elsewhere. */
export const hear = (token: string, wallMs: number, { node, believed, verify }: Hearing): Told | undefined => {
  const [payload = '', signature = '', ...rest] = token.length <= LONGEST ? token.split('.') : [];
  const claims = rest.length === 0 ? parsed(payload) : undefined;
  if (claims === undefined || claims.aud !== node) return undefined;
  const key = believed(claims.iss);
  if (key === undefined || !verify(key, PURPOSE + payload, Buffer.from(signature, 'base64url'))) return undefined;
  const timely = claims.exp > wallMs && claims.exp <= wallMs + PROOF_VALID_MS + CLOCK_SKEW_MS;
  return timely ? claims : undefined;
};

const parsed = (payload: string): Told | undefined => {
  try {
    return Claims.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
};
