/** What the words of the command line ask for: a look at an address, or a resource that nobody looks at. */
import type { Effect, Operation, Protocol, TargetKind } from '../../../contract/index.ts';
import {
  type Discovery,
  type Found,
  type Proposal,
  proposalOf,
  type TargetResource,
} from '../../../discovery/index.ts';
import { usage } from '../../failure.ts';

export interface RegisterOptions {
  readonly name?: string;
  readonly domain?: string;
  readonly secret?: string;
  readonly as?: string;
  readonly protocol?: Protocol;
  readonly operation?: readonly string[];
  readonly model?: readonly string[];
  readonly alias?: readonly string[];
  readonly allowOrigin?: readonly string[];
  readonly print?: boolean;
  readonly dryRun?: boolean;
  readonly reason?: string;
  readonly yes?: boolean;
}

/** As the hub answers. */
export interface Discovered extends Discovery {
  readonly proposal: Proposal | null;
}

const EFFECTS: readonly Effect[] = ['read', 'write', 'spend', 'irreversible'];

const operationOf = (text: string): Pick<Operation, 'name' | 'effect'> => {
  const [name = '', effect = 'write', ...rest] = text.split(':');
  const known = EFFECTS.find((one) => one === effect);
  if (known === undefined || rest.length > 0)
    throw usage(`--operation \`${text}\` must be a name, or a name and one of ${EFFECTS.join(', ')}: where:read`);
  return { name, effect: known };
};

const namingOf = (options: RegisterOptions) => {
  if (options.as !== undefined && options.secret === undefined)
    throw usage('--as says how a secret is shown; name it with --secret');
  return {
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.domain === undefined ? {} : { domain: options.domain }),
    aliases: options.alias ?? [],
    models: options.model ?? [],
    operations: (options.operation ?? []).map(operationOf),
    ...(options.secret === undefined
      ? {}
      : { credential: { secret: options.secret, ...(options.as === undefined ? {} : { as: options.as }) } }),
  };
};

export const asked = (kind: TargetKind | undefined, url: string, options: RegisterOptions) => ({
  ...namingOf(options),
  url,
  ...(kind === undefined ? {} : { kind }),
  ...(options.protocol === undefined ? {} : { protocol: options.protocol }),
  origins: options.allowOrigin ?? [],
});

const KIND: Readonly<Record<Protocol, TargetKind>> = {
  http: 'agent',
  a2a: 'agent',
  mcp: 'tool',
  openai: 'model',
  anthropic: 'model',
};

/** Behind a sidecar, where the hub reaches nobody: instances announce themselves, and what they speak is said here. */
export const byHand = (kind: TargetKind | undefined, options: RegisterOptions): readonly TargetResource[] => {
  const { protocol, name } = options;
  if (protocol === undefined || name === undefined)
    throw usage('without an address, say what it is', 'the same with --name, --protocol and, for http, --operation');
  const found: Found = {
    kind: kind ?? KIND[protocol],
    protocol,
    version: '',
    binding: '',
    title: name,
    description: '',
    endpoint: '',
    auth: [],
    skills: [],
    tools: [],
    models: [],
    warnings: [],
  };
  const { resources, missing } = proposalOf(found, { ...namingOf(options), name });
  if (missing !== '') throw usage(missing, 'the same with it');
  return resources;
};
