/** The configuration that every topology runs: the same resources, the same policy text. */
import { API_VERSION } from '../../contract/index.ts';
import { OPERATIONS } from './agent.ts';

const READS = new Set(['echo', 'account', 'hang', 'flaky', 'stream', 'endless', 'liar']);

/** Only this operation says what its payload looks like, and only of it a rule reads the arguments. */
const INPUTS: Readonly<Record<string, object>> = {
  transfer: {
    type: 'object',
    required: ['account'],
    properties: { account: { type: 'string' }, cents: { type: 'integer' } },
  },
  pay: { type: 'object', required: ['cents'], properties: { cents: { type: 'integer' }, tip: { type: 'number' } } },
};

const operation = (name: string): object => ({
  name,
  effect: READS.has(name) ? 'read' : 'write',
  ...(INPUTS[name] === undefined ? {} : { input: INPUTS[name] }),
});

const resource = (kind: string, name: string, spec: unknown, domain?: string): unknown => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, ...(domain === undefined ? {} : { domain }) },
  spec,
});

export const POLICY = `
@id("work-is-allowed")
@reason("agents of the office may work with each other")
permit (principal in Domain::"office", action, resource);

@id("mallory-may-not-write")
@reason("mallory has lost the right to write")
@code("WRITE_REVOKED")
forbid (principal == Agent::"mallory", action, resource)
unless { resource.effect == "read" };

@id("large-sums-are-not-paid")
@reason("nobody pays more than ten euros here")
@code("TOO_MUCH")
forbid (principal, action == Action::"agent/echo/pay", resource)
when { context.args.cents > 1000 || (context.args has tip && context.args.tip.greaterThan(decimal("0.2"))) };

@id("facts-may-be-asked")
@reason("airspace may ask what an account is")
permit (principal == Agent::"airspace", action == Action::"agent/echo/account", resource);

@id("frozen-accounts-stay-as-they-are")
@reason("the account is frozen")
@code("FROZEN")
forbid (principal, action == Action::"agent/echo/transfer", resource)
when { context.facts.account.frozen || context.facts.owner.trust < 1 };
`;

export const STRICTER_POLICY = `${POLICY}
@id("alice-may-not-echo")
@reason("echoing is over for today")
forbid (principal == Agent::"alice", action, resource)
when { resource.name == "echo" };
`;

const LIMITS = `
@id("letters-are-private")
@redact_in("/secret")
@redact_out("/number")
@rate("2/1h")
permit (principal, action == Action::"agent/echo/letter", resource);

@id("counting-is-counted")
@budget_class("counted")
permit (principal, action == Action::"agent/echo/count", resource);
`;

export const bundle = (policies: string): unknown =>
  resource('PolicyBundle', 'org', { level: 'org', policies: { text: policies }, limits: { text: LIMITS } });

/** The second fact is built from the first: who owns an account is only known from the account. */
const facts = [
  resource('Fact', 'account', {
    for: [{ name: 'echo', operations: ['transfer'] }],
    ask: { name: 'echo', operation: 'account', body: { id: { argument: '/account' } } },
    as: { type: 'object', required: ['frozen'], properties: { frozen: { type: 'boolean' } } },
  }),
  resource('Fact', 'owner', {
    for: [{ name: 'echo', operations: ['transfer'] }],
    ask: { name: 'echo', operation: 'account', body: { id: { fact: 'account', at: '/owner' } } },
    take: '/person',
    as: { type: 'object', required: ['trust'], properties: { trust: { type: 'integer' } } },
  }),
];

/** `via` is the one field in which the topologies differ. `delegated` is set by the tree. */
export const resources = (options: {
  readonly via: 'hub' | 'mesh';
  readonly delegated: boolean;
}): readonly unknown[] => [
  resource('Domain', 'office', {}),
  resource('Domain', 'workshop', { delegated: options.delegated }),
  resource('Agent', 'alice', { operations: [{ name: 'noop', effect: 'read' }] }, 'office'),
  resource('Agent', 'mallory', { operations: [{ name: 'noop', effect: 'read' }] }, 'office'),
  resource('Agent', 'echo', { operations: OPERATIONS.map(operation), timeoutMs: 10_000 }, 'workshop'),
  resource('Route', 'to-the-workshop', { to: { kind: 'agent', name: 'echo' }, via: options.via }),
  ...facts,
  resource('Budget', 'five', { scope: 'domain office', class: 'counted', unit: 'calls', limit: 5 }),
  bundle(POLICY),
];
