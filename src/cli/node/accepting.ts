/** Accepting what an MCP server says by now: an ordinary change of the configuration, with a version, an author and a line in the audit. */
import { type ControlPort, Fault, type Operation, type Resource, resourceKey } from '../../contract/index.ts';
import type { Definition } from '../../dialects/mcp/index.ts';
import type { Acceptance, ToolOperationView, ToolPort } from '../../doors/admin/index.ts';
import type { Definitions } from './definitions.ts';

export const toolPort = (definitions: Definitions, control: ControlPort): ToolPort => ({
  list: async (tenant) => definitions.views(tenant),
  get: async (tenant, name) => (await definitions.look(tenant, name)).view,
  accept: (acceptance) => accept(definitions, control, acceptance),
});

export const toolsElsewhere = (refusal: () => Fault): ToolPort => {
  const refuse = async (): Promise<never> => {
    throw refusal();
  };
  return { list: refuse, get: refuse, accept: refuse };
};

type ToolResource = Extract<Resource, { kind: 'Tool' }>;

const accept = async (
  definitions: Definitions,
  control: ControlPort,
  { tenant, name, operations, reason, by, rights }: Acceptance,
): Promise<Awaited<ReturnType<ControlPort['apply']>>> => {
  const { view } = await definitions.look(tenant, name);
  if (view.problem !== '') throw new Fault('unavailable', `\`${name}\` cannot be looked at now: ${view.problem}`);
  const wanted = operations.map(({ name: operation, digest }) => {
    const found = view.operations.find((one) => one.name === operation);
    if (found === undefined)
      throw new Fault('not_found', `tool \`${name}\` has no \`${operation}\`, and its server offers none`);
    if (found.digest !== digest)
      throw new Fault(
        'conflict',
        `\`${operation}\` is not any more what you looked at; look again with \`airspace tool diff ${name}\``,
      );
    if (found.state === 'twice')
      throw new Fault('conflict', `the server defines \`${operation}\` twice, and nobody can tell which of them runs`);
    return found;
  });
  const [stored] = await control.list({ tenant, kind: 'Tool', name });
  if (stored === undefined) throw new Fault('not_found', `there is no tool \`${name}\``);
  const resource = stored.resource as ToolResource;
  const changed = { ...resource, spec: { ...resource.spec, operations: accepted(resource.spec.operations, wanted) } };
  const names = wanted.map((one) => one.name).join(', ');
  return control.apply({
    tenant,
    resources: [changed],
    origins: [`tool/${name}`],
    by,
    rights,
    reason: reason === '' ? `accepted as its server defines it: ${names}`.slice(0, 1_000) : reason,
    dryRun: false,
    prune: false,
    ifVersions: { [resourceKey({ tenant, kind: 'Tool', name })]: stored.version },
  });
};

const accepted = (before: readonly Operation[], wanted: readonly ToolOperationView[]): readonly Operation[] => {
  const byName = new Map(before.map((operation) => [operation.name, operation]));
  for (const { name, now } of wanted) {
    const [definition] = now;
    if (definition === undefined) byName.delete(name);
    else byName.set(name, withDefinition(byName.get(name) ?? { name, effect: 'write' }, definition));
  }
  return [...byName.values()];
};

const MOST_DESCRIPTION = 2_000;

/** What people wrote themselves stays. What a server says of its effects does not count: `readOnlyHint` is its own word. */
const withDefinition = (operation: Operation, definition: Definition): Operation => {
  const { description, input, definition: before, ...rest } = operation;
  const isOurs = (own: unknown, member: string): boolean =>
    own !== undefined && (before === undefined || JSON.stringify(own) !== JSON.stringify(shown(before, member)));
  return {
    ...rest,
    ...member('description', isOurs(description, 'description') ? description : shown(definition, 'description')),
    ...member('input', isOurs(input, 'inputSchema') ? input : shown(definition, 'inputSchema')),
    definition,
  } as Operation;
};

const shown = (definition: Definition, name: string): unknown => {
  const value = definition[name];
  return name === 'description' && typeof value === 'string' ? value.slice(0, MOST_DESCRIPTION) : value;
};

const member = (name: string, value: unknown): object => (value === undefined ? {} : { [name]: value });
