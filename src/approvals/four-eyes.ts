/** Who may vote on a call, and when their votes are enough. Four eyes: nobody who wants the call is among those who let it go. */
import { type ApprovalRecord, type ApprovalSpec, type ApprovalVote, Fault, type Principal } from '../contract/index.ts';

/** What is known about people right now. */
export interface People {
  /** Roles that a user has; undefined when there is no such user any more. */
  rolesOf(tenant: string, user: string): readonly string[] | undefined;
  /** Users who made a key of this caller, and so can speak as it. */
  holdersOf(principal: Principal): Promise<readonly string[]>;
}

type Asked = Pick<ApprovalRecord, 'principal' | 'behind' | 'editedBy' | 'spec' | 'votes'>;

export const rolesFor = ({ roles }: Pick<ApprovalSpec, 'roles'>): readonly string[] =>
  roles.length === 0 ? ['approver'] : roles;

export const hasRoleFor = (spec: Pick<ApprovalSpec, 'roles'>, roles: readonly string[]): boolean =>
  rolesFor(spec).some((role) => roles.includes(role));

/** Why this user is too near to the call to judge it; undefined when they are not. */
export const nearness = (
  user: string,
  { principal, behind, editedBy = [] }: Asked,
  holders: readonly string[],
): string | undefined => {
  if (principal.kind === 'user' && principal.id === user) return 'it is your own call';
  if (behind.includes(`user/${user}`)) return 'you are behind the call';
  if (holders.includes(user)) return `you made a key of ${principal.kind} \`${principal.id}\`, and can speak as it`;
  if (editedBy.includes(user)) return 'you changed its arguments, and are an author now';
  return undefined;
};

/** Throws `denied` and `conflict`, with the reason. Roles are those of now. */
export const throwIfMayNotVote = (voter: Principal, asked: Asked, holders: readonly string[]): void => {
  if (voter.kind !== 'user') throw refusal('VOTER_NOT_A_PERSON', 'only people vote on calls; an agent never does');
  if (voter.scopes !== undefined && !voter.scopes.some((scope) => scope === 'approve' || scope === 'admin'))
    throw refusal('SCOPE_NEEDED', 'your key is narrowed to other things than to approve; use another key');
  const near = nearness(voter.id, asked, holders);
  if (near !== undefined) throw refusal('FOUR_EYES', `${near}; somebody else must decide`);
  if (!hasRoleFor(asked.spec, voter.roles)) {
    const roles = rolesFor(asked.spec).map((role) => `\`${role}\``);
    throw refusal('ROLE_NEEDED', `this needs role ${roles.join(' or ')}; ask an admin to add it to your User resource`);
  }
  if (asked.votes.some(({ user }) => user === voter.id))
    throw new Fault('conflict', 'you have voted on this already; one person has one vote', {
      facts: { code: 'VOTED_ALREADY' },
    });
};

const refusal = (code: string, message: string): Fault => new Fault('denied', message, { facts: { code } });

/** Enough people, and of each role that is asked for at least one. `rolesOf` may know better than the vote what a user is by now. */
export const isEnough = (
  spec: ApprovalSpec,
  votes: readonly ApprovalVote[],
  rolesOf: (vote: ApprovalVote) => readonly string[] | undefined = ({ roles }) => roles,
): boolean => {
  const counted = new Map(
    votes
      .filter(({ verdict }) => verdict === 'approve')
      .map((vote) => [vote.user, rolesOf(vote) ?? []] as const)
      .filter(([, roles]) => hasRoleFor(spec, roles)),
  );
  return (
    counted.size >= spec.quorum &&
    rolesFor(spec).every((role) => [...counted.values()].some((roles) => roles.includes(role)))
  );
};

/** What satisfies both. */
export const stricter = (a: ApprovalSpec, b: ApprovalSpec | undefined): ApprovalSpec =>
  b === undefined
    ? a
    : {
        quorum: Math.max(a.quorum, b.quorum),
        roles: [...new Set([...a.roles, ...b.roles])].sort(),
        ttlMs: Math.min(a.ttlMs, b.ttlMs),
      };
