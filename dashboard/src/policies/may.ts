/** Why somebody may not do something, in the words that the hub would use. The hub decides; this only saves a try. */

/** Whoever looks, as far as it counts here. */
interface Holder {
  /** Roles of the admin interface. */
  readonly holds: readonly string[];
  /** Domains that they look after without any role. */
  readonly administers: readonly string[];
}

const needs = (...roles: readonly string[]) => {
  const either = roles.map((role) => `\`${role}\``).join(' or ');
  return { roles, reason: `this needs role ${either}; ask an admin to add it to your User resource` };
};

/** As the routes of the hub have it; `domains`: also for those who look after some. */
const RIGHTS = {
  diagnose: { ...needs('viewer'), domains: false },
  check: { ...needs('developer', 'policy-admin'), domains: true },
  stage: { ...needs('developer', 'policy-admin'), domains: true },
  replay: { ...needs('operator', 'developer', 'policy-admin', 'approver'), domains: true },
  approve: { ...needs('policy-admin', 'approver'), domains: false },
  move: { ...needs('policy-admin'), domains: true },
} as const;

export type Deed = keyof typeof RIGHTS;

/** Undefined: nothing that is known here stands in the way. */
export const whyNot = ({ holds, administers }: Holder, deed: Deed): string | undefined => {
  const { roles, reason, domains } = RIGHTS[deed];
  const mayTry = roles.some((role) => holds.includes(role)) || (domains && administers.length > 0);
  return mayTry ? undefined : reason;
};
