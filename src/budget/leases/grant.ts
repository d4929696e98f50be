/** Grants parts of budgets to nodes: each is a reservation in the ledger, so that every promise about accounts covers what nodes hold. */

import type { NodeEntry, Principal } from '../../contract/index.ts';
import {
  type AccountState,
  Fault,
  type GrantedLease,
  type LeaseReply,
  type LeaseReport,
  type LeaseRequest,
} from '../../contract/index.ts';
import type { Share } from '../accounts.ts';
import { leftOf, type Treasury } from '../treasury.ts';

/** 10 s: what a node holds when it dies is unusable for that long at most, and counts as spent until somebody knows better. */
export const LEASE_MS = 10_000;
/** Beyond its time at the node, until the ledger gives up on it: the report has to travel. */
const REPORT_MS = 5_000;
/** The most of one grant, $1: what a node can lose by dying. */
const MOST_MICROS = 1_000_000;

export interface Granting {
  readonly treasury: Treasury;
  /** Nodes that may ask, for each to leave something to the others. */
  readonly nodes: () => number;
  /** Of a lease; unguessable. */
  readonly nextId: () => string;
}

/** Throws `budget_exhausted` when an account has too little for the call itself. */
export const grantLeases = async (
  { treasury, nodes, nextId }: Granting,
  node: NodeEntry,
  request: LeaseRequest,
): Promise<LeaseReply> => {
  const shares = sharesFor(treasury, node, request).filter(({ account }) => request.accounts.includes(account.id));
  const leases: GrantedLease[] = [];
  try {
    for (const share of shares) leases.push(await grantOne({ treasury, nodes, nextId }, node, request, share));
  } catch (thrown) {
    await giveBack(treasury, node, { spent: leases.map(({ id }) => ({ id, amount: 0 })) });
    throw thrown;
  }
  return { leases, ttlMs: LEASE_MS };
};

/** A late report corrects what its expiry booked. A lease of another node is nobody's here. */
export const giveBack = async (treasury: Treasury, node: NodeEntry, { spent }: LeaseReport): Promise<void> => {
  const nowMs = treasury.clock.wallMs();
  for (const { id, amount } of spent) {
    if (!id.startsWith(prefixOf(node))) throw new Fault('not_found', `node \`${node.id}\` has no lease \`${id}\``);
    await treasury.ledger?.settle(node.tenant, id, { micros: amount, tokens: amount, calls: amount }, nowMs);
  }
};

const prefixOf = ({ id }: NodeEntry): string => `lease-${id}-`;

/**
 * INVARIANT: a node draws on the budgets of the callers it speaks for, and on no others. It is believed about their teams, and about
 * which user began a tree: it has the same snapshot, and has seen the proof.
 */
const sharesFor = ({ budgets, clock }: Treasury, node: NodeEntry, request: LeaseRequest): readonly Share[] => {
  const { kind, id, domain, teams } = request.principal;
  const principal: Principal =
    node.role === 'sidecar'
      ? { kind: 'agent', tenant: node.tenant, id: node.agent, domain: node.domain, roles: [], teams }
      : { kind, tenant: node.tenant, id, domain, roles: [], teams };
  if (node.role !== 'sidecar' && !budgets.isWithin(principal, node.domain))
    throw new Fault('denied', `node \`${node.id}\` speaks for callers of domain \`${node.domain}\` only`);
  const { target, session, root, classes, user } = request;
  const payer = {
    principal,
    target,
    lineage: { root, depth: 0 },
    ...(session === null ? {} : { session }),
    ...(user === null ? {} : { tree: { origin: { kind: 'user' as const, id: user } } }),
  };
  return budgets.sharesOf(payer, classes ?? undefined, clock.wallMs());
};

const grantOne = async (
  { treasury, nodes, nextId }: Granting,
  node: NodeEntry,
  { need, principal, target }: LeaseRequest,
  share: Share,
): Promise<GrantedLease> => {
  const { account, budget } = share;
  // Nodes that draw on leases know nothing of the whole: the hub is the one to say that a soft limit was reached.
  await treasury.beyondSoft([share]);
  const state = await treasury.stateOf(share);
  const least = need[account.unit];
  if (budget.soft?.do === 'ask' || budget.hard === 'pause')
    throw new Fault(
      'budget_exhausted',
      `budget \`${budget.name}\` may ask a person or let calls wait, which only the hub can; call through it`,
      {
        facts: { code: 'NO_LEASE', budget: budget.name },
      },
    );
  const id = `${prefixOf(node)}${nextId()}`;
  const wallMs = treasury.clock.wallMs();
  const amount = sliceOf(state, least, nodes());
  const answer = await treasury.ledger!.reserve(
    {
      ...{ id, tenant: node.tenant, charges: [{ account, amount }], expiresAtMs: wallMs + LEASE_MS + REPORT_MS },
      labels: {
        principal: `${principal.kind}/${principal.id}`,
        target: `${target.kind}/${target.name}`,
        node: node.id,
      },
    },
    wallMs,
  );
  if (answer.kind === 'reserved') return { id, account, amount };
  throw new Fault('budget_exhausted', `budget \`${budget.name}\` has too little left for this call`, {
    facts: {
      code: 'BUDGET_EXHAUSTED',
      budget: budget.name,
      unit: account.unit,
      left: leftOf(answer.account),
      asked: least,
    },
  });
};

/** min($1, what is free / 2N), and one call at the least. */
const sliceOf = (state: AccountState, least: number, nodes: number): number => {
  const fair = Math.floor(leftOf(state) / (2 * Math.max(1, nodes)));
  return Math.max(least, state.unit === 'micros' ? Math.min(MOST_MICROS, fair) : fair);
};
