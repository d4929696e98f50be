/** `airspace approval ls | show | approve | deny | edit | watch`: people decide about calls that wait, with the exact bytes before their eyes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApprovalCard, ApprovalState, ApprovalView } from '../../contract/index.ts';
import type { Admin } from '../admin.ts';
import type { Context } from '../context.ts';
import { EXIT, Failure, usage } from '../failure.ts';
import { clean, cleanText } from '../render/clean.ts';
import { planCheckText } from '../render/plan-check.ts';
import { age, duration } from '../render/time.ts';

export interface LsOptions {
  readonly state?: string;
  readonly limit?: string;
}

export interface VoteOptions {
  readonly comment?: string;
  readonly yes?: boolean;
}

export interface EditOptions extends VoteOptions {
  /** Such as `amount=150`. */
  readonly set?: readonly string[];
}

const STATES: readonly string[] = ['pending', 'approved', 'denied', 'expired', 'consumed', 'cancelled'];

export const list = async ({ admin, out }: Context, { state = 'pending', limit }: LsOptions): Promise<number> => {
  if (state !== 'all' && !STATES.includes(state)) throw usage(`--state must be all, ${STATES.join(', ')}`);
  const items = await rows(await admin(), state === 'all' ? undefined : (state as ApprovalState), limit);
  const now = Date.now();
  await out.list({
    kind: 'Approval',
    rows: items,
    columns: [
      { title: 'ID', value: ({ id }) => id.slice(0, 12) },
      { title: 'STATE', value: (row) => row.state, style: ({ state: is }) => STYLES[is] },
      { title: 'LEFT', value: (row) => leftOf(row, now) },
      { title: 'CALLER', value: ({ caller }) => caller },
      { title: 'TARGET', value: ({ target }) => target },
      { title: 'VOTES', value: ({ approvals, quorum }) => `${approvals}/${quorum}` },
      { title: 'YOURS', value: ({ obstacle }) => (obstacle === null ? 'yes' : 'no') },
      { title: 'AGE', value: ({ createdAtMs }) => age(createdAtMs, now) },
      { title: 'REASON', value: ({ reason }) => reason },
    ],
    name: ({ id }) => id,
    empty: state === 'pending' ? 'no call waits for you' : 'no call that fits waits or has waited for you',
  });
  return EXIT.ok;
};

const STYLES: Partial<Record<ApprovalState, 'yellow' | 'green' | 'red'>> = {
  pending: 'yellow',
  approved: 'green',
  consumed: 'green',
  denied: 'red',
  expired: 'red',
};

const leftOf = ({ state, expiresAtMs }: ApprovalCard, now: number): string =>
  state === 'pending' ? duration(Math.max(0, expiresAtMs - now)) : '-';

const rows = async (admin: Admin, state?: ApprovalState, limit?: string): Promise<readonly ApprovalCard[]> =>
  (await admin.get<{ readonly items: readonly ApprovalCard[] }>('/v1/approvals', { state, limit })).items;

export const show = async (context: Context, id: string): Promise<number> => {
  const view = await one(await context.admin(), id);
  await context.out.one(view, () => textOf(view, context.out));
  return EXIT.ok;
};

/** The beginning of an id will do, as long as it is the beginning of one only. */
const one = async (admin: Admin, id: string): Promise<ApprovalView> => {
  if (!/^[0-9a-f]{6,32}$/.test(id)) throw usage(`\`${clean(id)}\` is no id of an approval`, 'airspace approval ls');
  const found =
    id.length === 32
      ? [id]
      : (await rows(admin, undefined, '500')).map((row) => row.id).filter((each) => each.startsWith(id));
  if (found.length !== 1)
    throw new Failure(
      EXIT.notFound,
      found.length === 0
        ? `there is no approval \`${id}\``
        : `\`${id}\` fits ${found.length} approvals; give more digits`,
      {
        code: 'not_found',
        try: 'airspace approval ls --state all',
      },
    );
  return admin.get<ApprovalView>(`/v1/approvals/${found[0]}`);
};

const textOf = (view: ApprovalView, out: Context['out']): string => {
  const facts: readonly (readonly [string, string])[] = [
    ['state', view.state],
    ['caller', view.caller],
    ['behind it', view.behind.join(', ') || 'no person that this node knows of'],
    ['target', `${view.target} (${view.effect})`],
    ['held by', `${view.rules.join(', ')}: ${view.reason}`],
    ['needs', `${view.quorum} with role ${view.roles.join(', ')}; ${view.approvals} so far`],
    ...(view.editedBy.length === 0 ? [] : [['changed by', view.editedBy.join(', ')] as const]),
    ['until', new Date(view.expiresAtMs).toISOString()],
    ['digest', view.digest],
    ['your vote', view.obstacle === null ? 'counts' : `does not count: ${view.obstacle}`],
  ];
  const votes = view.votes.map(
    ({ user, verdict, comment, atMs }) =>
      `  ${new Date(atMs).toISOString()}  ${verdict.padEnd(7)}  ${clean(user)}  ${clean(comment)}`,
  );
  return [
    `approval ${view.id}`,
    ...facts.map(([name, value]) => `  ${name.padEnd(10)}  ${clean(value)}`),
    ...(votes.length === 0 ? [] : ['votes', ...votes]),
    ...planLines(view, out),
    `exactly this is sent (${clean(view.contentType)}; written by the caller, untrusted${view.isText ? '' : '; base64'}):`,
    cleanText(view.body),
  ].join('\n');
};

