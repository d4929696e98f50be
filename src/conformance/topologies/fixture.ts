/** The configuration that every topology runs: the same resources, the same policy text. */
import { API_VERSION } from '../../contract/index.ts';
import { OPERATIONS } from './agent.ts';
import { USED } from './script.ts';

const READS = new Set(['echo', 'account', 'hang', 'flaky', 'stream', 'endless', 'liar', 'busy', 'uneven', 'crowd']);
const SPENDS = new Set(['priced', 'unpriced']);

/** Only this operation says what its payload looks like, and only of it a rule reads the arguments. */
const INPUTS: Readonly<Record<string, object>> = {
  transfer: {
    type: 'object',
    required: ['account'],
    properties: { account: { type: 'string' }, cents: { type: 'integer' } },
  },
  pay: { type: 'object', required: ['cents'], properties: { cents: { type: 'integer' }, tip: { type: 'number' } } },
};

/** A capability in two versions of one agent; a third one is of an agent that nobody may call. */
const PROVIDES: Readonly<Record<string, string>> = { echo: '1.2.0', put: '2.1.0' };

const plain = (name: string): object => ({
  name,
  effect: READS.has(name) ? 'read' : SPENDS.has(name) ? 'spend' : 'write',
});

const operation = (name: string): object => ({
  ...plain(name),
  ...(name === 'priced' ? { price: { perCall: '0.01 USD' } } : {}),
  ...(INPUTS[name] === undefined ? {} : { input: INPUTS[name] }),
  ...(PROVIDES[name] === undefined ? {} : { provides: [{ capability: 'say_back', version: PROVIDES[name] }] }),
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

@id("the-plant-works")
@reason("agents of the plant may work with each other")
permit (principal in Domain::"plant", action, resource);

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

@id("nobody-may-call-hidden")
@reason("hidden is not for sale")
forbid (principal, action, resource in Agent::"hidden");

@id("guarded-needs-a-word")
@reason("somebody has to look at it")
@remedy("approval") @approval("ttl=1h")
forbid (principal, action == Action::"agent/echo/guarded", resource);

@id("the-vault-needs-two")
@reason("two have to look at it")
@remedy("approval") @approval("quorum=2; ttl=1h")
forbid (principal, action == Action::"agent/echo/vault", resource);

@id("brief-needs-a-quick-word")
@reason("somebody has to look at it at once")
@remedy("approval") @approval("ttl=1s")
forbid (principal, action == Action::"agent/echo/brief", resource);

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

/** The vault is shut for everybody, and no word of anybody opens it. */
export const SHUT_POLICY = `${POLICY}
@id("the-vault-is-shut")
@reason("the vault is shut")
@code("SHUT")
forbid (principal, action == Action::"agent/echo/vault", resource);
`;

/** Levels within levels: each permits all that it says nothing about. */
const PLANT_POLICY = `
@id("the-plant-is-open")
@reason("the plant takes work")
permit (principal, action, resource);

@id("no-hazards")
@reason("nothing is set on fire in the plant")
@code("HAZARD")
forbid (principal, action == Action::"agent/echo/hazard", resource);
`;

const WORKSHOP_POLICY = `
@id("the-workshop-is-open")
@reason("the workshop takes work of everybody")
permit (principal, action, resource);

@id("nothing-is-scrapped")
@reason("the workshop keeps what it has")
@code("SCRAP")
forbid (principal, action == Action::"agent/echo/scrap", resource);
`;

/** How many of a crowd of calls there is room for. */
export const CROWD_LIMIT = 30;

/** Operations of a class of their own, with the budget that counts it. */
const CLASSES: Readonly<Record<string, { readonly operations: readonly string[]; readonly budget: object }>> = {
  counted: { operations: ['count'], budget: { scope: 'domain office', unit: 'calls', limit: 5 } },
  paid: { operations: ['priced'], budget: { scope: 'domain office', unit: 'usd', limit: '0.03 USD' } },
  unknown: { operations: ['unpriced'], budget: { scope: 'organisation', unit: 'usd', limit: '1 USD' } },
  asked: {
    operations: ['asked'],
    budget: { scope: 'organisation', unit: 'calls', limit: 4, soft: { at: 50, do: 'ask' } },
  },
  noted: { operations: ['noted'], budget: { scope: 'organisation', unit: 'calls', limit: 4, soft: { at: 50 } } },
  paused: { operations: ['paused'], budget: { scope: 'organisation', unit: 'calls', limit: 1, hard: 'pause' } },
  treed: { operations: ['treed'], budget: { scope: 'organisation', per: 'tree', unit: 'calls', limit: 2 } },
  spent: { operations: ['spent'], budget: { scope: 'organisation', unit: 'calls', limit: 0 } },
  kept: { operations: ['kept'], budget: { scope: 'organisation', unit: 'calls', limit: 2 } },
  crowd: { operations: ['crowd'], budget: { scope: 'organisation', unit: 'calls', limit: CROWD_LIMIT } },
  idle: { operations: ['busy', 'work'], budget: { scope: 'organisation', unit: 'calls', limit: 2 } },
};

const classRule = ([name, { operations }]: readonly [string, { readonly operations: readonly string[] }]): string => `
@id("${name}-is-counted")
@budget_class("${name}")
permit (principal, action in [${operations.map((one) => `Action::"agent/${one === 'busy' || one === 'work' ? 'mill' : 'echo'}/${one}"`).join(', ')}], resource);
`;

const LIMITS = `
@id("letters-are-private")
@redact_in("/secret")
@redact_out("/number")
@rate("2/1h")
permit (principal, action == Action::"agent/echo/letter", resource);
${Object.entries(CLASSES).map(classRule).join('')}`;

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

/** Room for two of its answers with what they are estimated at, and not for a third one. */
const RATION = 2 * (USED.read + USED.written) + 20;

const model = (name: string, mill: string): unknown =>
  resource('Model', name, {
    protocol: 'openai',
    endpoints: [{ url: `${mill}/${name}` }],
    price: { inputPerMTok: '2 USD', outputPerMTok: '10 USD' },
    timeoutMs: 10_000,
  });

/** Models answer from a script. One of them may only be used so much. */
const models = (mill: string): readonly unknown[] => [
  model('oracle', mill),
  model('ration', mill),
  resource('Budget', 'oracle', { scope: 'target model/oracle', unit: 'usd', limit: '1 USD' }),
  resource('Budget', 'ration', { scope: 'target model/ration', unit: 'tokens', limit: RATION }),
];

/** Agents of the mill that are in nobody's way but for what is said here. */
const urgency = (name: string, priority: 'interactive' | 'batch'): unknown =>
  resource('Route', `${priority}-work`, { to: { kind: 'agent', name }, priority });

/** Where calls pass from one agent to the next. Tight, so that a case need not make two hundred calls. */
const TREES = { level: 'org', depth: 4, fanOut: 9, agents: 3, pingPong: 2 };

const permits = (level: string, text: string): unknown =>
  resource('PolicyBundle', level, { level, policies: { text } });

const NOOP = { operations: [{ name: 'noop', effect: 'read' }] };

export interface TopologyShape {
  readonly via: 'hub' | 'mesh';
  /** Domains that have a hub of their own, of `office`, `plant` and, in it, `workshop`. `true`: the workshop. */
  readonly delegated: boolean | readonly string[];
}

/** A capability of two agents. The first one by name is away for good: nothing listens at port 1. */
const saysAgain = (url: string) => ({
  operations: [{ name: 'echo', effect: 'write', provides: [{ capability: 'say_again', version: '1.0.0' }] }],
  endpoints: [{ url }],
});

/** Where calls go and who has a hub is all in which the topologies differ. `mill`: the address of an agent that no node stands beside. */
export const resources = ({ via, delegated }: TopologyShape, mill: string): readonly unknown[] => {
  const isDelegated = (name: string): boolean =>
    typeof delegated === 'boolean' ? delegated && name === 'workshop' : delegated.includes(name);
  const at = { endpoints: [{ url: mill }], timeoutMs: 10_000 };
  return [
    resource('Domain', 'office', { delegated: isDelegated('office') }),
    resource('Domain', 'plant', { delegated: isDelegated('plant') }),
    resource('Domain', 'workshop', { parent: 'plant', delegated: isDelegated('workshop') }),
    resource('Domain', 'safes', { parent: 'plant' }),
    resource('Agent', 'alice', NOOP, 'office'),
    resource('Agent', 'mallory', NOOP, 'office'),
    resource('Agent', 'bob', NOOP, 'plant'),
    resource('Agent', 'echo', { operations: OPERATIONS.map(operation), timeoutMs: 10_000 }, 'workshop'),
    ...['scribe', 'clerk', 'mill', 'ghost'].map((name) =>
      resource('Agent', name, { operations: ['echo', 'work', 'busy'].map(plain), ...at }, 'workshop'),
    ),
    resource('Agent', 'frail', { operations: [plain('uneven')], ...at }, 'workshop'),
    resource('Agent', 'narrow', { operations: ['echo', 'wait'].map(plain), concurrency: 1, ...at }, 'workshop'),
    resource('Agent', 'absent', saysAgain('http://127.0.0.1:1'), 'workshop'),
    resource('Agent', 'present', saysAgain(mill), 'workshop'),
    resource('Agent', 'safe', { operations: ['echo', 'work'].map(plain), ...at }, 'safes'),
    resource(
      'Agent',
      'hidden',
      {
        operations: [
          { name: 'echo', effect: 'read', provides: [{ capability: 'say_back', version: '2.9.0' }] },
          { name: 'hum', effect: 'read', provides: [{ capability: 'hum_along', version: '1.0.0' }] },
        ],
      },
      'workshop',
    ),
    resource('Route', 'to-the-workshop', { to: { kind: 'agent', name: 'echo' }, via }),
    urgency('scribe', 'interactive'),
    urgency('clerk', 'batch'),
    ...models(mill),
    ...['ann', 'ben'].map((name) => resource('User', name, { roles: ['approver'] })),
    ...facts,
    ...Object.entries(CLASSES).map(([name, { budget }]) => resource('Budget', name, { ...budget, class: name })),
    resource('TreeLimits', 'org', TREES),
    resource('TreeLimits', 'safes', { level: 'safes', delegation: 'intersection' }),
    bundle(POLICY),
    permits('plant', PLANT_POLICY),
    permits('workshop', WORKSHOP_POLICY),
  ];
};
