/** `airspace wait`: ends when something is so. Exit 7 when the time is over first. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApprovalView, CallEvent, NodeView, StoredResource, TopRead } from '../../contract/index.ts';
import type { Admin } from '../admin.ts';
import type { Context } from '../context.ts';
import { EXIT, Failure, usage } from '../failure.ts';
import { kindOf } from '../kinds.ts';
import { duration, parseDuration } from '../render/time.ts';

export interface WaitOptions {
  readonly for?: string;
  readonly timeout: string;
}

/** What is looked at, and how it is now: `is` whether it is so, `now` in words. */
interface Look {
  readonly is: boolean;
  readonly now: string;
}

type Condition = (admin: Admin, kind: string, name: string) => Promise<Look>;

/** Between two looks: short at first, so that what is so already ends at once. */
const FIRST_MS = 100;
const LONGEST_MS = 1_000;

export const wait = async (context: Context, what: string, options: WaitOptions): Promise<number> => {
  const { kind, name } = partsOf(what);
  const conditions = CONDITIONS[kind] ?? CONDITIONS['*']!;
  const wanted = options.for ?? Object.keys(conditions)[0]!;
  const condition = Object.hasOwn(conditions, wanted) ? conditions[wanted] : undefined;
  if (condition === undefined)
    throw usage(
      `--for \`${wanted}\` is nothing that ${kind}/${name} can be`,
      `--for ${Object.keys(conditions).join(', ')}`,
    );
  const timeoutMs = parseDuration(options.timeout);
  if (timeoutMs === undefined) throw usage(`--timeout must be such as 30s or 5m, not \`${options.timeout}\``);
  const admin = await context.admin();
  const startedMs = performance.now();
  for (let pauseMs = FIRST_MS; ; pauseMs = Math.min(LONGEST_MS, pauseMs * 2)) {
    const { is, now } = await condition(admin, kind, name);
    const passedMs = performance.now() - startedMs;
    if (is) {
      await context.out.one(
        { what, for: wanted, now },
        () => `${what} is ${wanted} after ${duration(passedMs)}: ${now}`,
      );
      return EXIT.ok;
    }
    if (passedMs + pauseMs > timeoutMs)
      throw new Failure(EXIT.timedOut, `${what} is not ${wanted} after ${options.timeout}`, {
        because: now,
        try: `airspace describe ${kind} ${name}, or a longer --timeout`,
        code: 'timeout',
      });
    await sleep(pauseMs);
  }
};

const partsOf = (what: string): { readonly kind: string; readonly name: string } => {
  const at = what.indexOf('/');
  const [word, name] = [what.slice(0, Math.max(0, at)), what.slice(at + 1)];
  const kind = kindOf(word)?.toLowerCase() ?? (['node', 'call', 'approval'].includes(word) ? word : undefined);
  if (at < 1 || name === '' || kind === undefined)
    throw usage(`\`${what}\` is not such as agent/orders, node/<id>, call/<id> or approval/<id>`);
  return { kind, name };
};

const stored = async (admin: Admin, kind: string, name: string): Promise<StoredResource | undefined> =>
  (await admin.get<{ items: readonly StoredResource[] }>('/v1/resources', { kind: kindOf(kind), name })).items[0];

const exists: Condition = async (admin, kind, name) => {
  const found = await stored(admin, kind, name);
  return found === undefined
    ? { is: false, now: 'the configuration has none of this name' }
    : { is: true, now: `version ${found.version}` };
};

const gone: Condition = async (admin, kind, name) => {
  const { is, now } = await exists(admin, kind, name);
  return is ? { is: false, now } : { is: true, now };
};

/** Some endpoint takes calls. */
const ready: Condition = async (admin, kind, name) => {
  const { targets } = await admin.get<TopRead>('/v1/top');
  const endpoints = targets.find(({ target }) => target === `${kind}/${name}`)?.endpoints ?? [];
  const well = endpoints.filter(({ obstacle }) => obstacle === null).length;
  return { is: well > 0, now: `${well} of ${endpoints.length} endpoints take calls` };
};

const node =
  (wanted: NodeView['state']): Condition =>
  async (admin, _, id) => {
    const { items } = await admin.get<{ items: readonly NodeView[] }>('/v1/nodes');
    const state = items.find((one) => one.node.id === id)?.state;
    return { is: state === wanted, now: state ?? 'no node of this id has joined' };
  };

const call =
  (fits: (status: string) => boolean): Condition =>
  async (admin, _, id) => {
    if (!/^[0-9a-f]{8,32}$/.test(id)) throw usage(`\`${id}\` is no call: 8 to 32 hex digits`);
    const events = await admin
      .get<{ events: readonly CallEvent[] }>(`/v1/traces/${id}`)
      .then(({ events: all }) => all.filter(({ callId }) => callId.startsWith(id)))
      .catch((thrown: unknown) => {
        if (thrown instanceof Failure && thrown.exit === EXIT.notFound) return [];
        throw thrown;
      });
    // A call that was held ends there for its caller, and goes on as the same call later.
    const last = events.toSorted((a, b) => a.startedAtMs - b.startedAtMs).at(-1);
    const isHeld = last?.httpStatus === 202;
    return {
      is: last !== undefined && !isHeld && fits(last.status),
      now: isHeld ? 'held for people' : (last?.status ?? 'not seen yet'),
    };
  };

const approval =
  (fits: (state: string) => boolean): Condition =>
  async (admin, _, id) => {
    const { state } = await admin.get<ApprovalView>(`/v1/approvals/${id}`);
    return { is: fits(state), now: state };
  };

/** The first of each is what is waited for unless said. */
const CONDITIONS: Readonly<Record<string, Readonly<Record<string, Condition>>>> = {
  ...Object.fromEntries(['agent', 'tool', 'model'].map((kind) => [kind, { ready, exists, gone }])),
  node: { alive: node('alive'), silent: node('silent') },
  call: { done: call(() => true), ok: call((status) => status === 'ok') },
  approval: {
    decided: approval((state) => state !== 'pending'),
    approved: approval((state) => state === 'approved' || state === 'consumed'),
  },
  '*': { exists, gone },
};