/** What the run would do, and what of it is not as it was when people were asked. */
const planLines = ({ plan }: ApprovalView, out: Context['out']): readonly string[] => {
  if (plan === undefined) return [];
  const { check, changes } = plan;
  const shown =
    check === null ? [] : ['the plan, as it is now', `  definition  ${check.digest}`, planCheckText(out, check)];
  return [...shown, ...changedLines(changes, out)];
};

const changedLines = (changes: readonly string[], { paint }: Context['out']): readonly string[] =>
  changes.map((change) => `${paint('red', 'since people were asked')}: ${clean(change)}`);

export const vote = async (
  context: Context,
  verdict: 'approve' | 'deny',
  ids: readonly string[],
  { comment = '', yes = false }: VoteOptions,
): Promise<number> => {
  const admin = await context.admin();
  for (const id of ids) {
    const view = await one(admin, id);
    // Whoever answers has seen it; the digest in the vote says what.
    if (!yes) context.out.note(textOf(view, context.out));
    else for (const line of changedLines(view.plan?.changes ?? [], context.out)) context.out.note(line);
    await context.confirm(`${verdict} ${clean(view.target)} for ${clean(view.caller)}`, yes);
    const { digest, plan } = view;
    const seen = plan === undefined || plan.answer === '' ? {} : { check: plan.answer };
    const after = await admin.post<ApprovalView>(`/v1/approvals/${view.id}:${verdict}`, { digest, comment, ...seen });
    await context.out.one(
      after,
      () => `${after.id.slice(0, 12)} is ${after.state}, ${after.approvals} of ${after.quorum}`,
    );
  }
  return EXIT.ok;
};

export const edit = async (
  context: Context,
  id: string,
  { set = [], comment = '', yes = false }: EditOptions,
): Promise<number> => {
  if (set.length === 0)
    throw usage('say what shall be otherwise', `airspace approval edit ${clean(id)} --set amount=150`);
  const admin = await context.admin();
  const view = await one(admin, id);
  const body = changed(view, set);
  await context.confirm(`send ${cleanText(body)} to ${clean(view.target)} instead; all votes are gone then`, yes);
  const { digest } = view;
  const after = await admin.post<ApprovalView>(`/v1/approvals/${view.id}:edit`, { digest, comment, body });
  await context.out.one(
    after,
    () =>
      `${after.id.slice(0, 12)} has other arguments now, and needs ${after.quorum} of ${after.roles.join(', ')}, not you`,
  );
  return EXIT.ok;
};

/** Fields of the payload itself; a value that is JSON is taken as such, and everything else is text. */
const changed = ({ body }: ApprovalView, set: readonly string[]): string => {
  const payload = parsed(body);
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
    throw usage('only a payload that is one JSON object can be changed field by field');
  const fields = set.map((each) => {
    const at = each.indexOf('=');
    if (at < 1) throw usage(`\`${clean(each)}\` must be field=value`);
    const value = each.slice(at + 1);
    return [each.slice(0, at), parsed(value) ?? value] as const;
  });
  return JSON.stringify({ ...payload, ...Object.fromEntries(fields) });
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const LOOK_MS = 1_000;

/** One line for each call that begins to wait or is decided, until somebody ends it. */
export const watch = async (
  { admin, out }: Context,
  { once = false }: { readonly once?: boolean },
): Promise<number> => {
  const seen = new Map<string, string>();
  const node = await admin();
  for (;;) {
    for (const row of [...(await rows(node))].reverse()) {
      const now = `${row.state} ${row.approvals}/${row.quorum}`;
      const isNew = seen.get(row.id) !== now && (seen.has(row.id) || row.state === 'pending');
      seen.set(row.id, now);
      if (!isNew) continue;
      if (out.format === 'json' || out.format === 'jsonl') out.print(JSON.stringify(row));
      else out.print(clean(`${row.id.slice(0, 12)}  ${now.padEnd(14)}  ${row.caller} -> ${row.target}  ${row.reason}`));
    }
    if (once) return EXIT.ok;
    await sleep(LOOK_MS);
  }
};
