/** Where a thing has its page in the dashboard of the node that was asked. */
const LISTS: Readonly<Record<string, string>> = {
  agent: 'agents',
  tool: 'agents',
  model: 'agents',
  budget: 'budgets',
  approval: 'approvals',
};

/** `what`: `agent/orders`, `budget/daily`, `approval/<id>`, or the id of a call or trace. Undefined: it has none. */
export const pageOf = (url: string, what: string): string | undefined => {
  if (/^[0-9a-f]{8,32}$/.test(what)) return `${url}/ui/requests/${what}`;
  const [kind = '', ...name] = what.split('/');
  if (name.length === 0 || !Object.hasOwn(LISTS, kind)) return undefined;
  const selected = LISTS[kind] === 'agents' ? what : name.join('/');
  return `${url}/ui/${LISTS[kind]}?sel=${encodeURIComponent(selected)}`;
};
