/** The audit as people read it: what is looked for, as an address has it, and what a line says in a few words. */
import type { AuditRecord } from '../../../src/contract/index.ts';
import { listOf, textOf } from './facts.ts';
import { versionText } from './spans.ts';

/** All of it as typed; empty: everything. */
export interface TrailFilter {
  readonly kind: string;
  readonly actor: string;
  readonly object: string;
  readonly call: string;
  readonly from: string;
  readonly to: string;
}

export const NO_FILTER: TrailFilter = { kind: '', actor: '', object: '', call: '', from: '', to: '' };

export const isFiltering = (filter: TrailFilter): boolean => Object.values(filter).some((text) => text !== '');

export interface TrailQuery {
  /** As the admin door takes it. */
  readonly query: Readonly<Record<string, string | number | undefined>>;
  /** What of it nobody understands; empty: nothing. */
  readonly problem: string;
}

/** `call`: 32 hex digits; `from`, `to`: `2026-11-27 08:00` in the zone of whoever looks, with or without the time. */
export const trailQuery = ({ kind, actor, object, call, from, to }: TrailFilter): TrailQuery => {
  const [since, until] = [instantOf(from), instantOf(to)];
  const problem = [
    call !== '' && !/^[0-9a-f]{32}$/.test(call) ? 'a request has 32 hex digits' : '',
    since === null || until === null ? 'a time is such as 2026-11-27 08:00' : '',
  ].find((text) => text !== '');
  const said = (text: string): string | undefined => (text === '' ? undefined : text);
  const query = { kind: said(kind), actor: said(actor), object: said(object) };
  return problem === undefined
    ? { query: { ...query, call: said(call), since: since ?? undefined, until: until ?? undefined }, problem: '' }
    : { query, problem };
};

/** Unix ms; undefined when nothing is said, null when it is no time. */
const instantOf = (text: string): number | null | undefined => {
  if (text.trim() === '') return undefined;
  const [, day, time = '00:00'] = /^\s*(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?))?\s*$/.exec(text) ?? [];
  const atMs = day === undefined ? Number.NaN : new Date(`${day}T${time}`).getTime();
  return Number.isFinite(atMs) ? atMs : null;
};

/** From where to where it led, in versions where there are some; empty where the line says nothing of it. */
export const changeOf = ({ kind, object, details }: Pick<AuditRecord, 'kind' | 'object' | 'details'>) => {
  const revision = /^revision\/(\d+)$/.exec(object)?.[1];
  if (revision !== undefined) return { from: `r${Number(revision) - 1}`, to: `r${revision}` };
  const { state, percent, mode, on, stops, undone, verdict, policy, outcome } = details;
  if (kind.startsWith('policy.')) {
    const share = typeof percent === 'number' && percent > 0 ? ` ${percent}%` : '';
    return { from: versionText(textOf(undone)), to: `${textOf(state)}${share}` || 'the one before' };
  }
  if (kind === 'breaker.held') return { from: textOf(on), to: `held ${textOf(mode)}` };
  if (kind === 'breaker.reset') return { from: textOf(on), to: 'reset' };
  if (kind === 'kill.ordered') return { from: textOf(stops), to: 'stopped' };
  if (kind === 'kill.lifted') return { from: 'stopped', to: textOf(stops) };
  if (kind === 'incident.acknowledged') return { from: 'open', to: 'acknowledged' };
  if (kind === 'incident.closed') return { from: 'open', to: 'over' };
  if (kind === 'call.ended') return { from: '', to: textOf(outcome) };
  if (policy !== undefined) return { from: '', to: `policy ${versionText(textOf(policy))}` };
  return { from: textOf(verdict), to: textOf(state) };
};

/** Why, in the words of whoever did it, else by what. */
export const reasonOf = ({
  details: { reason, comment, note, code, fault, rules, endpoint },
}: Pick<AuditRecord, 'details'>) =>
  textOf(reason) ||
  textOf(comment) ||
  textOf(note) ||
  [textOf(code) || textOf(fault), listOf(rules).join(', ')].filter(Boolean).join(' · ') ||
  textOf(endpoint);

/** Where the thing itself is shown; undefined: nowhere. */
export const placeOf = ({ object, callId }: Pick<AuditRecord, 'object' | 'callId'>): string | undefined => {
  const [kind = '', name = ''] = object.split('/');
  if (callId !== '') return `/requests/${callId}`;
  if (['agent', 'tool', 'model'].includes(kind)) return `/agents?sel=${encodeURIComponent(`${kind}/${name}`)}`;
  if (kind === 'approval') return `/approvals?sel=${encodeURIComponent(name)}`;
  if (kind === 'incident') return `/incidents?sel=${encodeURIComponent(`alert ${name}`)}`;
  return kind === 'order' ? `/incidents?sel=${encodeURIComponent(`order ${name}`)}` : undefined;
};

/** How one stands to the last verification: `bad` from the first record on that is not as it was written. */
export const proofOf = (
  seq: number,
  last: { readonly records: number; readonly finding: { readonly seq: number } | null } | null,
): 'ok' | 'bad' | 'unseen' => {
  if (last === null) return 'unseen';
  if (last.finding !== null && seq >= last.finding.seq) return 'bad';
  return seq <= last.records ? 'ok' : 'unseen';
};
