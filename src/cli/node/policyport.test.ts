/** The questions of the admin door about policy, against a real snapshot. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallEvent, Principal, Snapshot, TargetEntry } from '../../contract/index.ts';
import { StillWorld } from '../../doors/admin/testing/served.ts';
import { compilePolicy, preparePolicy } from '../../policy/index.ts';
import { planner } from '../../routing/index.ts';
import { event, step } from '../testing/events.ts';
import { policyPort } from './policyport.ts';

const target = (name: string, ...operations: string[]): TargetEntry => ({
  tenant: 'default',
  kind: 'agent',
  name,
  domain: '',
  labels: {},
  endpoints: [],
  operations: operations.map((operation) => ({ name: operation, effect: 'read', idempotent: true })),
  health: null,
  concurrency: 1,
  timeoutMs: null,
});

const POLICIES = `
@id("where") @reason("agents ask where")
permit (principal is Agent, action, resource == Operation::"agent/orders/where") when { context.depth < 3 };
@id("trial") @reason("until June")
permit (principal is Agent, action, resource == Operation::"agent/orders/trial")
when { context.now < datetime("2026-06-01T00:30:00Z") };
@id("clerks") @reason("clerks cancel")
permit (principal in Role::"clerk", action, resource == Operation::"agent/orders/cancel");
`;

const snapshotOf = async (): Promise<Snapshot> => {
  const targets = [target('orders', 'where', 'trial', 'cancel'), target('concierge', 'talk')];
  const names = targets;
  const users = [{ tenant: 'default', name: 'ada', roles: ['clerk'] }];
  const bundles = [{ tenant: 'default', level: 'org', policies: { text: POLICIES } }];
  return {
    seq: 1,
    revision: 1,
    createdAtMs: 0,
    targets,
    routes: [],
    domains: [],
    keys: [
      {
        id: 'k',
        tenant: 'default',
        secretHash: '',
        principal: { kind: 'user', name: 'ada', domain: '', roles: ['clerk'] },
        expiresAtMs: null,
      },
    ],
    policy: await compilePolicy(bundles, { targets: names, domains: [], users }),
  };
};

const portAt = async (wall: { ms: number }) => {
  const snapshot = await snapshotOf();
  const inForce = { snapshot, policy: preparePolicy(snapshot), planOf: planner(snapshot) };
  const { clock } = new StillWorld();
  return {
    inForce,
    port: policyPort({ inForce }, { clock: { ...clock, wallMs: () => wall.ms } }, async () => ({ diagnostics: [] })),
  };
};

const CONCIERGE: Principal = { kind: 'agent', tenant: 'default', id: 'concierge', roles: [] };
const orders = (operation: string) => ({ kind: 'agent', name: 'orders', operation }) as const;

test('a list forgets a permit that has run out, at the latest an hour after', async () => {
  const wall = { ms: Date.parse('2026-05-31T23:59:00Z') };
  const { port } = await portAt(wall);
  const seen = () => ['where', 'trial', 'cancel'].filter((operation) => port.mayCall(CONCIERGE, orders(operation)));
  assert.deepEqual(seen(), ['where', 'trial']);
  wall.ms = Date.parse('2026-06-01T01:00:00Z');
  assert.deepEqual(seen(), ['where']);
});

test('can speaks of callers as their keys make them, and of nobody else', async () => {
  const { port } = await portAt({ ms: 0 });
  const can = (kind: 'agent' | 'user', name: string, operation: string, tenant = 'default') =>
    port.can({ tenant, principal: { kind, name }, target: orders(operation), context: {} }).answer;
  assert.equal(can('user', 'ada', 'cancel'), 'yes');
  assert.equal(can('agent', 'concierge', 'cancel'), 'no');
  assert.equal(can('agent', 'concierge', 'where'), 'maybe');
  assert.throws(() => can('user', 'nils', 'cancel'), /no user `nils` can call: it has no key/);
  assert.throws(() => can('agent', 'concierge', 'where', 'acme'), /no agent `concierge` can call/);
  const { depends, policyVersion } = port.can({
    tenant: 'default',
    principal: { kind: 'agent', name: 'concierge' },
    target: orders('where'),
    context: {},
  });
  assert.deepEqual(depends, [{ on: 'context.depth', clauses: ['context.depth < 3'], rules: ['org/where'] }]);
  assert.match(policyVersion, /^sha256:/);
});

const denied = (version: string, given: Partial<CallEvent> = {}): CallEvent =>
  event({
    status: 'denied',
    target: orders('where'),
    lineage: { root: 'r', depth: 5 },
    steps: [step('decide', 0, 0, { effect: 'deny', code: 'NO_PERMIT', policyVersion: version })],
    ...given,
  });

test('a recorded call is explained with what was recorded', async () => {
  const { port, inForce } = await portAt({ ms: 0 });
  const explained = port.explain(denied(inForce.policy.version, { principal: { kind: 'agent', id: 'concierge' } }));
  assert.equal(
    explained?.sentence,
    'denied because no permit of `org` matches: the nearest, `where`, needs context.depth < 3 (context.depth = 5)',
  );
  assert.deepEqual(explained?.caveats, []);
  assert.equal(port.explain(event({ steps: [] })), null, 'policy was never asked');
});

test('an explanation by another policy, of another outcome, or about unknown roles says so', async () => {
  const { port } = await portAt({ ms: 0 });
  const principal = { kind: 'agent', id: 'concierge' };
  const shallow = denied('sha256:old', { principal, lineage: { root: 'r', depth: 0 } });
  const [policy, outcome] = port.explain(shallow)?.caveats ?? [];
  assert.match(policy ?? '', /^it was decided by policy sha256:old, and this explains it by sha256:/);
  assert.equal(outcome, 'then the answer was deny, now it would be allow');
  const stranger = denied('sha256:old', { principal: { kind: 'user', id: 'nils' } });
  assert.ok(port.explain(stranger)?.caveats.some((text) => text.includes('no key any more')));
});
