/** Breakers that are not closed, or have not always been: what each is, and how it came to that. */
import { z } from 'zod';
import type { BreakerView } from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import type { AdminRequest } from './request.ts';

const Nothing = z.strictObject({});

/** Those of this node: each node has breakers of its own. Those that keep calls away first, then by their last change. */
export const listBreakers = async ({ ports, principal, theirs, query }: AdminRequest): Promise<Answer> => {
  query(Nothing);
  const seen = new Map<string, BreakerView>();
  for (const { kind, name, domain, endpoints } of ports.fleet(principal.tenant))
    for (const { id, breaker } of endpoints) {
      const changes = ports.breakerChanges(id);
      if (!theirs.domain(domain) || (breaker === 'closed' && changes.length === 0)) continue;
      seen.set(`${kind}/${name} ${id}`, { target: `${kind}/${name}`, domain, endpoint: id, state: breaker, changes });
    }
  const items = [...seen.values()].sort((a, b) => rank(a) - rank(b) || lastMs(b) - lastMs(a));
  return json({ items });
};

const rank = ({ state }: BreakerView): number => (state === 'closed' ? 1 : 0);
const lastMs = ({ changes }: BreakerView): number => changes[0]?.atMs ?? 0;
