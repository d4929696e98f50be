/** The rules as Cedar: for our engine through the whole product path, and for cedar-wasm in the way that is fastest there. */
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { TargetEntry } from '../../src/contract/index.ts';
import { compilePolicy, decisionFor, type PolicyRequest, preparePolicy } from '../../src/policy/index.ts';
import type { Engine } from './engine.ts';
import { agents, conditionsOf, type Request, type Rule, tools } from './rules.ts';

const TENANT = 'default';

const TEXTS: Readonly<Record<ReturnType<typeof conditionsOf>[number][0], (value: string | number) => string>> = {
  tool: (value) => `resource in Tool::"${value}"`,
  tier: (value) => `principal.getTag("tier") == "${value}"`,
  operationEffect: (value) => `context.effect == "${value}"`,
  deeperThan: (value) => `context.depth > ${value}`,
  shallowerThan: (value) => `context.depth < ${value}`,
  fromHour: (value) => `context.hourUtc >= ${value}`,
};

/** The tool stands in the scope, where a person would write it. */
const textOf = (rule: Rule, at: number): string => {
  const { tool, ...rest } = rule;
  const tagged = rule.tier === undefined ? [] : ['principal.hasTag("tier")'];
  const conditions = [...tagged, ...conditionsOf(rest).map(([name, value]) => TEXTS[name](value))];
  const resource = tool === undefined ? 'resource' : TEXTS.tool(tool);
  const when = conditions.length === 0 ? '' : ` when { ${conditions.join(' && ')} }`;
  return `@id("rule-${at}") @reason("benchmark")\n${rule.effect} (principal is Agent, action, ${resource})${when};`;
};

const textsOf = (rules: readonly Rule[]): string => rules.map(textOf).join('\n');

const entryOf = (
  kind: 'agent' | 'tool',
  name: string,
  effect: TargetEntry['operations'][number]['effect'],
  labels: TargetEntry['labels'],
): TargetEntry => ({
  tenant: TENANT,
  kind,
  name,
  domain: '',
  labels,
  endpoints: [],
  operations: [{ name: 'run', effect, idempotent: effect === 'read' }],
  health: null,
  concurrency: 1,
  timeoutMs: null,
});

const targets: readonly TargetEntry[] = [
  ...agents.map(({ name, tier }) => entryOf('agent', name, 'read', { tier })),
  ...tools.map(({ name, effect }) => entryOf('tool', name, effect, {})),
];

/** One request as the decide layer would hand it over. */
export const policyRequestOf = ({ agent, tool, depth, hour }: Request): PolicyRequest => ({
  principal: { kind: 'agent', tenant: TENANT, id: agent, roles: [] },
  target: { kind: 'tool', name: tool, operation: 'run' },
  depth,
  session: false,
  priority: 2,
  atMs: Date.UTC(2026, 10, 26, hour),
});

export const prepareOurs = async (rules: readonly Rule[]) => {
  const bundle = { tenant: TENANT, level: 'org', policies: { text: textsOf(rules), source: 'bench.cedar' } };
  const policy = await compilePolicy([bundle], { targets, domains: [], users: [] });
  return preparePolicy({ policy, targets, domains: [] });
};

/** The decision that the product takes: registry look-up, levels, rules, limits and explanation. */
export const ours: Engine = {
  name: 'airspace',
  prepare: async (rules) => {
    const prepared = await prepareOurs(rules);
    return {
      encode: policyRequestOf,
      allows: (request) => decisionFor(prepared, request as PolicyRequest).effect === 'allow',
    };
  },
};

const uid = (type: string, id: string) => ({ type, id });

/** Parsed once, with no schema and only the entities that the request needs: everything that could be done before is done. */
export const cedarWasm: Engine = {
  name: 'cedar-wasm',
  prepare: async (rules) => {
    const staticPolicies = Object.fromEntries(rules.map((rule, at) => [`rule-${at}`, textOf(rule, at)]));
    const parsed = cedar.preparsePolicySet('bench', { staticPolicies });
    if (parsed.type !== 'success') throw new Error(JSON.stringify(parsed));
    return {
      encode: authorizationOf,
      allows: (request) => {
        const answer = cedar.statefulIsAuthorized(request as ReturnType<typeof authorizationOf>);
        if (answer.type !== 'success') throw new Error(JSON.stringify(answer));
        return answer.response.decision === 'allow';
      },
    };
  },
};

const authorizationOf = ({ agent, tier, tool, operationEffect, depth, hour }: Request) => ({
  principal: uid('Agent', agent),
  action: uid('Action', 'CallTool'),
  resource: uid('Operation', `tool/${tool}/run`),
  context: {
    operation: 'run',
    effect: operationEffect,
    depth,
    session: false,
    hourUtc: hour,
    priority: 2,
    tenant: TENANT,
    now: { __extn: { fn: 'datetime', arg: new Date(Date.UTC(2026, 10, 26, hour)).toISOString() } },
  },
  entities: [
    { uid: uid('Agent', agent), attrs: { name: agent }, parents: [], tags: { tier } },
    { uid: uid('Tool', tool), attrs: { name: tool }, parents: [], tags: {} },
    {
      uid: uid('Operation', `tool/${tool}/run`),
      attrs: { name: 'run', effect: operationEffect, idempotent: operationEffect === 'read' },
      parents: [uid('Tool', tool)],
      tags: {},
    },
    { uid: uid('Action', 'CallTool'), attrs: {}, parents: [uid('Action', 'Call')], tags: {} },
  ],
  preparsedPolicySetId: 'bench',
});
