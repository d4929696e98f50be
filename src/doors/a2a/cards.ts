/**
 * Cards that this node shows: of an agent, a tool or a model, and of itself. They show our addresses and never the target's, what the
 * reader may call and nothing else, and a signature of this node in place of the agent's, which would not fit any more.
 */
import type { TargetEntry } from '../../contract/index.ts';
import {
  type AgentCard,
  type AgentInterface,
  type AgentSkill,
  readV1,
  type SecurityScheme,
} from '../../dialects/a2a/index.ts';
import { isObject } from './json.ts';
import type { LoginOffer } from './port.ts';
import { skillId, skillsOf } from './targets.ts';
import { APPROVAL_URI } from './words.ts';

export interface Place {
  /** Base URL of this listener, without a slash at its end. */
  readonly url: string;
  /** `host:port`; empty: no gRPC here. */
  readonly grpc: string;
  readonly hasPush: boolean;
  readonly logins: readonly LoginOffer[];
}

/** How much a reader is shown. `name`: that it is there and how to prove who one is. */
export type Detail = 'name' | 'all';

const ROOT_OF = { agent: '', tool: 'tools/', model: 'models/' } as const;

/** `orders`, `tools/search`, `models/gpt`. */
export const tenantOf = ({ kind, name }: Pick<TargetEntry, 'kind' | 'name'>): string => `${ROOT_OF[kind]}${name}`;

export const cardOf = (entry: TargetEntry, place: Place, detail: Detail): AgentCard => {
  const own = storedCard(entry);
  const modes = modesOf(entry, own);
  const base = `${place.url}/a2a/${tenantOf(entry)}`;
  return {
    name: own?.name ?? entry.name,
    description:
      detail === 'all'
        ? (entry.description ?? own?.description ?? `${entry.kind} ${entry.name}`)
        : `${entry.kind} ${entry.name}`,
    version: detail === 'all' ? (own?.version ?? entry.endpoints[0]?.version ?? '1') : '1',
    supportedInterfaces: interfacesAt(base, place.grpc, tenantOf(entry)),
    capabilities: capabilitiesOf(place, detail),
    ...securityOf(place),
    defaultInputModes: modes.input,
    defaultOutputModes: modes.output,
    skills: detail === 'all' ? skillsIn(entry, own) : [],
    ...(detail === 'all' && own !== undefined ? said(own) : {}),
  };
};

/** Of the node itself: what it has for this reader. */
export const nodeCard = (entries: readonly TargetEntry[], place: Place, detail: Detail): AgentCard => ({
  name: 'airspace',
  description: 'A node of Airspace: agents, tools and models behind one door, governed by one policy',
  version: '1',
  supportedInterfaces: interfacesAt(`${place.url}/a2a`, place.grpc, ''),
  capabilities: capabilitiesOf(place, detail),
  ...securityOf(place),
  defaultInputModes: DEFAULT_MODES,
  defaultOutputModes: DEFAULT_MODES,
  skills:
    detail === 'name'
      ? []
      : [
          ...entries.slice(0, MOST_SKILLS).flatMap((entry) =>
            skillsOf(entry).map((operation) => ({
              id: skillId(entry, operation),
              name: `${entry.name} ${operation.name}`,
              description:
                operation.description ?? entry.description ?? `${operation.name} of ${entry.kind} ${entry.name}`,
              tags: [entry.kind, operation.effect],
            })),
          ),
          ...capabilitySkills(entries.slice(0, MOST_SKILLS)),
        ],
});

/** Each once, with the versions that the reader may call: `@` and a range behind the id asks for one of them. */
const capabilitySkills = (entries: readonly TargetEntry[]): readonly AgentSkill[] => {
  const provided = entries.flatMap((entry) =>
    skillsOf(entry).flatMap((operation) => (operation.provides ?? []).map((one) => ({ ...one, operation }))),
  );
  return [...Map.groupBy(provided, ({ capability }) => capability)].map(([capability, all]) => ({
    id: `capability/${capability}`,
    name: capability,
    description: `whoever provides ${capability}, in versions ${[...new Set(all.map(({ version }) => version))].slice(0, MOST_VERSIONS).join(', ')}`,
    tags: ['capability', ...new Set(all.map(({ operation }) => operation.effect))],
  }));
};

