/**
 * Static stability with stated bounds: for how long a node without its hub goes on, by what a call does to the world (table 3.12 of the
 * reliability rules).
 *
 *   noted     what was known when the call came, for whatever becomes of it
 *   checked   refuses; before policy is asked, and once more before each try, because a call may wait in between
 *   leased    spends from a slice that the hub has leased, or not at all
 *   held      what wants an approval stops with the hub, unless people gave it before and it can be seen here that it is used once
 */
import type { Call, Consequence, Hold, HoldQuestion, RoutePlan, Staleness, Standing } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import { Admission, type Layer } from '../kernel/index.ts';
import { type Bounds, consequenceOf } from './bounds.ts';

/** What a node knows of its hub. Ages count through a restart; Infinity: nothing is known. */
export interface Ages {
  /** Since the hub last confirmed that the snapshot in force is its newest. */
  snapshotMs(): number;
  /** The same of the orders to stop. */
  killsMs(): number;
  /** Since any word of it. */
  hubMs(): number;
  /** As the hub wants it at the moment. */
  beatMs(): number;
}

export interface FreshParts {
  readonly planOf: (call: Call) => RoutePlan;
  readonly bounds: Bounds;
  readonly ages: Ages;
  /** Records of the audit that the hub does not have yet. Default: nobody counts. */
  readonly unsent?: () => Promise<number>;
  /** The node's own place: how much it may keep is said there. */
  readonly place: { readonly tenant: string; readonly domain: string };
  /** When people decided an approval of this node, in Unix ms; null: they have not. Default: it has none. */
  readonly decidedAtMs?: (tenant: string, approval: string) => Promise<number | null>;
}

export interface Fresh {
  readonly noted: Layer;
  readonly checked: Layer;
  readonly again: Layer;
  readonly leased: Layer;
  held(hold: Hold | undefined): Hold | undefined;
}

export const fresh = (parts: FreshParts): Fresh => {
  const { planOf, bounds, ages, unsent = async () => 0, place } = parts;
  const look = (call: Call): Looked => {
    const staleness = bounds.of(call.principal, call.target);
    return { ...looked(consequenceOf(planOf(call)), staleness, ages), staleness };
  };
  return {
    noted: (next) => (call, scope) => {
      const standing = tried(() => standingOf(look(call)));
      if (standing === undefined) return next(call, scope);
      scope.span.set(attributesOf(standing));
      return next({ ...call, standing }, scope);
    },
    checked: (next) => async (call, scope) => {
      const now = look(call);
      scope.span.set(attributesOf(standingOf(now)));
      throwIfTooOld(call, now, ages);
      if (isRead(now.consequence)) return next({ ...call, standing: standingOf(now) }, scope);
      const { auditRecords } = bounds.ofDomain(place.tenant, place.domain);
      const waiting = await unsent();
      if (waiting >= auditRecords) throw tooMuchKept(now.consequence, waiting, auditRecords);
      return next({ ...call, standing: standingOf(now) }, scope);
    },
    again: (next) => (call, scope) => {
      throwIfTooOld(call, look(call), ages);
      return next(call, scope);
    },
    leased: (next) => (call, scope) => {
      const now = look(call);
      const isHeld = now.consequence !== 'spend' || (Admission.find(call)?.reservation ?? null) !== null;
      if (!isHeld && isAway(now, ages)) throw unleased(ages);
      return next(call, scope);
    },
    held: (hold) => hold && ((asking) => heldWithoutHub(parts, hold, asking)),
  };
};

interface Looked extends Pick<Standing, 'consequence' | 'snapshotAgeMs' | 'killsAgeMs' | 'boundMs' | 'of'> {
  readonly staleness: Staleness;
}

const isRead = (consequence: Consequence): boolean => consequence === 'read' || consequence === 'sensitive-read';

/** The bound that comes first is the one to tell. */
const looked = (consequence: Consequence, staleness: Staleness, ages: Ages): Omit<Looked, 'staleness'> => {
  const [snapshotAgeMs, killsAgeMs] = [ages.snapshotMs(), ages.killsMs()];
  const known = { consequence, snapshotAgeMs, killsAgeMs };
  const { readMs, sensitiveReadMs, writeMs, killsMs } = staleness;
  if (consequence === 'read') return { ...known, boundMs: readMs, of: 'snapshot' };
  if (consequence === 'sensitive-read') return { ...known, boundMs: sensitiveReadMs, of: 'snapshot' };
  const beatsMs = awayMs(staleness, ages);
  if (consequence !== 'write' && consequence !== 'spend')
    return beatsMs < killsMs ? { ...known, boundMs: beatsMs, of: 'hub' } : { ...known, boundMs: killsMs, of: 'kills' };
  // Of two bounds the one that is nearer to being over, or is over already.
  const isSnapshot = consequence === 'write' && writeMs - snapshotAgeMs < killsMs - killsAgeMs;
  return isSnapshot ? { ...known, boundMs: writeMs, of: 'snapshot' } : { ...known, boundMs: killsMs, of: 'kills' };
};

const awayMs = ({ missedBeats }: Staleness, ages: Ages): number => missedBeats * ages.beatMs();

const isAway = ({ staleness, snapshotAgeMs }: Pick<Looked, 'staleness' | 'snapshotAgeMs'>, ages: Ages): boolean =>
  Math.max(ages.hubMs(), snapshotAgeMs) > awayMs(staleness, ages);

