/** Who exists and what runs: discovery, and instances that announce themselves, leave and drain. */
import { z } from 'zod';
import { type InstanceEntry, Name, OperationName, type Principal, type TargetEntry } from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import { domainsOf, isOperator } from './authorise.ts';
import { requireOwnAddress } from './ownaddress.ts';
import type { AdminPorts } from './ports.ts';
import type { AdminRequest } from './request.ts';

const Kind = z.enum(['agent', 'tool', 'model']);

export const TargetsQuery = z.strictObject({
  kind: Kind.optional(),
  operation: OperationName.optional(),
  label: z
    .string()
    .regex(/^[^=]+=.*$/, 'must be key=value')
    .optional(),
  domain: Name.optional(),
});

export const InstancesQuery = z.strictObject({ kind: Kind.optional(), name: Name.optional() });
export const Report = z.record(z.string(), z.unknown());
export const DrainBody = z.strictObject({ timeoutMs: z.number().int().min(0).max(300_000).default(30_000) });

/**
 * Operators see what there is, administrators of a domain what is in it; everybody else what a call of theirs could reach, so that
 * nobody plans with what is denied.
 */
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
  const found = ports.targets().filter(wanted);
  if (isOperator(principal)) return json({ items: found.map(described) });
  const administered = ports.belonging(domainsOf(principal));
  const callable = callableBy(ports, principal);
  const seen = found.flatMap((target) => (administered.domain(target.domain) ? [target] : callable(target)));
  return json({ items: seen.map(described) });
};

/** The target with the operations that the principal may possibly call; none when there is no such. */
const callableBy =
  ({ policy }: AdminPorts, principal: Principal) =>
  (target: TargetEntry): TargetEntry[] => {
    const { kind, name } = target;
    const operations = target.operations.filter((one) =>
      policy.mayCall(principal, { kind, name, operation: one.name }),
    );
    return operations.length === 0 ? [] : [{ ...target, operations }];
  };

/** Without addresses: a call goes through Airspace, so nobody needs to know where it ends. */
const described = ({ kind, name, domain, labels, operations }: TargetEntry) => ({
  kind,
  name,
  domain,
  labels,
  operations,
});

/** An agent sees what runs under its own name, everybody else what runs in the tenant. */
export const instances = async ({ ports, principal, theirs, query }: AdminRequest): Promise<Answer> => {
  const { kind, name } = query(InstancesQuery);
  const items = ports.nodes.find({
    tenant: principal.tenant,
    ...(kind === undefined ? {} : { kind }),
    ...(name === undefined ? {} : { name }),
  });
  return json({
    items: items.filter((instance) =>
      principal.kind === 'agent' ? isOwn(principal, instance) : theirs.target(instance.kind, instance.name),
    ),
  });
};

const isOwn = ({ id }: Principal, { kind, name }: InstanceEntry): boolean => kind === 'agent' && name === id;

/** Here its address is held against where it came from; the registry takes the name from the key and checks the rest. */
export const announce = async ({ ports, principal, body, from }: AdminRequest): Promise<Answer> => {
  const report = await body(Report);
  if (typeof report['url'] === 'string') requireOwnAddress(report['url'], from);
  return json(await ports.nodes.announce(principal, report));
};

export const withdraw = async ({ ports, principal, param }: AdminRequest): Promise<Answer> => {
  await ports.nodes.withdraw(principal, param);
  return json({ id: param, withdrawn: true });
};

export const drain = async ({ ports, principal, param, body }: AdminRequest): Promise<Answer> => {
  const { timeoutMs } = await body(DrainBody);
  return json({ id: param, ...(await ports.drain(principal.tenant, param, timeoutMs)) });
};
