/** The screens that there are. What is not whole yet is not here. */
export const SCREENS = [
  { id: 'topology', name: 'Topology', path: '/', key: 't' },
  { id: 'requests', name: 'Requests', path: '/requests', key: 'r' },
  { id: 'policies', name: 'Policies', path: '/policies', key: 'p' },
  { id: 'approvals', name: 'Approvals', path: '/approvals', key: 'a' },
  { id: 'budgets', name: 'Budgets', path: '/budgets', key: 'b' },
  { id: 'agents', name: 'Agents', path: '/agents', key: 'g' },
  { id: 'incidents', name: 'Incidents', path: '/incidents', key: 'i' },
  { id: 'audit', name: 'Audit log', path: '/audit', key: 'l' },
] as const;

export type Screen = (typeof SCREENS)[number];

/** Two requests beside each other are a part of Requests: nobody begins there. */
const WITHIN: Readonly<Record<string, string>> = { '/compare': '/requests' };

export const screenAt = (at: string): Screen | undefined => {
  const path = WITHIN[at] ?? at;
  return SCREENS.find((screen) => path === screen.path || (screen.path !== '/' && path.startsWith(`${screen.path}/`)));
};
