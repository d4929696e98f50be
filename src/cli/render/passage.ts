/** The way that each call of a request took: from whom to whom, over which nodes, in the order in which it passed them. */
import type { CallEvent } from '../../contract/index.ts';
import { styleOf } from './paint.ts';
import type { Column } from './table.ts';
import { duration } from './time.ts';
import { callsIn, treeOf } from './tree.ts';

export interface Passage {
  readonly callId: string;
  /** 0: it began the request. */
  readonly depth: number;
  readonly from: string;
  readonly to: string;
  /** Empty: it was refused before a route was chosen, or the node that chose has not reported. */
  readonly route: string;
  /** `directly`: from sidecar to sidecar. Empty as `route`. */
  readonly way: 'hub' | 'directly' | '';
  /** Why it went through the hub although it was to go directly; else empty. */
  readonly instead: string;
  readonly nodes: readonly { readonly node: string; readonly role: string }[];
  /** Of the last try; empty: none was made. */
  readonly endpoint: string;
  readonly attempts: number;
  readonly status: string;
  /** Unix ms. */
  readonly startedAtMs: number;
  readonly durationMs: number;
}

/** In the order in which a call passes them. */
const ROLES = ['sidecar-out', 'hub', 'domain', 'sidecar-in'];

/** One for each call, callers before those whom they called. */
export const passagesOf = (events: readonly CallEvent[]): readonly Passage[] => {
  const calls = Map.groupBy(
    callsIn(treeOf(events)).map(({ event }) => event),
    ({ callId }) => callId,
  );
  return [...calls.values()].map(passageOf);
};

const passageOf = (seen: readonly CallEvent[]): Passage => {
  const ordered = seen.toSorted((a, b) => rank(a) - rank(b) || a.startedAtMs - b.startedAtMs);
  const entry = ordered[0]!;
  const { target, principal, lineage, attributes } = entry;
  const chose = entry.role !== 'sidecar-in' && attributes['route'] !== undefined;
  const entries = ordered.filter(({ role }) => role === entry.role);
  // What is nearest to the target knows which endpoint it was.
  const last = ordered.findLast(({ steps }) => steps.some(({ name }) => name === 'attempt'));
  const endpoint = last?.steps.findLast(({ name }) => name === 'attempt')?.attributes['endpoint'];
  return {
    ...{ callId: entry.callId, depth: lineage.depth },
    from: principal === null ? 'nobody' : `${principal.kind}/${principal.id}`,
    to: `${target.kind}/${target.name}/${target.operation}`,
    route: chose ? String(attributes['route']) : '',
    way: !chose ? '' : attributes['via'] === 'mesh' ? 'directly' : 'hub',
    instead: String(attributes['via.instead'] ?? ''),
    nodes: [...new Map(ordered.map(({ node, role }) => [`${role} ${node}`, { node, role }])).values()],
    endpoint: String(endpoint ?? ''),
    // Nodes further on try once for each of these.
    attempts: entries.flatMap(({ steps }) => steps.filter(({ name }) => name === 'attempt')).length,
    // A call that was held goes on as itself.
    status: entries.at(-1)!.status,
    startedAtMs: entry.startedAtMs,
    durationMs: entry.durationMs,
  };
};

/** A role of a later version is somewhere on the way. */
const rank = ({ role }: CallEvent): number => (ROLES.includes(role) ? ROLES.indexOf(role) : 1);

/** Deeper trees move no further to the right: names must stay readable. */
const MOST_INDENTED = 12;

export const passageColumns = (fromMs: number): readonly Column<Passage>[] => [
  { title: 'AT', value: ({ startedAtMs }) => duration(Math.max(0, startedAtMs - fromMs)), align: 'right' },
  { title: 'CALL', value: ({ callId }) => callId.slice(0, 8) },
  { title: 'FROM', value: ({ from, depth }) => `${'  '.repeat(Math.min(depth, MOST_INDENTED))}${from}` },
  { title: 'TO', value: ({ to }) => to },
  { title: 'ROUTE', value: ({ route }) => route || '-' },
  {
    title: 'WAY',
    value: ({ way, instead }) => (instead === '' ? way || '-' : `${way}, instead`),
    style: ({ instead }) => (instead === '' ? undefined : 'yellow'),
  },
  { title: 'OVER', value: ({ nodes }) => nodes.map(({ node, role }) => `${node} (${role})`).join(' > ') },
  { title: 'ENDPOINT', value: ({ endpoint }) => endpoint || '-' },
  { title: 'TRIES', value: ({ attempts }) => attempts, align: 'right', wide: true },
  { title: 'STATUS', value: ({ status }) => status, style: ({ status }) => styleOf(status) },
  { title: 'INSTEAD', value: ({ instead }) => instead || '-', wide: true },
];
