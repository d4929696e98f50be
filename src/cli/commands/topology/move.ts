/**
 * `airspace topology move`: another way for a route, step by step, each held against the way that is left. What is under way keeps the
 * snapshot that it began with, so neither a step nor a return loses a call.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ApplyResult,
  meshPercentOf,
  type NodeView,
  type Resource,
  type ResourceDiff,
  type StoredResource,
} from '../../../contract/index.ts';
import type { Admin } from '../../admin.ts';
import type { Context } from '../../context.ts';
import { EXIT, Failure, usage } from '../../failure.ts';
import { clean } from '../../render/clean.ts';
import { diffText } from '../apply.ts';
import { moveText } from './result.ts';
import { spanIn } from './show.ts';
import { type Moved, type Step, watchStep } from './watch.ts';

export interface MoveOptions {
  readonly to: 'mesh' | 'hub';
  readonly percent?: string;
  readonly steps?: string;
  readonly every?: string;
  readonly watch?: boolean;
  readonly dryRun?: boolean;
  readonly reason?: string;
  readonly yes?: boolean;
}

type Route = Extract<Resource, { kind: 'Route' }>;

/** Nodes that do not take a snapshot in this time are named, and not waited for. */
const SPREAD_MS = 15_000;

export const move = async (context: Context, name: string, options: MoveOptions): Promise<number> => {
  const everyMs = spanIn('--every', options.every ?? '30s', 100);
  const admin = await context.admin();
  const stored = await routeNamed(admin, name);
  const from = meshPercentOf(stored.route.spec.via);
  const percents = ahead(stepsIn(options), from, options);
  const last = meshOf(options.to, percents.at(-1)!);
  const { diffs, warnings } = await admin.post<ApplyResult>('/v1/resources:apply', {
    ...changeTo(stored, last, options, 'dry run'),
    dryRun: true,
  });
  for (const warning of warnings) context.out.note(`warning: ${clean(warning)}`);
  const base = { route: name, to: options.to, fromPercent: from, steps: [], before: null, after: null };
  if (options.dryRun === true || from === last) return preview(context, diffs, { ...base, percent: from });
  context.out.note(diffText(changedIn(diffs), context.out.paint));
  await context.confirm(`move route ${name} from ${from} % to ${last} % directly`, options.yes ?? false);
  const moved = await walk(context, { admin, stored, options, percents, everyMs, base });
  await context.out.one(moved, () => moveText(moved));
  return moved.outcome === 'moved' ? EXIT.ok : EXIT.no;
};

const changedIn = (diffs: readonly ResourceDiff[]): readonly ResourceDiff[] =>
  diffs.filter(({ change }) => change !== 'none');

const preview = async (
  { out }: Context,
  diffs: readonly ResourceDiff[],
  moved: Omit<Moved, 'outcome' | 'why'>,
): Promise<number> => {
  const changed = changedIn(diffs);
  const result: Moved = {
    ...moved,
    outcome: 'unchanged',
    why: changed.length === 0 ? 'it goes that way already' : 'dry run',
  };
  await out.one(result, () =>
    changed.length === 0 ? 'nothing to change' : `${diffText(changed, out.paint)}\n(dry run)`,
  );
  return EXIT.ok;
};

interface Walk {
  readonly admin: Admin;
  readonly stored: Found;
  readonly options: MoveOptions;
  readonly percents: readonly number[];
  readonly everyMs: number;
  readonly base: Omit<Moved, 'outcome' | 'why' | 'percent'>;
}

