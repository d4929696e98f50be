/** What people may do at the admin interface, and what a key can be narrowed to: two closed lists, and how one reads the other. */

/** Roles that the admin interface knows. Users may have others: those mean what policy says of them, and nothing here. */
export const ADMIN_ROLES = [
  'viewer',
  'operator',
  'developer',
  'policy-admin',
  'approver',
  'budget-admin',
  'auditor',
  'tenant-admin',
  'admin',
] as const;
export type AdminRole = (typeof ADMIN_ROLES)[number];

/** Who has the left one may do what the right ones may. `admin` is the older word for `tenant-admin`. */
export const HOLDS: Readonly<Record<AdminRole, readonly AdminRole[]>> = {
  viewer: ['viewer'],
  operator: ['operator', 'viewer'],
  developer: ['developer', 'viewer'],
  'policy-admin': ['policy-admin', 'viewer'],
  approver: ['approver', 'viewer'],
  'budget-admin': ['budget-admin', 'viewer'],
  // Reads who did what, and nothing else.
  auditor: ['auditor'],
  'tenant-admin': ADMIN_ROLES,
  admin: ADMIN_ROLES,
};

/** What a key may be narrowed to. `call` is for calls and for agents that announce themselves, the others for the admin interface. */
export const KEY_SCOPES = [
  'call',
  'read',
  'operate',
  'develop',
  'policy',
  'approve',
  'budget',
  'audit',
  'admin',
] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

/** A scope opens what its role may do, where the owner of the key may do it too. */
export const ROLE_OF_SCOPE: Readonly<Record<Exclude<KeyScope, 'call'>, AdminRole>> = {
  read: 'viewer',
  operate: 'operator',
  develop: 'developer',
  policy: 'policy-admin',
  approve: 'approver',
  budget: 'budget-admin',
  audit: 'auditor',
  admin: 'admin',
};

/** Absent scopes: everything that the owner may do. */
export const isForCalls = ({ scopes }: { readonly scopes?: readonly KeyScope[] }): boolean =>
  scopes === undefined || scopes.includes('call');

/** The roles of the admin interface that somebody has: granted ones with what they hold, as far as the scopes let them. */
export const adminRolesOf = ({
  roles,
  scopes,
}: {
  readonly roles: readonly string[];
  readonly scopes?: readonly KeyScope[];
}): ReadonlySet<AdminRole> => {
  const granted = new Set(roles.filter(isAdminRole).flatMap((role) => HOLDS[role]));
  if (scopes === undefined) return granted;
  const open = new Set(scopes.flatMap((scope) => (scope === 'call' ? [] : HOLDS[ROLE_OF_SCOPE[scope]])));
  return granted.intersection(open);
};

const isAdminRole = (role: string): role is AdminRole => (ADMIN_ROLES as readonly string[]).includes(role);
