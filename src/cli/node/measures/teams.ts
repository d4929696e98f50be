/** The teams of agents by the configuration in force, looked up once for each. */
import type { Snapshot } from '../../../contract/index.ts';
import type { TeamsOf } from '../../../telemetry/index.ts';

export const teamsIn = (snapshot: () => Pick<Snapshot, 'teams'> | undefined): TeamsOf => {
  let of: ReturnType<typeof snapshot>;
  let known = lookUp(undefined);
  return (tenant, agent) => {
    const now = snapshot();
    if (now !== of) {
      of = now;
      known = lookUp(now);
    }
    return known.get(tenant)?.get(agent) ?? '';
  };
};

const lookUp = (snapshot: Pick<Snapshot, 'teams'> | undefined): ReadonlyMap<string, ReadonlyMap<string, string>> => {
  const tenants = new Map<string, Map<string, string>>();
  const teams = [...(snapshot?.teams ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { tenant, name, agents } of teams) {
    const known = tenants.get(tenant) ?? new Map<string, string>();
    tenants.set(tenant, known);
    for (const agent of agents) known.set(agent, known.has(agent) ? `${known.get(agent)}+${name}` : name);
  }
  return tenants;
};
