/** Keys and tokens: each secret is made here, said once, and kept by nobody. */
import { z } from 'zod';
import { API_VERSION, DEFAULT_TENANT, Name, WHOLE_TENANT } from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import { authorOf } from './configuration.ts';
import type { AdminPorts } from './ports.ts';
import type { AdminRequest, OpenRequest } from './request.ts';

const KeyBody = z.strictObject({
  principal: z.strictObject({ kind: z.enum(['agent', 'user']), name: Name }),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
  reason: z.string().max(1000).default('key created'),
});

const BootstrapBody = z.strictObject({ token: z.string().max(200) });

const TokenBody = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('sidecar'), agent: Name, domain: Name.optional() }),
  z.strictObject({ role: z.literal('domain'), domain: Name }),
]);

interface NewKey {
  readonly tenant: string;
  readonly principal: { readonly kind: 'agent' | 'user'; readonly name: string };
  readonly expiresAt?: string | undefined;
}

/** The name says whose it is, the digits tell several of one owner apart. */
const newKey = ({ access, world }: AdminPorts, { tenant, principal, expiresAt }: NewKey) => {
  const id = `${principal.name.slice(0, 48)}-${world.ids.spanId().slice(0, 8)}`;
  const { secret, secretHash } = access.mint(id);
  const spec = { principal, secretHash, ...(expiresAt === undefined ? {} : { expiresAt }) };
  return { id, secret, resource: { apiVersion: API_VERSION, kind: 'Key', metadata: { name: id, tenant }, spec } };
};

const applying = (ports: AdminPorts, tenant: string, resources: readonly unknown[], by: string, reason: string) =>
  ports.control.apply({
    tenant,
    resources,
    origins: resources.map(() => 'this request'),
    by,
    // Keys are the organisation's, and so is who may make one: the route says that.
    rights: WHOLE_TENANT,
    reason,
    dryRun: false,
    prune: false,
  });

export const createKey = async ({ ports, principal, body }: AdminRequest): Promise<Answer> => {
  const { reason, ...wanted } = await body(KeyBody);
  const key = newKey(ports, { ...wanted, tenant: principal.tenant });
  const { snapshotSeq } = await applying(ports, principal.tenant, [key.resource], authorOf(principal), reason);
  return json({ id: key.id, secret: key.secret, snapshotSeq }, 201);
};

/** The first administrator. The token is burnt before anything else happens, so that two requests cannot share it. */
export const bootstrap = async ({ ports, body }: OpenRequest): Promise<Answer> => {
  const { token } = await body(BootstrapBody);
  await ports.access.useBootstrapToken(token);
  const metadata = { name: 'admin', tenant: DEFAULT_TENANT };
  const user = { apiVersion: API_VERSION, kind: 'User', metadata, spec: { roles: ['admin'] } };
  const key = newKey(ports, { tenant: DEFAULT_TENANT, principal: { kind: 'user', name: 'admin' } });
  await applying(ports, DEFAULT_TENANT, [user, key.resource], 'bootstrap', 'first administrator');
  return json({ id: key.id, secret: key.secret }, 201);
};

export const createToken = async ({ ports, principal, body }: AdminRequest): Promise<Answer> => {
  const wanted = await body(TokenBody);
  const { token, expiresAtMs } = await ports.nodes.issueJoinToken({
    role: wanted.role,
    tenant: principal.tenant,
    domain: wanted.domain ?? '',
    agent: wanted.role === 'sidecar' ? wanted.agent : '',
  });
  return json({ token, expiresAt: new Date(expiresAtMs).toISOString() }, 201);
};
