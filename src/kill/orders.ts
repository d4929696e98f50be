/** Finds the order that a call is under: at no price while there are none, and at the same for one and for a thousand. */
import type { Call, KillKind, KillOrder, Principal, Target } from '../contract/index.ts';

/** By kind, then by tenant and name. A call can be under orders of four kinds, so it costs five look-ups at most. */
export type OrderIndex = ReadonlyMap<KillKind, ReadonlyMap<string, readonly KillOrder[]>>;

export const indexOf = (orders: readonly KillOrder[]): OrderIndex =>
  new Map([...Map.groupBy(orders, ({ kind }) => kind)].map(([kind, same]) => [kind, Map.groupBy(same, keyOf)]));

/** An order about a tenant is about the one that it names, whoever gave it. */
const keyOf = ({ kind, tenant, name }: KillOrder): string => key(kind === 'tenant' ? name : tenant, name);

/** Neither contains a slash, so no two things have one key. */
const key = (tenant: string, name: string): string => `${tenant}/${name}`;

/** The call's own tenant is that of its principal: nothing of another tenant can be meant, and none can be stopped from there. */
export const orderFor = (index: OrderIndex, call: Call, wallMs: number): KillOrder | undefined => {
  const { principal, target, lineage, trace } = call;
  if (index.size === 0 || principal === null) return undefined;
  const { tenant } = principal;
  const find = (kind: KillKind, name: string): KillOrder | undefined => inForce(index, kind, tenant, name, wallMs);
  return (
    find('tenant', tenant) ??
    orderAgainst(index, principal, wallMs) ??
    find(target.kind, target.name) ??
    find('tree', lineage.root) ??
    // An agent that calls on after its answer begins a tree of its own, but keeps the trace if it passes it on as everybody should.
    find('tree', trace.trace)
  );
};

/** The order that stops this agent or user itself, whatever it calls. */
export const orderAgainst = (
  index: OrderIndex,
  { kind, tenant, id }: Principal,
  wallMs: number,
): KillOrder | undefined => (kind === 'node' ? undefined : inForce(index, kind, tenant, id, wallMs));

/** The order that stops this target, whoever calls it. */
export const orderOn = (
  index: OrderIndex,
  tenant: string,
  { kind, name }: Target,
  wallMs: number,
): KillOrder | undefined => (index.size === 0 ? undefined : inForce(index, kind, tenant, name, wallMs));

const inForce = (
  index: OrderIndex,
  kind: KillKind,
  tenant: string,
  name: string,
  wallMs: number,
): KillOrder | undefined =>
  index
    .get(kind)
    ?.get(key(tenant, name))
    ?.find(({ untilMs }) => untilMs === null || wallMs < untilMs);
