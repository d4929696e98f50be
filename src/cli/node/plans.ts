/** The plans of one node: its runner, the way by which calls reach it, and runs as its doors ask about them. */
import type { Treasury } from '../../budget/index.ts';
import {
  adminRolesOf,
  Fault,
  isForCalls,
  type PlanEntry,
  type PlanRun,
  type Principal,
  type RunDetail,
  type RunEvent,
  type RunHead,
  type Stores,
} from '../../contract/index.ts';
import type { PlanPort } from '../../doors/admin/index.ts';
import type { World } from '../../kernel/index.ts';
import { Definitions, PlanRunner, type RunEnded, runDetail, runView } from '../../plans/index.ts';
import type { Logger } from '../../telemetry/index.ts';
import type { Way } from '../../upstreams/index.ts';
import type { LivePipeline } from './live.ts';
import { type PlanApproval, planApproval } from './plan-approval.ts';
import { type CheckParts, checkPlan } from './plan-check.ts';
import type { Purse } from './plan-check-budgets.ts';
import { lookupIn } from './plan-lookup.ts';

export interface PlanParts {
  readonly world: World;
  readonly stores: Pick<Stores, 'plans' | 'calls' | 'approvals'>;
  /** Name of this process among those that share the store. */
  readonly holder: string;
  readonly live: () => LivePipeline;
  readonly logger: Pick<Logger, 'log'>;
  /** Takes back a question to people. */
  readonly withdraw: (tenant: string, call: string) => Promise<unknown>;
  /** What the node knows about budgets: a check is held against it. */
  readonly treasury: Treasury;
  /** Keeps what a run came to. What it rejects with is noted, and nothing else comes of it. */
  readonly ended: (ended: RunEnded) => Promise<void>;
  /** Is a budget of this name one of the levels above? Default: none is. */
  readonly isAbove?: Purse['isAbove'];
}

export interface NodePlans {
  readonly runner: PlanRunner;
  readonly way: Way;
  readonly port: PlanPort;
  /** What people see of a plan before a run of it goes. */
  readonly approval: PlanApproval;
}

export const openPlans = (parts: PlanParts): NodePlans => {
  const { world, stores, logger } = parts;
  const planOf = (tenant: string, name: string): PlanEntry | undefined => {
    const { snapshot } = parts.live();
    return snapshot?.plans?.find((plan) => plan.tenant === tenant && plan.name === name);
  };
  const runner: PlanRunner = new PlanRunner({
    world,
    store: stores.plans,
    holder: parts.holder,
    handler: () => parts.live().handler,
    planOf,
    lookup: ({ principal }, callee) => lookupIn(parts.live(), principal, world.clock.wallMs())(callee),
    calls: stores.calls,
    withdraw: parts.withdraw,
    approved: async ({ grant, principal }) => {
      if (grant?.kind !== 'own') return undefined;
      return (await stores.approvals.get(principal?.tenant ?? '', grant.approval))?.plan?.definition;
    },
    ended: (ended) =>
      void parts.ended(ended).catch((thrown: unknown) =>
        logger.log('warn', 'what a run of a plan came to could not be kept', {
          run: ended.run.id,
          reason: Fault.from(thrown).message,
        }),
      ),
    note: (message, fields) => logger.log('warn', message, fields),
  });
  const approval = planApproval({
    check: () => checkParts(parts),
    ...stores,
    awaits: (tenant, mark, call) => runner.looks.awaits(tenant, mark, call),
    wallMs: () => world.clock.wallMs(),
  });
  return { runner, way: wayOf(runner), port: portOf(parts, runner), approval };
};

/** A call to a plan waits for the end of its run, which goes on when the caller has left. */
const wayOf = (runner: PlanRunner): Way => ({
  forms: () => ['plain'],
  to: (endpoint) => async (call, words, scope) => ({
    ...(await runner.way(call, words, scope)),
    endpoint: endpoint.id,
  }),
});

const checkParts = ({ live, treasury, isAbove = () => false }: PlanParts): CheckParts => ({
  live: live(),
  learned: treasury.learned,
  purse: { ledger: treasury.ledger, isAbove },
});

const portOf = (parts: PlanParts, runner: PlanRunner): PlanPort => {
  const { stores, world } = parts;
  const owned = async (who: Principal, id: string, role: 'viewer' | 'operator'): Promise<PlanRun> => {
    const run = await stores.plans.get(who.tenant, id);
    if (run === undefined || !(isOwn(who, run) || has(who, role))) throw unknown(id);
    return run;
  };
  const definitions = new Definitions();
  const detail = async (run: PlanRun): Promise<RunDetail> =>
    runDetail(run, await historyOf(stores.plans, run), definitions);
  return {
    list: async (who, filter) => {
      const whose = has(who, 'viewer') ? {} : { principal: { kind: who.kind, id: who.id } };
      return (await stores.plans.list({ tenant: who.tenant, ...filter, ...whose })).map(runView);
    },
    get: async (who, id) => detail(await owned(who, id, 'viewer')),
    events: async (who, id, after, limit) => {
      await owned(who, id, 'viewer');
      return stores.plans.events(who.tenant, id, after, limit);
    },
    follow: (who, id, after, signal) => runner.looks.follow(who.tenant, id, after, signal),
    wish: async (who, id, wish) => {
      await owned(who, id, 'operator');
      await runner.wish(who.tenant, id, wish, `${who.kind}/${who.id}`);
      return detail(await owned(who, id, 'operator'));
    },
    check: async (who, asked) => checkPlan(checkParts(parts), who, asked, world.clock.wallMs()),
  };
};

/** An agent, or a person, with a key that may call. */
const isOwn = (who: Principal, { principal }: Pick<RunHead, 'principal'>): boolean =>
  isForCalls(who) && who.kind === principal.kind && who.id === principal.id;

const has = (who: Principal, role: 'viewer' | 'operator'): boolean =>
  who.kind === 'user' &&
  adminRolesOf({ ...who, ...(who.scopes === undefined ? {} : { scopes: who.scopes }) }).has(role);

const unknown = (id: string): Fault => new Fault('not_found', `there is no run \`${id}\``);

const PAGE = 500;

const historyOf = async (store: Stores['plans'], { tenant, id }: PlanRun): Promise<readonly RunEvent[]> => {
  const all: RunEvent[] = [];
  for (;;) {
    const page = await store.events(tenant, id, all.at(-1)?.seq ?? 0, PAGE);
    all.push(...page);
    if (page.length < PAGE) return all;
  }
};
