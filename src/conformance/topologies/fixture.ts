/** The configuration that every topology runs: the same resources, the same policy text. */
import { API_VERSION } from '../../contract/index.ts';
import { OPERATIONS } from './agent.ts';

const READS = new Set(['echo', 'hang', 'flaky', 'stream', 'endless', 'liar']);

/** Only this operation says what its payload looks like, and only of it a rule reads the arguments. */
const INPUTS: Readonly<Record<string, object>> = {
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
`;

export const STRICTER_POLICY = `${POLICY}
@id("alice-may-not-echo")
@reason("echoing is over for today")
forbid (principal == Agent::"alice", action, resource)
when { resource.name == "echo" };
`;

export const bundle = (policies: string): unknown =>
  resource('PolicyBundle', 'org', { level: 'org', policies: { text: policies } });

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
  bundle(POLICY),
];
