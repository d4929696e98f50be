/** The way of a release from proposed to active and back: one table, and nothing moves that is not in it. */
import { Fault, type ReleaseRecord, type ReleaseState } from '../../contract/index.ts';

/** What can happen to a release. `replaced`: another policy is active now. */
export type ReleaseEvent = 'stage' | 'shadow' | 'canary' | 'full' | 'halt' | 'replaced';

/** From left to right; what is missing is refused. Full is reached through `active` only when the policy really is the active one. */
export const MOVES: Readonly<Record<ReleaseState | 'none', Partial<Record<ReleaseEvent, ReleaseState>>>> = {
  none: { stage: 'staged' },
  staged: { stage: 'staged', shadow: 'shadow', canary: 'canary', full: 'active' },
  shadow: { shadow: 'shadow', canary: 'canary', full: 'active', halt: 'halted' },
  canary: { shadow: 'shadow', canary: 'canary', full: 'active', halt: 'halted' },
  active: { full: 'active', replaced: 'retired' },
  // Content is its own address: to try the same again, it is staged again, and approved again.
  halted: { stage: 'staged', full: 'active' },
  retired: { stage: 'staged', full: 'active' },
};

/** What people call the events. */
const WORDS: Readonly<Record<ReleaseEvent, string>> = {
  stage: 'staged again',
  shadow: 'put in shadow',
  canary: 'activated in part',
  full: 'active',
  halt: 'halted',
  replaced: 'retired',
};

/** Throws `conflict` for a move that is not in the table. */
export const moved = (id: string, from: ReleaseState | 'none', event: ReleaseEvent): ReleaseState => {
  const to = MOVES[from][event];
  if (to !== undefined) return to;
  const hint = from === 'halted' || from === 'retired' ? '; stage it again first' : '';
  throw new Fault('conflict', `release \`${id}\` is ${from} and cannot be ${WORDS[event]}${hint}`, {
    facts: { state: from },
  });
};

export interface Step {
  readonly event: ReleaseEvent;
  readonly percent: number;
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
  readonly denyBand?: number | undefined;
}

/** The record after a step, one version on. */
export const advance = (record: ReleaseRecord, { event, percent, by, reason, atMs, denyBand }: Step): ReleaseRecord => {
  const state = moved(record.id, record.state, event);
  return {
    ...record,
    state,
    percent,
    denyBand: denyBand ?? record.denyBand,
    log: [...record.log, { atMs, by, state, percent, reason }].slice(-MOST_STEPS),
    version: record.version + 1,
  };
};

/** A release that is moved more often than this forgets how it began. */
const MOST_STEPS = 200;
