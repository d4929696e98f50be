/** Who else may say who somebody is: an OpenID Connect provider, or whatever signs the tokens of workloads. */
import { z } from 'zod';
import { Name } from './metadata.ts';
import { HttpUrl } from './target.ts';

/** Asymmetric ones only: with a shared secret, whoever can check a token could make one. */
export const TOKEN_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

/** Private parts in a public place would be everybody's: such a key is refused instead of cut. */
const PublicJwk = z
  .record(z.string(), z.unknown())
  .refine((jwk) => typeof jwk['kty'] === 'string' && jwk['kty'] !== 'oct', 'must be the public part of a key pair')
  .refine(
    (jwk) => !('d' in jwk || 'k' in jwk),
    'has the private part of the key in it; remove it, and make another key',
  );

const Groups = z.record(z.string().max(400), z.array(Name).max(100)).default({});

export const IdentityProviderSpec = z.strictObject({
  issuer: HttpUrl.describe('exactly as tokens have it in `iss`'),
  audience: z
    .array(z.string().min(1).max(400))
    .min(1)
    .describe('a token must be for one of these; for logins that is the client id'),
  algorithms: z.array(z.enum(TOKEN_ALGORITHMS)).min(1).default(['RS256', 'ES256']).describe('no other is believed'),
  jwks: z
    .union([z.strictObject({ url: HttpUrl }), z.strictObject({ keys: z.array(PublicJwk).min(1).max(100) })])
    .optional()
    .describe('public keys of the issuer; absent: where its OpenID configuration says'),
  clientId: z
    .string()
    .min(1)
    .max(400)
    .optional()
    .describe('of Airspace at the provider; absent: nobody logs in with it'),
  provision: z
    .boolean()
    .default(false)
    .describe('let in people who have no User resource, with the roles and teams of their groups only'),
  users: z
    .strictObject({
      claim: z
        .string()
        .min(1)
        .max(200)
        .default('sub')
        .describe('whose value says who it is; choose one that people cannot choose for themselves'),
      suffix: z
        .string()
        .max(200)
        .default('')
        .describe('taken off the value, such as @example.com; values without it are refused'),
      names: z.record(z.string().max(400), Name).default({}).describe('values that mean a user of another name'),
    })
    .optional()
    .describe('tokens of people; absent: there are none'),
  groups: z
    .strictObject({
      claim: z.string().min(1).max(200).default('groups'),
      roles: Groups.describe('roles for members of a group'),
      teams: Groups.describe('teams for members of a group'),
    })
    .optional(),
  workloads: z
    .array(
      z.strictObject({
        sub: z.string().min(1).max(400).describe('`*` stands for anything but a slash or a colon'),
        agent: Name,
      }),
    )
    .max(1000)
    .default([])
    .describe('tokens of workloads: who has such a `sub` is the agent; asked before `users`'),
});
export type IdentityProviderSpec = z.output<typeof IdentityProviderSpec>;
