/** The fleet's resources and policy, held against the schemas, the control plane and the policy engine that run them. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { type Principal, type Snapshot, type TargetKind, WHOLE_TENANT } from '../../src/contract/index.ts';
import { ControlPlane, readSources } from '../../src/control/index.ts';
import { systemWorld } from '../../src/kernel/index.ts';
import { compilePolicy, decisionFor, type PreparedPolicy, preparePolicy } from '../../src/policy/index.ts';
import { memoryStores } from '../../src/stores/index.ts';
import { MEMBERS, PRINCIPALS, RESOURCES } from './start.ts';

let snapshot: Snapshot;
let policy: PreparedPolicy;
let warnings: readonly string[];

before(async () => {
  const { resources, nodes } = memoryStores();
  const published: Snapshot[] = [];
  const plane = new ControlPlane({
    resources,
    nodes,
    compilePolicy,
    clock: systemWorld().clock,
    publish: (each) => void published.push(each),
  });
  const sources = await readSources([RESOURCES]);
  const wish = {
    ...sources,
    tenant: 'default',
    by: 'test',
    rights: WHOLE_TENANT,
    reason: 'test',
    dryRun: false,
    prune: false,
  };
  ({ warnings } = await plane.apply(wish));
  snapshot = published[0]!;
  policy = preparePolicy(snapshot);
});

test('the resources apply without a problem or a warning', () => {
  assert.deepEqual(warnings, []);
  assert.equal(snapshot.targets.length, 6);
});

test('every process is an instance of a resource of its domain, and no resource is without a process', () => {
  const resources = snapshot.targets.map(({ kind, name, domain }) => `${kind} ${name} of ${domain}`);
  const processes = MEMBERS.map(({ kind, name, domain }) => `${kind} ${name} of ${domain}`);
  assert.deepEqual(new Set(processes), new Set(resources));
});

test('no address and no key is written down: processes register, and keys are made at the start', () => {
  assert.deepEqual(
    snapshot.targets.flatMap(({ endpoints }) => endpoints),
    [],
  );
  assert.deepEqual(snapshot.keys, []);
});

test('one route is a mesh, and one domain has a hub of its own', () => {
  const meshes = snapshot.routes.filter(({ via }) => via === 'mesh');
  assert.deepEqual(
    meshes.map(({ fromAgents, toName }) => [fromAgents, toName]),
    [[['concierge'], 'orders']],
  );
  assert.deepEqual(
    snapshot.domains.filter(({ delegated }) => delegated).map(({ name }) => name),
    ['operations'],
  );
});

const ROLES: Readonly<Record<string, readonly string[]>> = { visitor: ['visitor'], clara: ['clerk'] };

/** Payloads of the calls that a rule about arguments concerns; `large` is one cent too much. */
const PAYLOADS: Readonly<Record<string, object>> = {
  'agent/refunds/issue': { order: 4, amountCents: 50_000, reason: 'chipped' },
  'agent/refunds/issue large': { order: 4, amountCents: 50_001, reason: 'chipped' },
  'agent/refunds/issue without an amount': { order: 4, reason: 'chipped' },
};

const decide = (who: string, what: string, depth: number) => {
  const [kind, name = '', operation = ''] = (what.split(' ')[0] ?? '').split('/') as [TargetKind, string?, string?];
  const payload = { data: PAYLOADS[what] ?? {} };
  const roles = ROLES[who];
  const principal: Principal = {
    kind: roles === undefined ? 'agent' : 'user',
    tenant: 'default',
    id: who,
    roles: roles ?? [],
  };
  const target = { kind, name, operation };
  return decisionFor(policy, {
    principal,
    target,
    depth,
    session: false,
    priority: 2,
    atMs: 1_700_000_000_000,
    payload,
  });
};

const CASES: readonly (readonly [who: string, what: string, code: string, rule: string, depth?: number])[] = [
  ['visitor', 'agent/concierge/ask', 'OK', 'org/people-may-ask'],
  ['visitor', 'agent/orders/where', 'OK', 'operations/anyone-may-look'],
  ['visitor', 'model/scripted-small/chat', 'OK', 'org/people-may-ask'],
  ['visitor', 'agent/refunds/issue', 'REFUND_NEEDS_A_PERSON', 'operations/refunds-need-a-person'],
  ['clara', 'agent/refunds/issue', 'OK', 'operations/clerks-issue-refunds'],
  ['clara', 'agent/refunds/issue large', 'REFUND_TOO_LARGE', 'operations/large-refunds-are-not-paid-online'],
  ['concierge', 'agent/orders/where', 'OK', 'operations/anyone-may-look'],
  ['concierge', 'agent/refunds/quote', 'OK', 'operations/anyone-may-look'],
  ['concierge', 'agent/refunds/issue', 'REFUND_NEEDS_A_PERSON', 'operations/refunds-need-a-person'],
  ['concierge', 'agent/porter/ticket', 'OK', 'org/agents-may-work-together'],
  ['concierge', 'agent/kb/search', 'OK', 'org/agents-may-work-together'],
  ['concierge', 'model/scripted-small/chat', 'OK', 'org/agents-may-use-the-small-model'],
  ['refunds', 'agent/orders/where', 'OK', 'operations/own-agents-may-call-out'],
  ['kb', 'agent/porter/ticket', 'READ_ONLY_DOMAIN', 'org/knowledge-only-reads'],
  ['concierge', 'agent/kb/search', 'TOO_DEEP', 'org/chains-end-after-four', 5],
];

for (const [who, what, code, rule, depth = 0] of CASES) {
  test(`${who} -> ${what}${depth === 0 ? '' : ` at depth ${depth}`}: ${code} by ${rule}`, () => {
    const decision = decide(who, what, depth);
    const rules = decision.determining.map(({ level, id }) => `${level}/${id}`);
    assert.equal(decision.code, code, decision.reason);
    assert.ok(rules.includes(rule), rules.join(', '));
  });
}

test('a refund without its amount is denied, and the answer names the field', () => {
  const { code, reason } = decide('clara', 'agent/refunds/issue without an amount', 0);
  assert.equal(code, 'BAD_ARGUMENTS');
  assert.match(reason, /`amountCents` is missing/);
});

test('every agent and person with a key is known to the configuration', () => {
  const agents = snapshot.targets.filter(({ kind }) => kind === 'agent').map(({ name }) => name);
  const keyed = PRINCIPALS.filter(({ kind }) => kind === 'agent').map(({ name }) => name);
  assert.deepEqual(new Set(keyed), new Set(agents));
});
