/** `airspace policy approve`, `shadow`, `activate` and `rollback`: a release moves, and we say when every node has heard of it. */
import type { ReleaseDetail, ReleaseOutcome, RollbackOutcome } from '../../../contract/index.ts';
import type { Admin } from '../../admin.ts';
import type { Context } from '../../context.ts';
import { EXIT, usage } from '../../failure.ts';
import { clean } from '../../render/clean.ts';
import { duration, parseDuration } from '../../render/time.ts';
import { acknowledged } from './acknowledged.ts';
import { digitsOf, stateOf } from './releases.ts';

interface StepOptions {
  readonly reason?: string;
}

const reasonOf = ({ reason }: StepOptions) => (reason === undefined ? {} : { reason });

export const approve = async (context: Context, release: string, options: StepOptions): Promise<number> => {
  const path = `/v1/policy/releases/${digitsOf(release)}:approve`;
  const { release: now } = await (await context.admin()).post<ReleaseOutcome>(path, reasonOf(options));
  await context.out.one(now, () => `${now.id} approved by ${clean(now.approvedBy ?? '')}`);
  return EXIT.ok;
};

export const shadow = async (context: Context, release: string, options: StepOptions): Promise<number> => {
  const path = `/v1/policy/releases/${digitsOf(release)}:shadow`;
  const outcome = await (await context.admin()).post<ReleaseOutcome>(path, reasonOf(options));
  await said(context, outcome);
  return EXIT.ok;
};

const said = ({ out }: Context, { release, snapshotSeq }: ReleaseOutcome): Promise<void> =>
  out.one({ ...release, snapshotSeq }, () => `${release.id} ${stateOf(release)}, snapshot ${snapshotSeq}`);

export interface ActivateOptions extends StepOptions {
  readonly percent: string;
  readonly denyBand?: string;
  readonly wait?: string;
}

export const activate = async (context: Context, release: string, options: ActivateOptions): Promise<number> => {
  const percent = numberOf('--percent', options.percent);
  const waitMs = options.wait === undefined ? 0 : parseDuration(options.wait);
  if (waitMs === undefined) throw usage(`--wait must be such as 30s or 5m, not \`${options.wait}\``);
  const admin = await context.admin();
  const startMs = performance.now();
  const outcome = await admin.post<ReleaseOutcome>(`/v1/policy/releases/${digitsOf(release)}:activate`, {
    percent,
    ...reasonOf(options),
    ...(options.denyBand === undefined ? {} : { denyBand: numberOf('--deny-band', options.denyBand) }),
  });
  await said(context, outcome);
  if (waitMs === 0) return EXIT.ok;
  await sayWhenAcknowledged(context, admin, outcome.snapshotSeq, startMs);
  return outcome.release.state === 'canary' ? watch(context, admin, outcome, { startMs, waitMs }) : EXIT.ok;
};

const numberOf = (option: string, text: string): number => {
  const value = Number(text);
  if (!/^\d{1,3}(\.\d{1,2})?$/.test(text) || value <= 0 || value > 100)
    throw usage(`${option} must be more than 0 and at most 100, not \`${text}\``);
  return value;
};

const POLL_MS = 50;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const sayWhenAcknowledged = async (context: Context, admin: Admin, seq: number, startMs: number): Promise<void> => {
  const heard = await acknowledged(admin, seq);
  const after = duration(performance.now() - startMs);
  const nodes = `${heard.nodes} connected ${heard.nodes === 1 ? 'node' : 'nodes'}`;
  context.out.note(`snapshot ${seq} is in force on the hub and ${nodes}, after ${after}`);
  for (const { id, reason } of heard.missing)
    context.out.note(`warning: ${clean(id)} does not have it: ${clean(reason)}`);
};

/** Looks on while a part of the calls is decided by the release. Exit 1 when it was halted. */
const watch = async (
  context: Context,
  admin: Admin,
  { release: { id }, snapshotSeq }: ReleaseOutcome,
  { startMs, waitMs }: { readonly startMs: number; readonly waitMs: number },
): Promise<number> => {
  const endMs = performance.now() + waitMs;
  while (performance.now() < endMs) {
    const release = await admin.get<ReleaseDetail>(`/v1/policy/releases/${digitsOf(id)}`);
    if (release.state !== 'canary') return ended(context, admin, { release, snapshotSeq }, startMs);
    await pause(POLL_MS);
  }
  const { arms } = await admin.get<ReleaseDetail>(`/v1/policy/releases/${digitsOf(id)}`);
  const calls = arms === null ? '' : ` (${arms.canary.calls} calls by it, ${arms.stable.calls} by the active policy)`;
  context.out.note(`still well after ${duration(waitMs)}${calls}`);
  return EXIT.ok;
};

const ended = async (
  context: Context,
  admin: Admin,
  { release, snapshotSeq }: Pick<ReleaseOutcome, 'release' | 'snapshotSeq'>,
  startMs: number,
): Promise<number> => {
  const last = release.log.at(-1);
  const after = duration(performance.now() - startMs);
  context.out.note(`${release.state} by ${clean(last?.by ?? '')} after ${after}: ${clean(last?.reason ?? '')}`);
  if (release.state !== 'halted') return EXIT.ok;
  await sayWhenAcknowledged(context, admin, await newerThan(admin, snapshotSeq), startMs);
  return EXIT.no;
};

const PATIENCE_MS = 5_000;

/** What halted is written down before the snapshot without it goes out. */
const newerThan = async (admin: Admin, seq: number): Promise<number> => {
  for (const endMs = performance.now() + PATIENCE_MS; ; ) {
    const { snapshotSeq } = await admin.get<{ snapshotSeq: number }>('/v1/status');
    if (snapshotSeq > seq || performance.now() > endMs) return snapshotSeq;
    await pause(POLL_MS);
  }
};

export const rollback = async (
  context: Context,
  options: StepOptions & { readonly yes?: boolean },
): Promise<number> => {
  await context.confirm('take the last change of policy back, on every node', options.yes ?? false);
  const admin = await context.admin();
  const startMs = performance.now();
  const outcome = await admin.post<RollbackOutcome>('/v1/policy/releases:rollback', reasonOf(options));
  await context.out.one(outcome, () => `took back ${clean(outcome.undone)}`);
  await sayWhenAcknowledged(context, admin, outcome.snapshotSeq, startMs);
  return EXIT.ok;
};