const MOST_VERSIONS = 20;

const DEFAULT_MODES = ['text/plain', 'application/json'];
const MOST_SKILLS = 1_000;

const storedCard = ({ card }: TargetEntry): AgentCard | undefined => {
  if (card === undefined) return undefined;
  try {
    // As it was registered: somebody else wrote it.
    return readV1('AgentCard', card, 'answer').value;
  } catch {
    return undefined;
  }
};

const modesOf = (
  entry: TargetEntry,
  own: AgentCard | undefined,
): { input: readonly string[]; output: readonly string[] } => ({
  input: own?.defaultInputModes?.length
    ? own.defaultInputModes
    : entry.kind === 'tool'
      ? ['application/json', 'text/plain']
      : DEFAULT_MODES,
  output: own?.defaultOutputModes?.length ? own.defaultOutputModes : DEFAULT_MODES,
});

const interfacesAt = (base: string, grpc: string, tenant: string): readonly AgentInterface[] => [
  { url: base, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
  { url: base, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
  ...(grpc === '' ? [] : [{ url: grpc, protocolBinding: 'GRPC', protocolVersion: '1.0', tenant }]),
  { url: base, protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
  { url: base, protocolBinding: 'HTTP+JSON', protocolVersion: '0.3' },
  // Cards of 0.3 have no tenant: this address is that of the node, and of nothing behind it.
  ...(grpc === '' || tenant !== '' ? [] : [{ url: grpc, protocolBinding: 'GRPC', protocolVersion: '0.3' }]),
];

const capabilitiesOf = ({ hasPush }: Place, detail: Detail): AgentCard['capabilities'] => ({
  streaming: true,
  pushNotifications: hasPush,
  extendedAgentCard: true,
  ...(detail === 'name'
    ? {}
    : {
        extensions: [
          {
            uri: APPROVAL_URI,
            description: 'a task may wait for the approval of people; its metadata says for whose, why and until when',
            required: false,
          },
        ],
      }),
});

const securityOf = ({ logins }: Place): Pick<AgentCard, 'securitySchemes' | 'securityRequirements'> => {
  const schemes: Record<string, SecurityScheme> = {
    key: { httpAuthSecurityScheme: { scheme: 'Bearer', description: 'a key of this organisation' } },
  };
  for (const { name, discoveryUrl } of logins)
    schemes[name] = { openIdConnectSecurityScheme: { openIdConnectUrl: discoveryUrl } };
  return {
    securitySchemes: schemes,
    securityRequirements: Object.keys(schemes).map((name) => ({ schemes: { [name]: { list: [] } } })),
  };
};

/** What an agent says of itself that is no address and no promise about how it is reached. */
const said = ({ provider, documentationUrl, iconUrl }: AgentCard): Partial<AgentCard> => ({
  ...(provider === undefined ? {} : { provider }),
  ...(documentationUrl === undefined ? {} : { documentationUrl }),
  ...(iconUrl === undefined ? {} : { iconUrl }),
});

const skillsIn = (entry: TargetEntry, own: AgentCard | undefined): readonly AgentSkill[] => {
  const has = (name: string): boolean => entry.operations.some((operation) => operation.name === name);
  const theirs = has('message') ? (own?.skills ?? []).map(({ securityRequirements: _, ...skill }) => skill) : [];
  const ours = skillsOf(entry)
    .filter(({ name }) => !(name === 'message' && theirs.length > 0) && !theirs.some(({ id }) => id === name))
    .map((operation) => ({
      id: operation.name,
      name: operation.name,
      description: operation.description ?? entry.description ?? operation.name,
      tags: [entry.kind, operation.effect],
      ...(isObject(operation.input) ? { inputModes: ['application/json'] } : {}),
    }));
  return [...theirs, ...ours];
};
