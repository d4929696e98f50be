/** The desk of one node, and approvals as its doors ask about them: who is who, who may see what, and where a call can wait. */
import { approvalsOf, Desk, hasRoleFor, Notifier, type People, rolesFor, type Viewer } from '../../approvals/index.ts';
import type { AuditTrail } from '../../audit/index.ts';
import {
  type ApprovalCard,
  type ApprovalRecord,
  type ApprovalSummary,
  type ApprovalView,
  type Call,
  type ControlPort,
  Fault,
  type KeyScope,
  type PlanUnderApproval,
  type Principal,
  resourceKey,
  type Stores,
} from '../../contract/index.ts';
import { type ApprovalPort, isOperator } from '../../doors/admin/index.ts';
import type { Door } from '../../doors/index.ts';
import { isSecure, Logins, pagesDoor } from '../../doors/pages/index.ts';
import type { GuardedFetch } from '../../egress/index.ts';
import { type NodeKey, type Sessions, sessionCookie, verifySignature } from '../../identity/index.ts';
import type { World } from '../../kernel/index.ts';
import type { Logger } from '../../telemetry/index.ts';
import type { LivePipeline } from './live.ts';
import { type PlanApproval, throwIfChanged, throwIfQuestion } from './plan-approval.ts';
import { webhookTo } from './webhook.ts';

export interface DeskOptions {
  readonly node: string;
  readonly world: World;
  readonly stores: Pick<Stores, 'approvals'>;
  readonly live: LivePipeline;
  readonly trail: AuditTrail;
  readonly key: NodeKey;
  readonly logger: Pick<Logger, 'log'>;
  /** Absent where configuration is governed elsewhere: then nobody here knows who made which key. */
  readonly control?: Pick<ControlPort, 'history'>;
  /** What people are to know of plans. Absent: this node runs none. */
  readonly plans?: PlanApproval;
  /** Why a call cannot wait here, in words that complete "ask". */
  readonly elsewhere: (call: Call) => string | undefined;
}

export const openDesk = ({ node, world, stores, live, trail, key, logger, elsewhere, ...more }: DeskOptions): Desk =>
  new Desk({
    store: stores.approvals,
    calls: live.journal,
    trail,
    world,
    people: peopleOf(live, more.control),
    behind: (call) => behind(live, call),
    signing: { node, sign: (text) => key.sign(text) },
    verify: verifySignature,
    elsewhere: (call) => (call.via.length > 0 || call.principal?.kind === 'node' ? ENTRANCE : elsewhere(call)),
    reconsider: (call) => live.consider(call),
    ...(more.plans === undefined ? {} : { inspect: more.plans.asked }),
    failed: (cause) => logger.log('error', 'an approval could not be brought forward', { cause: String(cause) }),
  });

/** Whoever waits must be able to come back and ask: a node on the way cannot. */
const ENTRANCE = 'at the hub where the call enters';

/** Whoever began its tree, as `lineage` found out, and whoever this node has seen with the same tree, trace or session. */
const behind = ({ origins }: LivePipeline, call: Call): readonly string[] => {
  const { begun = '' } = call.tree ?? {};
  return [...new Set([...(begun.startsWith('user/') ? [begun] : []), ...origins.behind(call)])].sort();
};

const peopleOf = (live: LivePipeline, control: DeskOptions['control']): People => ({
  rolesOf: (tenant, user) => {
    const theirs = live.inForce.snapshot.keys.filter(
      (one) => one.tenant === tenant && one.principal.kind === 'user' && one.principal.name === user,
    );
    return theirs.length === 0 ? undefined : [...new Set(theirs.flatMap(({ principal }) => principal.roles))];
  },
  holdersOf: async ({ tenant, kind, id }) => {
    if (control === undefined || kind === 'node') return [];
    const names = live.inForce.snapshot.keys
      .filter((one) => one.tenant === tenant && one.principal.kind === kind && one.principal.name === id)
      .map((one) => resourceKey({ kind: 'Key', tenant, name: one.id }));
    const revisions = await Promise.all(names.map((name) => control.history(KEY_HISTORY, name)));
    return [
      ...new Set(revisions.flat().flatMap(({ by }) => (by.startsWith('user/') ? [by.slice('user/'.length)] : []))),
    ];
  },
});

/** Each revision of one key may have brought another secret. */
const KEY_HISTORY = 100;

/** A key that is narrowed to other things opens nothing here. */
const isOpenFor = ({ scopes }: Principal, ...any: readonly KeyScope[]): boolean =>
  scopes === undefined || scopes.some((scope) => scope === 'admin' || any.includes(scope));

/** Operators see all of the tenant; others what they are asked about, and what they asked for. */
const viewerOf = (principal: Principal): Viewer => ({
  principal,
  maySee: ({ spec, principal: asker }) =>
    principal.kind === 'user' &&
    isOpenFor(principal, 'approve', 'operate', 'read') &&
    (isOperator(principal) ||
      hasRoleFor(spec, principal.roles) ||
      (asker.kind === 'user' && asker.id === principal.id)),
});

