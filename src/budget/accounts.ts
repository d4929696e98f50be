/** Which accounts a call draws on: every budget whose scope it is in, each in its present window and for its own holder. */
import {
  type AccountTerms,
  accountId,
  type BudgetEntry,
  type Call,
  type DomainEntry,
  type Principal,
  type Snapshot,
} from '../contract/index.ts';
import { windowAt } from './window.ts';

export interface Share {
  readonly budget: BudgetEntry;
  readonly account: AccountTerms;
}

/** What of a call decides who pays. */
export interface Payer extends Pick<Call, 'principal' | 'target' | 'session' | 'lineage'> {
  /** Who began the tree, where that is proven: a person pays for what agents do on their behalf. */
  readonly tree?: { readonly origin: Pick<Principal, 'kind' | 'id'> | null };
}

/** The budgets of one snapshot. */
export class Budgets {
  readonly #byTenant: ReadonlyMap<string, readonly BudgetEntry[]>;
  readonly #parents: ReadonlyMap<string, string>;

  constructor({ budgets = [], domains }: Pick<Snapshot, 'budgets' | 'domains'>) {
    this.#byTenant = Map.groupBy(budgets, ({ tenant }) => tenant);
    this.#parents = new Map(domains.map((domain: DomainEntry) => [`${domain.tenant}/${domain.name}`, domain.parent]));
  }

  of(tenant: string): readonly BudgetEntry[] {
    return this.#byTenant.get(tenant) ?? [];
  }

  find(tenant: string, name: string): BudgetEntry | undefined {
    return this.of(tenant).find((budget) => budget.name === name);
  }

  /** `classes`: those that limit rules put the call into, joined by `+`. */
  sharesOf(call: Payer, classes: string | undefined, wallMs: number): readonly Share[] {
    const { principal } = call;
    if (principal === null) return NONE;
    const all = this.of(principal.tenant);
    if (all.length === 0) return NONE;
    const named = classes === undefined ? NONE_NAMED : classes.split('+');
    return all
      .filter(
        (budget) => (budget.class === null || named.includes(budget.class)) && this.#covers(budget, call, principal),
      )
      .map((budget) => ({ budget, account: termsOf(budget, holderOf(budget, call, principal), wallMs) }));
  }

  #covers({ scope }: BudgetEntry, payer: Payer, principal: Principal): boolean {
    const { target } = payer;
    switch (scope.kind) {
      case 'organisation':
        return true;
      case 'domain':
        return this.isWithin(principal, scope.name);
      case 'team':
        return principal.teams?.includes(scope.name) === true;
      case 'agent':
        return principal.kind === 'agent' && principal.id === scope.name;
      case 'user':
        return userOf(payer) === scope.name;
      case 'target':
        return target.kind === scope.target && target.name === scope.name;
    }
  }

  /** Is it in this domain, or in one below it? */
  isWithin({ tenant, domain = '' }: Pick<Principal, 'tenant' | 'domain'>, name: string): boolean {
    // Checked configuration has no circles; a bound costs nothing.
    for (let at = domain, steps = 0; at !== '' && steps < 64; steps++) {
      if (at === name) return true;
      at = this.#parents.get(`${tenant}/${at}`) ?? '';
    }
    return false;
  }
}

const NONE: readonly Share[] = [];
const NONE_NAMED: readonly string[] = [];

export const termsOf = (budget: BudgetEntry, holder: string, wallMs: number): AccountTerms => {
  const { tenant, name, unit, limit } = budget;
  const { startMs, endMs } = windowAt(budget.window, wallMs);
  const id = accountId({ tenant, budget: name, holder, windowStartMs: startMs });
  return { id, tenant, budget: name, holder, unit, limit, windowStartMs: startMs, windowEndMs: endMs };
};

/** Who lacks what tells holders apart shares one account: leaving it out must open no purse of its own. */
const holderOf = ({ per }: BudgetEntry, payer: Payer, principal: Principal): string => {
  const { session, lineage } = payer;
  if (per === null) return '';
  if (per === 'agent') return principal.kind === 'agent' ? `agent/${principal.id}` : '';
  if (per === 'tree') return `tree/${lineage.root}`;
  const name = per === 'session' ? session : userOf(payer);
  return name === undefined || name === '' ? '' : `${per}/${name}`;
};

export const userOf = ({ principal, tree }: Pick<Payer, 'principal' | 'tree'>): string | undefined => {
  if (principal?.kind === 'user') return principal.id;
  return tree?.origin?.kind === 'user' ? tree.origin.id : undefined;
};
