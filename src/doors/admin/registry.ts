/** Who exists and what runs: discovery, and instances that register, renew, leave and drain. */
import { z } from 'zod';
import {
  Fault,
  HttpUrl,
  type InstanceEntry,
  Labels,
  Name,
  OperationName,
  type Principal,
  type TargetEntry,
} from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import type { AdminRequest } from './request.ts';

const Kind = z.enum(['agent', 'tool', 'model']);

const TargetsQuery = z.strictObject({
  kind: Kind.optional(),
  operation: OperationName.optional(),
  label: z
    .string()
    .regex(/^[^=]+=.*$/, 'must be key=value')
    .optional(),
  domain: Name.optional(),
});

/** Safe in a path, a log and a metric. Ids that we make ourselves look like `orders@127.0.0.1:9000`. */
const InstanceId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@:[\]-]{0,254}$/, 'must be 1 to 255 of letters, digits and ._@:-');

const InstanceBody = z.strictObject({
  id: InstanceId.optional(),
  kind: Kind.default('agent'),
  name: Name,
  url: HttpUrl,
  version: z.string().min(1).max(64).default('1'),
  labels: Labels,
  state: z.enum(['starting', 'ready', 'draining']).default('ready'),
});

const DrainBody = z.strictObject({ timeoutMs: z.number().int().min(0).max(300_000).default(30_000) });
const Nothing = z.strictObject({});

export const targets = async ({ ports, principal, query }: AdminRequest): Promise<Answer> => {
  const { kind, operation, label, domain } = query(TargetsQuery);
  const [labelName = '', ...labelValue] = label?.split('=') ?? [];
  const wanted = (target: TargetEntry): boolean =>
    target.tenant === principal.tenant &&
    (kind === undefined || target.kind === kind) &&
    (operation === undefined || target.operations.some((one) => one.name === operation)) &&
    (domain === undefined || target.domain === domain) &&
    (label === undefined ||
      (Object.hasOwn(target.labels, labelName) && target.labels[labelName] === labelValue.join('=')));
  return json({ items: ports.targets().filter(wanted).map(described) });
};

/** Without addresses: a call goes through Airspace, so nobody needs to know where it ends. */
const described = ({ kind, name, domain, labels, operations }: TargetEntry) => ({
  kind,
  name,
  domain,
  labels,
  operations,
});

/** An agent sees and touches what runs under its own name. */
const isOwn = (principal: Principal, instance: Pick<InstanceEntry, 'kind' | 'name'>): boolean =>
  principal.kind !== 'agent' || (instance.kind === 'agent' && instance.name === principal.id);

export const instances = async ({ ports, principal, query }: AdminRequest): Promise<Answer> => {
  query(Nothing);
  return json({ items: ports.instances.list(principal.tenant).filter((instance) => isOwn(principal, instance)) });
};

export const register = async ({ ports, principal, body }: AdminRequest): Promise<Answer> => {
  const wanted = await body(InstanceBody);
  if (!isOwn(principal, wanted))
    throw new Fault('denied', `key of agent \`${principal.id}\` cannot register ${wanted.kind} \`${wanted.name}\``);
  const id = wanted.id ?? `${wanted.name}@${new URL(wanted.url).host}`;
  const holder = ports.instances.list(principal.tenant).find((instance) => instance.id === id);
  if (holder !== undefined && (holder.kind !== wanted.kind || holder.name !== wanted.name))
    throw new Fault('conflict', `instance id \`${id}\` belongs to another target; choose one of your own`);
  const entry: InstanceEntry = { ...wanted, id, tenant: principal.tenant, protocol: 'direct', node: '' };
  return json({ id, ...(await ports.instances.beat(entry)) });
};

/** An instance of another tenant or another agent looks like none at all. */
export const deregister = async ({ ports, principal, param }: AdminRequest): Promise<Answer> => {
  const found = ports.instances.list(principal.tenant).find((instance) => instance.id === param);
  if (found === undefined || !isOwn(principal, found))
    throw new Fault('not_found', `there is no instance \`${param}\``);
  await ports.instances.remove(principal.tenant, param);
  return json({ id: param, removed: true });
};

export const drain = async ({ ports, principal, param, body }: AdminRequest): Promise<Answer> => {
  const { timeoutMs } = await body(DrainBody);
  return json({ id: param, ...(await ports.instances.drain(principal.tenant, param, timeoutMs)) });
};
