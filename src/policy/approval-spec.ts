/** `@approval("quorum=2; roles=finance-approver; ttl=1h")`: whose word a rule asks for, read once and merged so that it can only tighten. */
import type { ApprovalSpec, PolicyEntry } from '../contract/index.ts';
import { union } from './constraints.ts';

/** What a remediable rule asks for when it does not say: one person with role `approver`, within a day. */
export const DEFAULT_APPROVAL: ApprovalSpec = { quorum: 1, roles: ['approver'], ttlMs: 24 * 3_600_000 };

/** More people than that are a committee, and a call does not wait for one. */
const MOST_PEOPLE = 20;
/** Nobody remembers longer what a call was about. */
const LONGEST_MS = 30 * 24 * 3_600_000;

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 24 * 3_600_000 };
const ROLE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

type Part = Partial<ApprovalSpec>;

const PARTS: Readonly<Record<string, (text: string) => Part | string>> = {
  quorum: (text) =>
    /^[1-9]\d?$/.test(text) && Number(text) <= MOST_PEOPLE
      ? { quorum: Number(text) }
      : `quorum must be a whole number from 1 to ${MOST_PEOPLE}, not "${text}"`,
  roles: (text) => {
    const roles = text.split(',').map((role) => role.trim());
    const wrong = roles.find((role) => !ROLE.test(role));
    return wrong === undefined
      ? { roles: union(roles, []) }
      : `roles must be names of lower-case letters, digits and "-", separated by commas, not "${wrong}"`;
  },
  ttl: (text) => {
    const [, count = '', unit = ''] = /^([1-9]\d{0,6})([smhd])$/.exec(text) ?? [];
    const ttlMs = Number(count) * (UNITS[unit] ?? 0);
    return ttlMs > 0 && ttlMs <= LONGEST_MS
      ? { ttlMs }
      : `ttl must be such as 30m, 1h or 2d, at most 30d, not "${text}"`;
  },
};

/** The spec, or what is wrong with it in words that complete "@approval: ". */
export const approvalIn = (text: string): ApprovalSpec | { readonly problem: string } => {
  const seen = new Set<string>();
  let spec = DEFAULT_APPROVAL;
  for (const part of text.split(';').map((each) => each.trim())) {
    const [, name = '', value = ''] = /^([a-z]+)\s*=\s*(.*)$/.exec(part) ?? [];
    if (!Object.hasOwn(PARTS, name))
      return { problem: `"${part}" is none of quorum=..., roles=..., ttl=..., separated by ";"` };
    if (seen.has(name)) return { problem: `${name} is there twice` };
    seen.add(name);
    const read = PARTS[name]!(value);
    if (typeof read === 'string') return { problem: read };
    spec = { ...spec, ...read };
  }
  return spec;
};

/** What a rule asks for. Its annotations must be without problems. */
export const approvalOf = ({ annotations }: Pick<PolicyEntry, 'annotations'>): ApprovalSpec => {
  const text = annotations['approval'];
  const spec = text === undefined ? DEFAULT_APPROVAL : approvalIn(text);
  // A snapshot of a newer hub may say more than this node can read: then nobody can be asked enough.
  return 'problem' in spec ? { ...DEFAULT_APPROVAL, quorum: Number.MAX_SAFE_INTEGER } : spec;
};

/** What satisfies both: the most people, every role, the shortest time. */
export const meetApprovals = (a: ApprovalSpec, b: ApprovalSpec): ApprovalSpec => ({
  quorum: Math.max(a.quorum, b.quorum),
  roles: union(a.roles, b.roles),
  ttlMs: Math.min(a.ttlMs, b.ttlMs),
});