/** `plans`: what people see of a plan before a run of it goes. */
export const approvalPort = (desk: Desk, live: LivePipeline, plans: PlanApproval): ApprovalPort => {
  const listed = async (principal: Principal, record: ApprovalSummary): Promise<ApprovalCard> =>
    cardOf(record, await desk.obstacle(principal, record));
  const seen = async (principal: Principal, record: ApprovalRecord): Promise<ApprovalView> => ({
    ...(await listed(principal, record)),
    ...bodyOf(record.body),
    ...planOf(await plans.shown(record)),
  });
  return {
    list: async (principal, state, limit) => {
      const records = await desk.list(viewerOf(principal), state, limit);
      return Promise.all(records.map((record) => listed(principal, record)));
    },
    get: async (principal, id) => seen(principal, await desk.get(viewerOf(principal), id)),
    vote: async (principal, id, { check, ...ballot }) => {
      const viewer = viewerOf(principal);
      if (ballot.verdict === 'approve') {
        const record = await desk.get(viewer, id);
        if (record.state === 'pending') {
          await throwIfIdle(desk, plans, record);
          throwIfChanged(await plans.shown(record), record.plan, check);
        }
      }
      return seen(principal, await desk.vote(viewer, id, ballot));
    },
    edit: async (principal, id, { body, digest, comment }) => {
      const viewer = viewerOf(principal);
      throwIfQuestion(await desk.get(viewer, id), live.inForce.snapshot);
      return seen(principal, await desk.edit(viewer, id, { body: new TextEncoder().encode(body), digest, comment }));
    },
  };
};

/** A yes that nobody waits for would be a yes to nothing. */
const throwIfIdle = async (desk: Desk, plans: PlanApproval, record: ApprovalSummary): Promise<void> => {
  if (await plans.isAwaited(record)) return;
  await desk.withdraw(record.tenant, record.id);
  throw new Fault(
    'conflict',
    `the run that asked this does not wait for it any more; approval \`${record.id}\` is withdrawn`,
    {
      facts: { code: 'NOT_AWAITED' },
    },
  );
};

/** Questions at most that are looked at after a restart; a vote looks again at its own. */
const MOST_LEFT = 1_000;

/** After a restart: takes back what runs asked that wait for it no more, because they were given up when their node died. */
export const withdrawIdle = async (desk: Desk, plans: PlanApproval, approvals: Stores['approvals']): Promise<void> => {
  for (const { tenant, id } of await approvals.list({ tenant: null, state: 'pending', limit: MOST_LEFT }))
    if (!(await plans.isAwaited({ tenant, id }))) await desk.withdraw(tenant, id);
};

/** Who has a session of the node is in; on its own machine a key that is typed in will do, too. */
export const approvalPages = (
  approvals: ApprovalPort,
  live: LivePipeline,
  { clock }: World,
  logger: DeskOptions['logger'],
  sessions?: Sessions,
): Door => {
  const logins = new Logins((credential, wallMs) => live.resolver.resolve(credential, wallMs), clock);
  return pagesDoor({
    approvals,
    clock,
    logins,
    whoIs: (req) => sessions?.resolve(req) ?? logins.whoIs(req),
    signOut: (req) => {
      if (sessions?.resolve(req) === undefined) return logins.end(req, isSecure(req));
      sessions.end(req);
      return sessionCookie('', isSecure(req));
    },
    onInternal: (thrown, path) => logger.log('error', 'internal fault', { path, cause: String(thrown) }),
  });
};

/** Tells another system, when there is one. Returns the function that ends it. */
export const notify = (
  url: string | undefined,
  {
    world,
    stores,
    key,
    logger,
    fetch,
  }: Pick<DeskOptions, 'world' | 'stores' | 'key' | 'logger'> & { readonly fetch: GuardedFetch },
): (() => void) =>
  url === undefined
    ? () => {}
    : new Notifier({
        store: stores.approvals,
        clock: world.clock,
        random: world.random,
        sign: (text) => key.sign(text),
        post: webhookTo(url, fetch),
        failed: ({ id }, tries, cause) =>
          logger.log('warn', 'the approval webhook did not take a message', {
            approval: id,
            tries,
            reason: Fault.from(cause).message,
          }),
      }).start();

const planOf = (plan: PlanUnderApproval | undefined): Pick<ApprovalView, 'plan'> =>
  plan === undefined ? {} : { plan };

const cardOf = (record: ApprovalSummary, obstacle: string | undefined): ApprovalCard => {
  const { principal, target, spec } = record;
  return {
    id: record.id,
    state: record.state,
    caller: `${principal.kind}/${principal.id}`,
    behind: record.behind,
    session: record.session ?? '',
    target: `${target.kind}/${target.name}/${target.operation}`,
    effect: record.effect ?? '',
    rules: record.rules,
    reason: record.reason,
    policyVersion: record.policyVersion,
    quorum: spec.quorum,
    roles: rolesFor(spec),
    approvals: approvalsOf(record),
    votes: record.votes,
    editedBy: record.editedBy ?? [],
    contentType: record.contentType,
    digest: record.digest,
    createdAtMs: record.createdAtMs,
    expiresAtMs: record.expiresAtMs,
    decidedAtMs: record.decidedAtMs,
    obstacle: obstacle ?? null,
  };
};

const bodyOf = (bytes: Uint8Array): Pick<ApprovalView, 'body' | 'isText'> => {
  try {
    return { body: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), isText: true };
  } catch {
    return { body: Buffer.from(bytes).toString('base64'), isText: false };
  }
};