const walk = async (context: Context, { admin, stored, options, percents, everyMs, base }: Walk): Promise<Moved> => {
  const { to } = options;
  const watching = { admin, route: base.route, to, everyMs, note: (text: string) => context.out.note(text) };
  const isWatched = options.watch !== false;
  const before = isWatched ? await watchStep.before(watching) : null;
  const steps: Step[] = [];
  let now = stored;
  let percent = base.fromPercent;
  const ended = (outcome: Moved['outcome'], why: string): Moved => ({
    ...base,
    ...{ outcome, why, percent, steps, before },
    after: steps.at(-1)?.arms ?? null,
  });
  for (const wanted of percents) {
    const next = meshOf(to, wanted);
    const result = await apply(admin, now, next, options, `${wanted} % to ${to}`);
    now = { route: routed(now.route, next), version: now.version + 1 };
    percent = next;
    context.out.note(`${next} % directly: revision ${result.revision}, snapshot ${result.snapshotSeq}`);
    if (!isWatched) continue;
    for (const id of await spread(admin, result.snapshotSeq)) context.out.note(`node ${id} does not run it yet`);
    const step = await watchStep.of(watching, wanted, before, steps);
    steps.push(step);
    if (step.judgement.kind === 'worse') {
      await apply(admin, now, base.fromPercent, options, `returned: ${step.judgement.why}`);
      percent = base.fromPercent;
      return ended('returned', step.judgement.why);
    }
    if (step.judgement.kind === 'few')
      return ended('stopped', `${step.judgement.why}; it stays at ${next} %, and goes on with the same command`);
  }
  return ended('moved', '');
};

/** Percent of the call trees that go directly when so many take the new way. */
const meshOf = (to: 'mesh' | 'hub', percent: number): number => (to === 'mesh' ? percent : 100 - percent);

const stepsIn = ({ percent, steps }: MoveOptions): readonly number[] => {
  const words = (percent ?? steps ?? '100').split(',').map((word) => word.trim());
  const numbers = words.map(Number);
  if (
    words.length > 20 ||
    !words.every((word) => /^\d{1,3}$/.test(word)) ||
    numbers.some((one) => one < 1 || one > 100)
  )
    throw usage(
      `--${percent === undefined ? 'steps' : 'percent'} must be whole numbers from 1 to 100, not \`${words.join(',')}\``,
    );
  if (numbers.some((one, at) => at > 0 && one <= numbers[at - 1]!))
    throw usage('--steps must rise', '--steps 1,10,50,100');
  return numbers;
};

/** A move that was stopped goes on where it is. */
const ahead = (percents: readonly number[], from: number, { to, steps }: MoveOptions): readonly number[] => {
  const left = percents.filter((one) => (to === 'mesh' ? meshOf(to, one) > from : meshOf(to, one) < from));
  return steps === undefined || left.length === 0 ? percents.slice(-1) : left;
};

interface Found {
  readonly route: Route;
  readonly version: number;
}

const routeNamed = async (admin: Admin, name: string): Promise<Found> => {
  const { items } = await admin.get<{ items: StoredResource[] }>('/v1/resources', { kind: 'Route', name });
  const [stored] = items;
  if (stored?.resource.kind !== 'Route')
    throw new Failure(EXIT.notFound, `there is no route \`${name}\``, {
      code: 'not_found',
      try: 'airspace get routes',
    });
  return { route: stored.resource, version: stored.version };
};

const routed = (route: Route, percent: number): Route => ({
  ...route,
  spec: { ...route.spec, via: percent === 100 ? 'mesh' : percent === 0 ? 'hub' : { mesh: percent } },
});

/** INVARIANT: whoever changed the route meanwhile wins, and this move ends with a conflict. */
const changeTo = ({ route, version }: Found, percent: number, { reason }: MoveOptions, what: string): object => ({
  resources: [routed(route, percent)],
  origins: ['this command'],
  reason: `${reason ?? 'topology move'}: ${what}`.slice(0, 500),
  ifVersions: { [`${route.metadata.tenant}/Route/${route.metadata.name}`]: version },
});

const apply = (admin: Admin, found: Found, percent: number, options: MoveOptions, what: string): Promise<ApplyResult> =>
  admin.post<ApplyResult>('/v1/resources:apply', changeTo(found, percent, options, what));

/** Answers the nodes that are there and still run something older. */
const spread = async (admin: Admin, seq: number): Promise<readonly string[]> => {
  for (const endMs = performance.now() + SPREAD_MS; ; await sleep(200)) {
    const { items } = await admin.get<{ items: NodeView[] }>('/v1/nodes');
    const behind = items.filter(({ state, snapshotSeq }) => state === 'alive' && snapshotSeq < seq);
    if (behind.length === 0 || performance.now() > endMs) return behind.map(({ node }) => node.id);
  }
};
