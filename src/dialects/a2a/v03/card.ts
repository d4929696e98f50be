/** Agent cards of 0.3 and 1.0, each said in the words of the other. */
import { present } from '../present.ts';
import { isObject } from '../read.ts';
import type * as V1 from '../types.ts';
import { type Lose, type Translated, translating } from './loss.ts';
import type * as V03 from './types.ts';
import { readV03 } from './vocabulary.ts';

/** 0.2 is read as 0.3: agents of today write it, and mean the same. */
export const isV03 = (version: string): boolean => /^0\.[23](?:\.|$)/.test(version);
export const isV1 = (version: string): boolean => /^1(?:\.0(?:\.|$)|$)/.test(version);

/** Cards of 0.3 have one address at their top, those of 1.0 a list. */
export const isCardV03 = (card: unknown): boolean =>
  isObject(card) && !('supportedInterfaces' in card) && typeof card['url'] === 'string';

/** Throws `upstream_invalid`. Signatures are of the other shape, so they are not there any more. */
export const cardFrom03 = (card: unknown): Translated<V1.AgentCard> =>
  translating((lose) => {
    const read = readV03('AgentCard', card, 'answer').value;
    if ((read.signatures ?? []).length > 0) lose('signatures');
    if (read.capabilities.stateTransitionHistory === true) lose('capabilities.stateTransitionHistory');
    return present({
      name: read.name ?? '',
      description: read.description ?? '',
      supportedInterfaces: interfacesFrom03(read),
      provider: read.provider,
      version: read.version ?? '',
      documentationUrl: read.documentationUrl,
      iconUrl: read.iconUrl,
      capabilities: present({
        streaming: read.capabilities.streaming,
        pushNotifications: read.capabilities.pushNotifications,
        extensions: read.capabilities.extensions,
        extendedAgentCard: read.supportsAuthenticatedExtendedCard,
      }),
      securitySchemes: read.securitySchemes && schemesFrom03(read.securitySchemes, lose),
      securityRequirements: read.security?.map(requirementFrom03),
      defaultInputModes: read.defaultInputModes ?? [],
      defaultOutputModes: read.defaultOutputModes ?? [],
      skills: (read.skills ?? []).map(({ security, ...skill }) =>
        present({ ...skill, securityRequirements: security?.map(requirementFrom03) }),
      ),
    });
  });

const interfacesFrom03 = (card: V03.AgentCard): readonly V1.AgentInterface[] => {
  const first = { url: card.url, transport: card.preferredTransport || 'JSONRPC' };
  const others = (card.additionalInterfaces ?? []).filter(
    ({ url, transport }) => url !== first.url || transport !== first.transport,
  );
  return [first, ...others].map(({ url, transport }) => ({
    url,
    protocolBinding: transport,
    protocolVersion: '0.3',
  }));
};

const requirementFrom03 = (security: Readonly<Record<string, unknown>>): V1.SecurityRequirement => ({
  schemes: Object.fromEntries(
    Object.entries(security).map(([name, list]) => [
      name,
      { list: Array.isArray(list) ? list.filter((scope): scope is string => typeof scope === 'string') : [] },
    ]),
  ),
});

type Schemes<T> = Readonly<Record<string, T>>;

const schemesFrom03 = (schemes: Schemes<V03.SecurityScheme>, lose: Lose): Schemes<V1.SecurityScheme> => {
  const read: [string, V1.SecurityScheme][] = [];
  for (const [name, scheme] of Object.entries(schemes)) {
    const one = schemeFrom03(scheme, `securitySchemes.${name}`, lose);
    if (one === undefined) lose(`securitySchemes.${name}`);
    else read.push([name, one]);
  }
  return Object.fromEntries(read);
};

const schemeFrom03 = (scheme: V03.SecurityScheme, path: string, lose: Lose): V1.SecurityScheme | undefined => {
  const { description } = scheme;
  switch (scheme.type) {
    case 'apiKey':
      return {
        apiKeySecurityScheme: present({ description, location: scheme.in ?? 'header', name: scheme.name ?? '' }),
      };
    case 'http':
      return {
        httpAuthSecurityScheme: present({
          description,
          scheme: scheme.scheme ?? '',
          bearerFormat: scheme.bearerFormat,
        }),
      };
    case 'oauth2':
      return {
        oauth2SecurityScheme: present({
          description,
          flows: flowsFrom03(scheme.flows ?? {}, path, lose),
          oauth2MetadataUrl: scheme.oauth2MetadataUrl,
        }),
      };
    case 'openIdConnect':
      return {
        openIdConnectSecurityScheme: present({ description, openIdConnectUrl: scheme.openIdConnectUrl ?? '' }),
      };
    case 'mutualTLS':
      return { mtlsSecurityScheme: present({ description }) };
    default:
      return undefined;
  }
};

