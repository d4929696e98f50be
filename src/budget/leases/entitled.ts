/** Which budgets a node may hold parts of: those that calls of the agents fall under for which it speaks. */
import type { BudgetEntry, NodeEntry, Snapshot } from '../../contract/index.ts';
import type { Budgets } from '../accounts.ts';

export interface Claim {
  readonly node: NodeEntry;
  readonly budget: BudgetEntry;
  readonly holder: string;
}

/** What a hub knows about who is where. */
export interface Whereabouts {
  readonly targets: Snapshot['targets'];
  readonly budgets: Budgets;
}

/** The node's tenant is for whoever looks the budget up. */
export const isEntitled = (claim: Claim, whereabouts: Whereabouts): boolean => {
  const { role } = claim.node;
  if (role === 'sidecar') return sidecarDraws(claim, whereabouts) && sidecarHolds(claim);
  return role === 'domain' && domainDraws(claim, whereabouts) && domainHolds(claim, whereabouts);
};

/** One agent. It is believed about its teams, and about which user began a tree: it has seen the proof. */
const sidecarDraws = ({ node, budget: { scope } }: Claim, { budgets }: Whereabouts): boolean => {
  if (scope.kind === 'domain') return budgets.isWithin(node, scope.name);
  return scope.kind !== 'agent' || scope.name === node.agent;
};

const sidecarHolds = ({ node, budget, holder }: Claim): boolean =>
  holder === '' ||
  (budget.per === 'agent' && holder === `agent/${node.agent}`) ||
  (budget.per !== null && budget.per !== 'agent' && holder.startsWith(`${budget.per}/`));

/** Agents of its domain and below. People belong to no domain: they may come in anywhere. */
const domainDraws = ({ node, budget }: Claim, whereabouts: Whereabouts): boolean => {
  const { scope, tenant } = budget;
  const { budgets } = whereabouts;
  if (scope.kind === 'agent') return isAgentOf(node, scope.name, whereabouts);
  if (scope.kind !== 'domain') return true;
  return budgets.isWithin({ tenant, domain: scope.name }, node.domain) || budgets.isWithin(node, scope.name);
};

const domainHolds = ({ node, budget, holder }: Claim, whereabouts: Whereabouts): boolean => {
  if (holder === '') return true;
  if (budget.per === null || !holder.startsWith(`${budget.per}/`)) return false;
  return budget.per !== 'agent' || isAgentOf(node, holder.slice('agent/'.length), whereabouts);
};

const isAgentOf = ({ tenant, domain }: NodeEntry, name: string, { targets, budgets }: Whereabouts): boolean => {
  const agent = targets.find((one) => one.tenant === tenant && one.kind === 'agent' && one.name === name);
  return agent !== undefined && budgets.isWithin(agent, domain);
};
