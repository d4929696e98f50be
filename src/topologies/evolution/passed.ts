/** What the nodes of a call said about it, joined into one line: which way it took, how long, and what of that the way itself was. */
import type { CallEvent, CallStatus, Principal, Target } from '../../contract/index.ts';

export type Way = 'hub' | 'mesh';

export interface Passed {
  readonly caller: { readonly kind: Principal['kind']; readonly id: string; readonly domain: string };
  readonly target: Target;
  readonly way: Way;
  /** It was to go directly, reached no sidecar, and went through the hub. */
  readonly instead: boolean;
  /** Role of the node where it came in. */
  readonly entry: string;
  /** Unix ms. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly isError: boolean;
  /** What hubs on the way did themselves, without what they waited for; null where none was or none said. */
  readonly hubMs: number | null;
  /** Between the two sidecars: wire and everything that stands there; null unless both said. */
  readonly betweenMs: number | null;
  /** Roles and ids of the nodes that it passed. */
  readonly nodes: readonly { readonly role: string; readonly id: string }[];
}

export interface PassedCalls {
  /** Oldest first. */
  readonly calls: readonly Passed[];
  /** Calls of which the node where they came in has not reported yet. */
  readonly incomplete: number;
  /** Calls that were denied or given up before a way was chosen: they say nothing about it. */
  readonly wayless: number;
}

/** An error is what a caller would blame on the way or the target. A no of policy, and a caller who left, is neither. */
const ERRORS: ReadonlySet<CallStatus> = new Set(['failed', 'refused', 'unknown']);

/** In the order in which a call passes them. */
const ROLES = ['sidecar-out', 'hub', 'domain', 'sidecar-in'];

/** Events of one tenant. A node may be lying: what it says moves numbers of its own calls and nothing else. */
export const passedIn = (events: readonly CallEvent[]): PassedCalls => {
  const calls: Passed[] = [];
  let incomplete = 0;
  let wayless = 0;
  for (const [, seen] of Map.groupBy(events, ({ callId }) => callId)) {
    const ordered = seen.toSorted((a, b) => rank(a) - rank(b) || a.startedAtMs - b.startedAtMs);
    const [entry] = ordered;
    if (entry === undefined || wasSentByNode(entry)) incomplete++;
    else if (entry.principal === null || wayOf(entry) === undefined) wayless++;
    else calls.push(passed(entry, entry.principal, ordered));
  }
  return { calls: calls.sort((a, b) => a.startedAtMs - b.startedAtMs), incomplete, wayless };
};

const rank = ({ role }: CallEvent): number => ROLES.indexOf(role);

/** Its place in the tree was told: then there is a node before this one, and its event is still on the way. */
const wasSentByNode = ({ attributes }: CallEvent): boolean => attributes['tree.found'] === 'told';

const wayOf = ({ attributes, role }: CallEvent): Way | undefined => {
  const { via } = attributes;
  if (role === 'sidecar-in' || attributes['route'] === undefined) return undefined;
  return via === 'mesh' ? 'mesh' : 'hub';
};

const passed = (
  entry: CallEvent,
  principal: NonNullable<CallEvent['principal']>,
  seen: readonly CallEvent[],
): Passed => {
  const hubs = seen.filter(({ role }) => role === 'hub' || role === 'domain');
  const inner = seen.find(({ role }) => role === 'sidecar-in');
  return {
    caller: { kind: principal.kind as Principal['kind'], id: principal.id, domain: principal.domain ?? '' },
    target: entry.target,
    way: wayOf(entry)!,
    instead: entry.attributes['via.instead'] !== undefined,
    entry: entry.role,
    startedAtMs: entry.startedAtMs,
    durationMs: entry.durationMs,
    isError: ERRORS.has(entry.status),
    hubMs: sumOf(hubs.map(ownMs)),
    betweenMs: entry.role === 'sidecar-out' && inner !== undefined ? positive(sentMs(entry), inner.durationMs) : null,
    nodes: seen.map(({ role, node }) => ({ role, id: node })),
  };
};

/** All tries. Null: it sent nothing, or did not say. */
const sentMs = ({ steps }: CallEvent): number | null => {
  const sends = steps.filter(({ name }) => name === 'send');
  return sends.length === 0 ? null : sends.reduce((sum, { durationMs }) => sum + durationMs, 0);
};

const ownMs = (event: CallEvent): number | null => {
  const sent = sentMs(event);
  return sent === null ? null : positive(event.durationMs, sent);
};

/** Clocks of one process each: a difference below zero is a report that does not fit. */
const positive = (whole: number | null, part: number): number | null =>
  whole === null || whole < part ? null : whole - part;

const sumOf = (values: readonly (number | null)[]): number | null =>
  values.length === 0 || values.includes(null) ? null : values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
