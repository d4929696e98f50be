/** What `register` says: what was tried, what is there, what it becomes, and what to do next. All of it came from a stranger. */
import type { TargetKind } from '../../../contract/index.ts';
import type { Found, TargetResource, Tried } from '../../../discovery/index.ts';
import { type Address, addressesOf } from '../../../doors/index.ts';
import { clean } from '../../render/clean.ts';
import { yamlOf } from './yaml.ts';

const MOST_NAMES = 12;

export const triedText = (tried: readonly Tried[]): string =>
  tried.map(({ what, url, came }) => `tried ${what.padEnd(19)} ${clean(url, 200)}: ${clean(came, 200)}`).join('\n');

export const foundText = (found: Found): string => {
  const { protocol, version, binding, title, description, endpoint, auth, signature, skills, tools, models } = found;
  const spoken = [NAMES[protocol], version, binding].filter((part) => part !== '').join(' ');
  const rows: readonly (readonly [string, string])[] = [
    ['found', `${found.kind} \`${clean(title, 100)}\`, ${clean(spoken)}`],
    ['at', clean(endpoint, 200)],
    ['says', clean(description, 200)],
    ['skills', namesIn(skills.map(({ id }) => id))],
    ['tools', namesIn(tools.map(({ name }) => name))],
    ['models', namesIn(models)],
    ['wants', namesIn(auth)],
    ['signature', signature === undefined ? '' : `${signature.verdict}: ${clean(signature.detail, 200)}`],
  ];
  return rows.flatMap(([name, text]) => (text === '' ? [] : [`${name.padEnd(10)} ${text}`])).join('\n');
};

const NAMES: Readonly<Record<Found['protocol'], string>> = {
  http: 'our own protocol',
  a2a: 'A2A',
  mcp: 'MCP',
  openai: 'OpenAI',
  anthropic: 'Anthropic',
};

const namesIn = (names: readonly string[]): string => {
  const shown = names.slice(0, MOST_NAMES).map((name) => clean(name, 80));
  return names.length > MOST_NAMES ? `${shown.join(', ')} and ${names.length - MOST_NAMES} more` : shown.join(', ');
};

/** Without what is only kept to be compared: it would hide the rest. */
export const summary = (resources: readonly TargetResource[]): string => {
  const short = resources.map(({ spec, ...resource }) => ({ ...resource, spec: without(spec) }));
  const kept = resources.some(({ spec }) => spec['card'] !== undefined || hasDefinitions(spec));
  return `${yamlOf(short).trimEnd()}${kept ? '\n# and the card, or the definition of each tool, as it came: --print shows it' : ''}`;
};

const hasDefinitions = ({ operations }: TargetResource['spec']): boolean =>
  Array.isArray(operations) && operations.some((one: { definition?: unknown }) => one.definition !== undefined);

const without = ({ card: _, operations, ...spec }: TargetResource['spec']) => ({
  ...spec,
  ...(Array.isArray(operations)
    ? { operations: operations.map(({ definition: __, ...operation }: { definition?: unknown }) => operation) }
    : {}),
});

const GROUP: Readonly<Record<TargetResource['kind'], string>> = {
  Agent: 'InvokeAgent',
  Tool: 'CallTool',
  Model: 'CallModel',
};

/** Nobody may call it until a policy says so. */
export const nextSteps = (base: string, resources: readonly TargetResource[]): string =>
  resources.map((resource) => nextStep(base, resource)).join('\n');

const nextStep = (base: string, { kind, metadata: { name } }: TargetResource): string => {
  const target = { kind: kind.toLowerCase() as TargetKind, name };
  const lines = addressesOf(base, target).map(
    ({ protocol, url }) => `  ${protocol.padEnd(10)} ${clean(url)}${HOW[protocol]?.(target) ?? ''}`,
  );
  return [
    `\nnobody may call ${target.kind}/${name} until policy says so; for an agent of yours:`,
    `  @id("${name}-for-<agent>") @reason("<why>")`,
    `  permit (principal == Agent::"<agent>", action in Action::"${GROUP[kind]}", resource in ${kind}::"${name}");`,
    'then it is at',
    ...lines,
  ].join('\n');
};

interface Named {
  readonly kind: TargetKind;
  readonly name: string;
}

const asModel = ({ kind, name }: Named): string => `  model ${kind === 'model' ? name : `agent/${name}`}`;

/** What else a caller says there. */
const HOW: Partial<Record<Address['protocol'], (target: Named) => string>> = {
  native: () => '/<operation>',
  openai: asModel,
  anthropic: asModel,
};
