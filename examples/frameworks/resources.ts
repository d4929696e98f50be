/** What is configured: who may call what, what it costs, and the agents, tools and models behind it. */

export interface Ports {
  readonly model: number;
  readonly everything: number;
  readonly newcomer: number;
  readonly adk: number;
  readonly strands: number;
}

/** Which model is behind the name `small`. Scripted, unless there is a key of a provider. */
export interface RealModel {
  readonly protocol: 'openai' | 'anthropic';
  readonly url: string;
  readonly model: string;
  readonly key: string;
  readonly catalogue: string;
}

/** Agents that only call. */
export const CALLERS = ['langgraph', 'openai-agents', 'vercel-ai', 'mastra', 'client'] as const;

const POLICY = `
@id("frameworks-may-think")
@reason("agents may use the small model")
permit (principal is Agent, action, resource in Model::"small");

@id("frameworks-may-use-tools")
@reason("agents may use the tools of the reference server")
permit (principal is Agent, action, resource in Tool::"everything");

@id("large-sums-are-for-people")
@reason("numbers over 100 are added by a person")
@code("SUM_TOO_LARGE")
forbid (principal, action == Action::"tool/everything/get-sum", resource)
when { context.args.a.greaterThan(decimal("100.0")) };

@id("nobody-reads-the-environment")
@reason("the environment of a server holds its secrets")
forbid (principal, action == Action::"tool/everything/get-env", resource);

@id("agents-may-work-together")
@reason("agents may ask each other")
permit (principal is Agent, action in Action::"InvokeAgent", resource)
unless { resource in Agent::"vault" };

@id("the-vault-may-be-seen")
@reason("agents may see the vault, and give it nothing to do")
permit (principal is Agent, action == Action::"agent/vault/task.list", resource);
`;

const resource = (kind: string, name: string, spec: object): object => ({
  apiVersion: 'airspace.dev/v1',
  kind,
  metadata: { name, ...(kind === 'PolicyBundle' || kind === 'Domain' || kind === 'Budget' ? {} : { domain: 'work' }) },
  spec,
});

const caller = (name: string): object => resource('Agent', name, { operations: [{ name: 'none', effect: 'read' }] });

const agent = (name: string, port: number, protocolVersion: string, path = ''): object =>
  resource('Agent', name, {
    protocol: 'a2a',
    protocolVersion,
    binding: 'JSONRPC',
    endpoints: [{ url: `http://127.0.0.1:${port}${path}` }],
  });

const PRICE = { inputPerMTok: '1 USD', outputPerMTok: '4 USD' };

const small = (port: number, real: RealModel | undefined): object =>
  real === undefined
    ? resource('Model', 'small', {
        description: 'a script in the place of a model; says so in every answer',
        protocol: 'openai',
        model: 'scripted',
        endpoints: [{ url: `http://127.0.0.1:${port}/v1` }],
        price: PRICE,
      })
    : resource('Model', 'small', {
        protocol: real.protocol,
        model: real.model,
        endpoints: [{ url: real.url }],
        credential: { secret: 'provider', as: real.protocol === 'anthropic' ? 'header:x-api-key' : 'bearer' },
        price: { catalogue: real.catalogue },
      });

export const resources = (ports: Ports, real: RealModel | undefined, tools: readonly object[]): readonly object[] => [
  resource('Domain', 'work', {}),
  ...CALLERS.map(caller),
  agent('newcomer', ports.newcomer, '1.0', '/rpc'),
  agent('vault', ports.newcomer, '1.0', '/rpc'),
  agent('adk', ports.adk, '0.3', '/jsonrpc'),
  agent('strands', ports.strands, '0.3'),
  small(ports.model, real),
  resource('Model', 'dear', {
    protocol: 'openai',
    model: 'scripted',
    endpoints: [{ url: `http://127.0.0.1:${ports.model}/v1` }],
    price: PRICE,
  }),
  resource('Tool', 'everything', {
    description: 'the reference server of MCP',
    protocol: 'mcp',
    endpoints: [{ url: `http://127.0.0.1:${ports.everything}/mcp` }],
    operations: tools,
  }),
  resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
  resource('Budget', 'all', { scope: 'organisation', unit: 'usd', limit: '1 USD', window: { every: 'day' } }),
];
