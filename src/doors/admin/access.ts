/** The first administrator, and tokens that admit nodes: each secret is made here, said once, and kept by nobody. */
import { z } from 'zod';
import { API_VERSION, DEFAULT_TENANT, Name, WHOLE_TENANT } from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import { KEY_LONGEST_MS, newKey } from './keys.ts';
import type { AdminRequest, OpenRequest } from './request.ts';

export const BootstrapBody = z.strictObject({ token: z.string().max(200) });

export const TokenBody = z.union([
  z.strictObject({ role: z.literal('sidecar'), agent: Name, domain: Name.optional() }),
  z.strictObject({ role: z.literal('sidecar'), tool: Name, domain: Name.optional() }),
  z.strictObject({ role: z.literal('domain'), domain: Name }),
]);

/**
 * The first administrator. The token is burnt before anything else happens, so that two requests cannot share it. Its key lasts
 * as long as a key can: it is the only way in until there is another.
 */
export const bootstrap = async ({ ports, body }: OpenRequest): Promise<Answer> => {
  const { token } = await body(BootstrapBody);
  await ports.access.useBootstrapToken(token);
  const { tenant, name } = ports.access.first ?? { tenant: DEFAULT_TENANT, name: 'admin' };
  const metadata = { name, tenant };
  const user = { apiVersion: API_VERSION, kind: 'User', metadata, spec: { roles: ['admin'] } };
  const longest = new Date(ports.world.clock.wallMs() + KEY_LONGEST_MS).toISOString();
  const key = newKey(ports, {
    tenant,
    principal: { kind: 'user', name },
    expiresAt: longest,
  });
  await ports.control.apply({
    tenant,
    resources: [user, key.resource],
    origins: ['this request', 'this request'],
    by: 'bootstrap',
    rights: WHOLE_TENANT,
    reason: 'first administrator',
    dryRun: false,
    prune: false,
  });
  return json({ id: key.id, user: name, secret: key.secret }, 201);
};

export const createToken = async ({ ports, principal, body }: AdminRequest): Promise<Answer> => {
  const wanted = await body(TokenBody);
  const { token, expiresAtMs } = await ports.nodes.issueJoinToken({
    role: wanted.role,
    tenant: principal.tenant,
    domain: wanted.domain ?? '',
    agent: 'agent' in wanted ? wanted.agent : '',
    ...('tool' in wanted ? { tool: wanted.tool } : {}),
  });
  return json({ token, expiresAt: new Date(expiresAtMs).toISOString() }, 201);
};
