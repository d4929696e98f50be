/** Secrets of targets over HTTP: set, listed by name, removed and sealed anew. A value goes in and never comes out. */
import { z } from 'zod';
import { Name } from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import { authorOf } from './configuration.ts';
import type { AdminRequest } from './request.ts';

const Origin = z.string().refine((text) => {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text;
}, 'must be an origin such as https://api.example.com');

export const SecretBody = z.strictObject({
  name: Name,
  // What is in it goes into a header.
  value: z.string().regex(/^[\x21-\x7e]{1,8192}$/, 'must be 1 to 8192 visible ASCII characters in one line'),
  origins: z.array(Origin).min(1).max(20),
});
const Nothing = z.strictObject({});

export const setSecret = async ({ ports, principal, body }: AdminRequest): Promise<Answer> => {
  const secret = await body(SecretBody);
  return json(await ports.secrets.set({ ...secret, tenant: principal.tenant, by: authorOf(principal) }), 201);
};

export const listSecrets = async ({ ports, principal, query }: AdminRequest): Promise<Answer> => {
  query(Nothing);
  return json({ items: await ports.secrets.list(principal.tenant) });
};

export const removeSecret = async ({ ports, principal, param }: AdminRequest): Promise<Answer> => {
  await ports.secrets.remove(principal.tenant, param, authorOf(principal));
  return json({ name: param, removed: true });
};

export const rekeySecrets = async ({ ports, principal, body }: AdminRequest): Promise<Answer> => {
  await body(Nothing);
  return json({ sealed: await ports.secrets.rekey(principal.tenant, authorOf(principal)) });
};
