/** The description of our API (OpenAPI 3.1), made of the tables that serve it: what is not in a table is not in here either. */
import type { z } from 'zod';
import { HEADERS } from '../../contract/index.ts';
import { READS } from '../admin/index.ts';
import { type DoorRoute, type Gate, nameOfRoute } from '../routes.ts';
import { type JsonSchema, problemSchema, resourceSchemas, schemaOf } from './schemas.ts';

export interface Described {
  readonly routes: readonly DoorRoute[];
  readonly version: string;
}

type Document = Readonly<Record<string, unknown>>;

export const documentOf = ({ routes, version }: Described): Document => ({
  openapi: '3.1.0',
  info: {
    title: 'Airspace',
    version,
    description: 'Calls of agents, tools and models, and what governs them.',
  },
  servers: [{ url: '/' }],
  tags: [...new Set(routes.map(({ door }) => door))].map((name) => ({ name })),
  paths: pathsOf(routes),
  components: {
    schemas: { ...resourceSchemas(), Problem: problemSchema() },
    responses: { Problem: { description: 'a problem', content: { [PROBLEM]: { schema: ref('Problem') } } } },
    securitySchemes: {
      key: { type: 'http', scheme: 'bearer', description: 'an API key, or a token of an identity provider' },
      keyInHeader: {
        type: 'apiKey',
        in: 'header',
        name: 'x-api-key',
        description: 'the same, as some clients send it',
      },
      node: { type: 'http', scheme: HEADERS.nodeScheme, description: 'the assertion of a node that joined' },
      session: { type: 'apiKey', in: 'cookie', name: 'airspace-session', description: 'of a person at a browser' },
    },
  },
});

const PROBLEM = 'application/problem+json';
const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

const pathsOf = (routes: readonly DoorRoute[]): Document =>
  Object.fromEntries(
    [...Map.groupBy(routes, ({ path }) => path)].map(([path, here]) => [
      path,
      {
        ...parametersOf(path),
        ...Object.fromEntries(
          [...Map.groupBy(here, ({ method }) => method)].map(([method, same]) => [
            method.toLowerCase(),
            operationOf(same),
          ]),
        ),
      },
    ]),
  );

const parametersOf = (path: string): Document => {
  const places = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  if (places.length === 0) return {};
  return { parameters: places.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })) };
};

/** Requests that share method and path are one operation here: the protocol tells them apart, and not HTTP. */
const operationOf = (same: readonly DoorRoute[]): Document => {
  const [first] = same as [DoorRoute];
  const variants = same.flatMap(({ variant, summary }) => (variant === undefined ? [] : [`- ${variant}: ${summary}`]));
  const { query, body } = READS[`${first.method} ${first.path}`] ?? {};
  const reads = first.door === 'admin' ? { query, body } : {};
  return {
    operationId: idOf(first),
    tags: [first.door],
    summary: same.length === 1 ? first.summary : `${same.length} requests of this protocol`,
    description: [GATES[first.gate.kind](first.gate as never), ...variants].join('\n'),
    ...securityOf(first),
    ...queryOf(reads.query),
    ...bodyOf(first, reads.body),
    responses: { 200: { description: 'as asked' }, default: { $ref: '#/components/responses/Problem' } },
  };
};

const idOf = (route: DoorRoute): string =>
  nameOfRoute(route)
    .replace(/\(.*\)$/, '')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

const GATES: { readonly [K in Gate['kind']]: (gate: Extract<Gate, { kind: K }>) => string } = {
  open: () => 'For everybody.',
  public: () => 'For everybody; who is known sees more.',
  call: () => 'For whom policy lets.',
  known: () => 'For everybody who is known, about what is theirs.',
  role: ({ least, agents, domains, everyTenant }) =>
    [
      `For people with role ${least.join(' or ')}, or one that holds it`,
      ...(agents ? ['and for agents, about what they may call'] : []),
      ...(domains ? ['and for administrators of a domain, about that'] : []),
      ...(everyTenant ? ['in the tenant that runs the node'] : []),
    ]
      .join(', ')
      .concat('.'),
  agent: () => 'For agents, about their own instances.',
  node: () => 'For nodes that joined, about themselves.',
  session: () => 'For people at a browser with a session.',
  proof: () => 'The request carries its own proof.',
};

const SCHEMES: Partial<Record<Gate['kind'], readonly string[]>> = {
  call: ['key'],
  known: ['key', 'session'],
  role: ['key', 'session'],
  agent: ['key'],
  node: ['node'],
  session: ['session'],
};

const securityOf = ({ gate, keyHeader }: DoorRoute): Document => {
  if (gate.kind === 'public') return { security: [{}, { key: [] }] };
  const schemes = [...(SCHEMES[gate.kind] ?? []), ...(keyHeader === undefined ? [] : ['keyInHeader'])];
  return { security: schemes.map((scheme) => ({ [scheme]: [] })) };
};

const queryOf = (schema: z.ZodType | undefined): Document => {
  if (schema === undefined) return {};
  const { properties = {}, required = [] } = schemaOf(schema) as {
    properties?: Readonly<Record<string, JsonSchema>>;
    required?: readonly string[];
  };
  const parameters = Object.entries(properties).map(([name, one]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: one,
  }));
  return { parameters };
};

const bodyOf = ({ method, example, gate }: DoorRoute, schema: z.ZodType | undefined): Document => {
  if (schema !== undefined)
    return { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(schema) } } } };
  if (method !== 'POST') return {};
  const type = example?.headers?.['content-type'] ?? (gate.kind === 'call' ? '*/*' : 'application/json');
  return { requestBody: { content: { [type]: { schema: {} } } } };
};
