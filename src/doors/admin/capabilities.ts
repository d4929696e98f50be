/** What can be asked for instead of a name: who provides it in which version, whose they are, and who gets which range now. */
import { z } from 'zod';
import { CapabilityName, Fault, type Principal, type TargetEntry } from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import { domainsOf, isOperator } from './authorise.ts';
import type { AdminPorts } from './ports.ts';
import type { AdminRequest } from './request.ts';

export const CapabilitiesQuery = z.strictObject({ name: CapabilityName.optional() });

/** Seen as targets are: by operators whole, by administrators of a domain what is in it, by everybody else what a call of theirs could reach. */
export const capabilities = async ({ ports, principal, query }: AdminRequest): Promise<Answer> => {
  const { name } = query(CapabilitiesQuery);
  const isSeen = seenBy(ports, principal);
  const found = ports.capabilities(principal.tenant, isSeen);
  const items = name === undefined ? found : found.filter((one) => one.name === name);
  if (name !== undefined && items.length === 0)
    throw new Fault('not_found', `nobody that you may see provides the capability \`${name}\``);
  return json({ items });
};

const seenBy = ({ belonging, policy }: AdminPorts, principal: Principal) => {
  if (isOperator(principal)) return () => true;
  const administered = belonging(domainsOf(principal));
  return ({ kind, name, domain }: TargetEntry, operation: string): boolean =>
    administered.domain(domain) || policy.mayCall(principal, { kind, name, operation });
};
