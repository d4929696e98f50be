/** What can be asked for instead of a name: who provides it in which version, whose they are, and who gets which range now. */
import { z } from 'zod';
import {
  CapabilityName,
  Fault,
  type Principal,
  type Target,
  type TargetEntry,
  type TargetKind,
} from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import { domainsOf, isOperator } from './authorise.ts';
import type { AdminPorts } from './ports.ts';
import type { AdminRequest } from './request.ts';

export const CapabilitiesQuery = z.strictObject({ name: CapabilityName.optional() });

/** One operation that provides a capability. */
export interface ProviderView {
  readonly kind: TargetKind;
  readonly name: string;
  readonly operation: string;
  readonly version: string;
  readonly domain: string;
  /** Team; empty: nobody but the domain. */
  readonly owner: string;
  readonly shared: boolean;
  /** An endpoint of it takes calls; null: none was seen yet. */
  readonly well: boolean | null;
}

/** A range as people ask for it, and who gets it when nobody else is nearer. */
export interface RangeView {
  readonly range: string;
  readonly target: Target;
  readonly version: string;
}

export interface CapabilityView {
  readonly name: string;
  /** Highest version first. */
  readonly providers: readonly ProviderView[];
  readonly ranges: readonly RangeView[];
}

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
