/** The policy of this world, prepared once for all its histories: everybody may call, except one. */
import { preparePolicy } from '../../../policy/index.ts';
import { OUTCAST, TARGETS, TENANTS } from './operations.ts';

const ANY = { op: 'All' } as const;

const entry = (id: string, effect: 'permit' | 'forbid', principal: unknown) => ({
  ...{ id, effect, annotations: { id } },
  est: { effect, principal, action: ANY, resource: ANY, conditions: [] },
});

export const POLICY = preparePolicy({
  targets: TARGETS,
  domains: [],
  policy: {
    ...{ version: 'sha256:00000000000000aa', cedar: '4.5', actionParents: {}, arguments: [] },
    levels: TENANTS.map((tenant) => ({
      ...{ tenant, level: 'org', limits: [] },
      policies: [
        entry('all', 'permit', ANY),
        entry('outcast', 'forbid', { op: '==', entity: { type: 'Agent', id: OUTCAST } }),
      ],
    })),
  },
});
