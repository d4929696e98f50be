/** An agent of our own kind: one POST for each operation, and a health check, which is all that it says about itself. */
import { cameAs } from './search.ts';
import type { Found, Search } from './words.ts';

const WHAT = 'health check';

export const findHttp = async (search: Search): Promise<Found | undefined> => {
  const { address, wanted } = search;
  const endpoint = `${address.origin}${address.pathname.replace(/\/+$/, '')}`;
  const url = `${endpoint}/healthz`;
  const answered = await search.ask(WHAT, url);
  if (answered === undefined) return undefined;
  search.note(WHAT, url, answered.status === 200 ? 'it is well' : cameAs(answered));
  if (answered.status !== 200) return undefined;
  return {
    kind: wanted.kind ?? 'agent',
    protocol: 'http',
    version: '',
    binding: '',
    title: address.hostname,
    description: '',
    endpoint,
    auth: [],
    skills: [],
    tools: [],
    models: [],
    warnings: [],
  };
};
