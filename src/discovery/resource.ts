/** What was found as resources: ordinary ones, for a person to look at before they are applied like everything else. */
import { API_VERSION, type Effect, type Operation, type TargetKind } from '../contract/index.ts';
import { isRecord, labelOf, lineOf } from './text.ts';
import type { Found, FoundTool } from './words.ts';

/** What a person says about it, and no answer of the target does. */
export interface Naming {
  readonly name?: string | undefined;
  readonly domain?: string | undefined;
  readonly aliases: readonly string[];
  readonly models: readonly string[];
  readonly operations: readonly Pick<Operation, 'name' | 'effect'>[];
  readonly credential?: { readonly secret: string; readonly as?: string | undefined } | undefined;
}

export interface Proposal {
  readonly resources: readonly TargetResource[];
  readonly warnings: readonly string[];
  /** Why there is nothing to apply yet; empty when there is. */
  readonly missing: string;
}

export interface TargetResource {
  readonly apiVersion: string;
  readonly kind: 'Agent' | 'Tool' | 'Model';
  readonly metadata: { readonly name: string; readonly domain?: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

const KIND: Readonly<Record<TargetKind, TargetResource['kind']>> = { agent: 'Agent', tool: 'Tool', model: 'Model' };

export const proposalOf = (found: Found, naming: Naming): Proposal => {
  if (found.kind === 'model' && found.protocol !== 'http') return modelsOf(found, naming);
  const { protocol } = found;
  if (protocol === 'http' && naming.operations.length === 0)
    return {
      resources: [],
      warnings: [],
      missing: 'it does not say what it can do; name each operation with --operation',
    };
  const tools = found.tools.map(operationOf);
  const spec = {
    ...specOf(found, naming),
    ...(protocol === 'a2a'
      ? { protocolVersion: found.version || undefined, binding: found.binding || undefined, card: found.card }
      : {}),
    ...(naming.operations.length + tools.length === 0 ? {} : { operations: [...tools, ...naming.operations] }),
  };
  const name = naming.name ?? labelOf(found.title) ?? KIND[found.kind].toLowerCase();
  return { resources: [resourceOf(found.kind, name, naming, spec)], warnings: hints(found.tools), missing: '' };
};

const resourceOf = (kind: TargetKind, name: string, { domain }: Naming, spec: object): TargetResource => ({
  apiVersion: API_VERSION,
  kind: KIND[kind],
  metadata: { name, ...(domain === undefined ? {} : { domain }) },
  // Members without a value are not there, on a screen neither.
  spec: JSON.parse(JSON.stringify(spec)) as Record<string, unknown>,
});

const specOf = ({ protocol, description, endpoint }: Found, { credential }: Naming) => ({
  ...(description === '' ? {} : { description }),
  protocol,
  // None: its instances announce themselves.
  ...(endpoint === '' ? {} : { endpoints: [{ url: endpoint }] }),
  ...(credential === undefined
    ? {}
    : {
        credential: {
          secret: credential.secret,
          as: credential.as ?? (protocol === 'anthropic' ? 'header:x-api-key' : 'bearer'),
        },
      }),
});

/** One resource for each model: they are priced, allowed and limited by themselves. */
const modelsOf = (found: Found, naming: Naming): Proposal => {
  const wanted = naming.models.length > 0 ? naming.models : found.models.length === 1 ? found.models : [];
  if (wanted.length === 0)
    return {
      resources: [],
      warnings: [],
      missing: 'say which models with --model; each becomes a resource of its own',
    };
  const unknown = found.models.length === 0 ? [] : wanted.filter((model) => !found.models.includes(model));
  const resources = wanted.map((model) => {
    const name = (wanted.length === 1 ? naming.name : undefined) ?? labelOf(model) ?? 'model';
    const aliases = [...new Set([...(model === name ? [] : [model]), ...(wanted.length === 1 ? naming.aliases : [])])];
    const spec = { ...specOf(found, naming), model, ...(aliases.length === 0 ? {} : { aliases }) };
    return resourceOf('model', name, naming, spec);
  });
  return { resources, warnings: unknown.map((model) => `\`${model}\` is not in its list of models`), missing: '' };
};

const operationOf = ({
  name,
  definition,
}: FoundTool): Pick<Operation, 'name' | 'effect' | 'definition'> & Partial<Operation> => ({
  name,
  ...descriptionOf(definition),
  effect: effectOf(definition),
  definition,
});

const descriptionOf = ({ description }: FoundTool['definition']): { description?: string } => {
  const line = lineOf(description, 300);
  return line === '' ? {} : { description: line };
};

const hint = ({ annotations }: FoundTool['definition'], name: string): unknown =>
  isRecord(annotations) ? annotations[name] : undefined;

/** INVARIANT: only a plain yes makes it a read, and only when nothing in the same breath says otherwise. */
const effectOf = (definition: FoundTool['definition']): Effect =>
  hint(definition, 'readOnlyHint') === true && hint(definition, 'destructiveHint') !== true ? 'read' : 'write';

/** Whoever wrote the hints may want its tools to be called, and repeated, without anybody looking. */
const hints = (tools: readonly FoundTool[]): readonly string[] => {
  const read = tools.filter(({ definition }) => effectOf(definition) === 'read').map(({ name }) => `\`${name}\``);
  if (read.length === 0) return [];
  const named = read.length <= 5 ? read.join(', ') : `${read.slice(0, 5).join(', ')} and ${read.length - 5} more`;
  return [`that ${named} only read is what the server says of itself; look at it before you rely on it`];
};
