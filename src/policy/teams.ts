/** Who is in which team, as entities: made once per tenant, because every caller and every agent asks. */
import type { TeamEntry } from '../contract/index.ts';
import { EntityRef } from './value.ts';

/** The entity type of teams. A team is in nothing: its domain says who looks after it, and gives its members no part of the domain. */
export const TEAM = 'Team';

export interface Teams {
  ofUser(name: string): readonly EntityRef[];
  ofAgent(name: string): readonly EntityRef[];
}

/** `teams` are those of one tenant. */
export const teamsOf = (teams: readonly TeamEntry[]): Teams => {
  const users = membership(teams, ({ users }) => users);
  const agents = membership(teams, ({ agents }) => agents);
  return { ofUser: (name) => users.get(name) ?? [], ofAgent: (name) => agents.get(name) ?? [] };
};

const membership = (
  teams: readonly TeamEntry[],
  members: (team: TeamEntry) => readonly string[],
): ReadonlyMap<string, readonly EntityRef[]> => {
  const found = new Map<string, EntityRef[]>();
  for (const team of teams)
    for (const name of members(team)) found.set(name, [...(found.get(name) ?? []), new EntityRef(TEAM, team.name)]);
  return found;
};
