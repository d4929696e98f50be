/** Finds the order that a call is under, at the same price for one order and for a thousand. */
import type { Call, KillKind, KillOrder, Principal } from '../contract/index.ts';

/** What an order must match, as one text each. A call has at most five of them, so it costs at most five look-ups. */
export type OrderIndex = ReadonlyMap<string, readonly KillOrder[]>;

export const indexOf = (orders: readonly KillOrder[]): OrderIndex => Map.groupBy(orders, keyOf);

/** Names of resources, tenants and trees contain no slash, so no two things have one key. */
const key = (kind: KillKind, tenant: string, name: string): string => `${kind}/${tenant}/${name}`;

/** An order about a tenant is about the one that it names, whoever gave it. */
const keyOf = ({ kind, tenant, name }: KillOrder): string =>
  kind === 'tenant' ? key(kind, name, name) : key(kind, tenant, name);

/** The call's own tenant is that of its principal: nothing of another tenant can be meant, and none can be stopped from there. */
export const orderFor = (index: OrderIndex, call: Call, wallMs: number): KillOrder | undefined => {
  const { principal, target, lineage, trace } = call;
  if (index.size === 0 || principal === null) return undefined;
  const { tenant } = principal;
  return (
    inForce(index, key('tenant', tenant, tenant), wallMs) ??
    orderAgainst(index, principal, wallMs) ??
    inForce(index, key(target.kind, tenant, target.name), wallMs) ??
    inForce(index, key('tree', tenant, lineage.root), wallMs) ??
    // An agent that calls on begins a tree of its own, but keeps the trace if it passes it on as everybody should.
    inForce(index, key('tree', tenant, trace.trace), wallMs)
  );
};

/** The order that stops this agent or user itself, whatever it calls. */
export const orderAgainst = (index: OrderIndex, principal: Principal, wallMs: number): KillOrder | undefined => {
  const { kind, tenant, id } = principal;
  return index.size === 0 || kind === 'node' ? undefined : inForce(index, key(kind, tenant, id), wallMs);
};

const inForce = (index: OrderIndex, at: string, wallMs: number): KillOrder | undefined =>
  index.get(at)?.find(({ untilMs }) => untilMs === null || wallMs < untilMs);