const FLOWS = ['authorizationCode', 'clientCredentials', 'implicit', 'password'] as const;

/** 1.0 has one flow for each scheme. */
const flowsFrom03 = (flows: Schemes<V03.OAuthFlow>, path: string, lose: Lose): V1.OAuthFlows => {
  const [first, ...more] = FLOWS.filter((name) => flows[name] !== undefined);
  for (const name of more) lose(`${path}.flows.${name}`);
  return first === undefined ? {} : { [first]: flows[first] };
};

/** Undefined when the agent has no address for 0.3. */
export const cardTo03 = (card: V1.AgentCard): Translated<V03.AgentCard> | undefined => {
  const [first, ...others] = card.supportedInterfaces.filter(({ protocolVersion }) => isV03(protocolVersion));
  return first === undefined ? undefined : translating((lose) => cardIn03(card, first, others, lose));
};

const cardIn03 = (
  card: V1.AgentCard,
  first: V1.AgentInterface,
  others: readonly V1.AgentInterface[],
  lose: Lose,
): V03.AgentCard => {
  if ((card.signatures ?? []).length > 0) lose('signatures');
  if ([first, ...others].some(({ tenant }) => (tenant ?? '') !== '')) lose('supportedInterfaces.tenant');
  const { streaming, pushNotifications, extensions } = card.capabilities;
  return present({
    protocolVersion: '0.3.0',
    name: card.name,
    description: card.description,
    url: first.url,
    preferredTransport: first.protocolBinding,
    additionalInterfaces: [first, ...others].map(({ url, protocolBinding }) => ({ url, transport: protocolBinding })),
    provider: card.provider && { url: card.provider.url ?? '', organization: card.provider.organization ?? '' },
    version: card.version,
    documentationUrl: card.documentationUrl,
    iconUrl: card.iconUrl,
    capabilities: present({ streaming, pushNotifications, extensions }),
    securitySchemes: card.securitySchemes && schemesTo03(card.securitySchemes, lose),
    security: card.securityRequirements?.map(requirementTo03),
    defaultInputModes: card.defaultInputModes ?? [],
    defaultOutputModes: card.defaultOutputModes ?? [],
    skills: (card.skills ?? []).map(({ securityRequirements, tags, ...skill }) =>
      present({ ...skill, tags: tags ?? [], security: securityRequirements?.map(requirementTo03) }),
    ),
    supportsAuthenticatedExtendedCard: card.capabilities.extendedAgentCard,
  });
};

const requirementTo03 = ({ schemes }: V1.SecurityRequirement): Schemes<readonly string[]> =>
  Object.fromEntries(Object.entries(schemes ?? {}).map(([name, { list }]) => [name, list ?? []]));

const schemesTo03 = (schemes: Schemes<V1.SecurityScheme>, lose: Lose): Schemes<V03.SecurityScheme> =>
  Object.fromEntries(
    Object.entries(schemes).map(([name, scheme]) => [name, schemeTo03(scheme, `securitySchemes.${name}`, lose)]),
  );

const schemeTo03 = (scheme: V1.SecurityScheme, path: string, lose: Lose): V03.SecurityScheme => {
  const { apiKeySecurityScheme: key, httpAuthSecurityScheme: http, oauth2SecurityScheme: oauth } = scheme;
  if (key !== undefined)
    return present({ type: 'apiKey', description: key.description, in: key.location, name: key.name });
  if (http !== undefined) return { type: 'http', ...http };
  if (oauth !== undefined) return { type: 'oauth2', ...oauth, flows: flowsTo03(oauth.flows, path, lose) };
  if (scheme.openIdConnectSecurityScheme !== undefined)
    return { type: 'openIdConnect', ...scheme.openIdConnectSecurityScheme };
  return { type: 'mutualTLS', ...scheme.mtlsSecurityScheme };
};

const flowsTo03 = (flows: V1.OAuthFlows, path: string, lose: Lose): Schemes<V03.OAuthFlow> => {
  if (flows.deviceCode !== undefined) lose(`${path}.flows.deviceCode`);
  const known = FLOWS.flatMap((name) => {
    const flow = flows[name];
    if (flow === undefined) return [];
    const { pkceRequired, deviceAuthorizationUrl: _, ...rest } = flow;
    if (pkceRequired === true) lose(`${path}.flows.${name}.pkceRequired`);
    return [[name, rest] as const];
  });
  return Object.fromEntries(known);
};