const throwIfTooOld = (call: Call, now: Looked, ages: Ages): void => {
  const { consequence, staleness, killsAgeMs, snapshotAgeMs } = now;
  const { readMs, sensitiveReadMs, writeMs, killsMs } = staleness;
  if (isRead(consequence)) {
    throwIfBeyond(now, 'snapshot', snapshotAgeMs, consequence === 'read' ? readMs : sensitiveReadMs);
    return;
  }
  // Whoever says stop must know when even a node that hears nobody does.
  throwIfBeyond(now, 'kills', killsAgeMs, killsMs);
  if (consequence === 'write') throwIfBeyond(now, 'snapshot', snapshotAgeMs, writeMs);
  // What shows an approval is looked at where that is verified.
  if (consequence === 'irreversible' && call.grant === undefined && isAway(now, ages))
    throw tooOld(now, 'hub', Math.max(ages.hubMs(), snapshotAgeMs), awayMs(staleness, ages));
};

const throwIfBeyond = (now: Looked, of: Standing['of'], ageMs: number, boundMs: number): void => {
  if (!(ageMs <= boundMs)) throw tooOld(now, of, ageMs, boundMs);
};

/** INVARIANT: without the hub nothing new is asked of people, and a yes counts once, where this node itself can see that it does. */
const heldWithoutHub = async (
  { bounds, ages, decidedAtMs = async () => null }: FreshParts,
  hold: Hold,
  asking: HoldQuestion,
): ReturnType<Hold> => {
  const { call, plan, decision, scope } = asking;
  const staleness = bounds.of(call.principal, call.target);
  const gated = { ...looked('approval-gated', staleness, ages), staleness };
  scope.span.set(attributesOf(standingOf(gated)));
  throwIfBeyond(
    gated,
    'kills',
    gated.killsAgeMs,
    isRead(consequenceOf(plan)) ? Number.POSITIVE_INFINITY : staleness.killsMs,
  );
  if (!isAway(gated, ages)) return hold(asking);
  const ageMs = Math.max(ages.hubMs(), gated.snapshotAgeMs);
  const refuse = (why: string): Fault => tooOld(gated, 'hub', ageMs, awayMs(staleness, ages), why);
  const { grant } = call;
  if (grant === undefined) throw refuse('nobody can be asked now');
  // Nobody verifies what policy does not ask for.
  if (decision.effect === 'allow' && plan.operation.effect === 'irreversible')
    throw refuse('policy wants no approval of it, so that the one it shows means nothing here');
  if (grant.kind === 'told' && plan.operation.effect === 'read' && call.idempotencyKey === undefined)
    throw refuse('this node keeps no record of a read, so that only the hub could see that its approval is used once');
  if (grant.kind === 'own') {
    const atMs = await decidedAtMs(call.principal?.tenant ?? '', grant.approval);
    if (atMs === null || atMs > scope.clock.wallMs() - ageMs)
      throw refuse('its approval was given while the hub was away, by people whose rights nobody could look up');
  }
  return hold(asking);
};

const standingOf = ({ consequence, snapshotAgeMs, killsAgeMs, boundMs, of }: Looked): Standing => ({
  consequence,
  snapshotAgeMs,
  killsAgeMs,
  boundMs,
  of,
});

/** Attributes are JSON, which has no Infinity: -1 stands for what nobody knows. */
const told = (ageMs: number): number => (Number.isFinite(ageMs) ? Math.max(0, Math.round(ageMs)) : -1);

export const attributesOf = ({ consequence, snapshotAgeMs, killsAgeMs, boundMs, of }: Standing) => ({
  'stale.class': consequence,
  'stale.snapshot_age_ms': told(snapshotAgeMs),
  'stale.kills_age_ms': told(killsAgeMs),
  'stale.bound_ms': boundMs,
  'stale.bound_of': of,
});

/** A target that does not exist has no class; whoever looks it up next says so. */
const tried = <T>(work: () => T): T | undefined => {
  try {
    return work();
  } catch {
    return undefined;
  }
};

const OF: Readonly<Record<Standing['of'], string>> = {
  snapshot: 'its configuration',
  kills: 'its orders to stop',
  hub: 'anything',
};

const tooOld = (now: Looked, of: Standing['of'], ageMs: number, boundMs: number, why?: string): Fault => {
  const { consequence, snapshotAgeMs, killsAgeMs } = now;
  const since = Number.isFinite(ageMs) ? `for ${spanText(ageMs)}` : 'since before this node started';
  const { consequence: name } = now;
  return new Fault(
    'stale',
    `the hub has not confirmed ${OF[of]} here ${since}, and a call of class \`${name}\` goes on without it for ${spanText(boundMs)}` +
      `${why === undefined ? '' : `: ${why}`}; call again when the hub is back`,
    {
      facts: {
        code: 'STALE',
        class: consequence,
        of,
        ageMs: told(ageMs),
        boundMs,
        snapshotAgeMs: told(snapshotAgeMs),
        killsAgeMs: told(killsAgeMs),
      },
    },
  );
};

const unleased = (ages: Ages): Fault =>
  new Fault(
    'stale',
    `the hub has not been heard for ${spanText(ages.hubMs())}, and a call of class \`spend\` goes on without it only from a budget that it has leased a part of; this call falls under none`,
    { facts: { code: 'STALE', class: 'spend', of: 'hub', ageMs: told(ages.hubMs()), boundMs: 0 } },
  );

const tooMuchKept = (consequence: Consequence, waiting: number, most: number): Fault =>
  new Fault(
    'stale',
    `${waiting} records of the audit wait for the hub, and with ${most} of them this node writes nothing more: a call of class \`${consequence}\` is refused until the hub has taken some; reads go on`,
    { facts: { code: 'AUDIT_FULL', class: consequence, waiting, bound: most } },
  );

const spanText = (ms: number): string => {
  if (!Number.isFinite(ms)) return 'an unknown time';
  const seconds = ms / 1_000;
  if (seconds < 120) return `${Math.round(seconds * 10) / 10} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 6) / 10} min` : `${Math.round(seconds / 360) / 10} h`;
};
