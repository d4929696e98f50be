/** Names that may stand somewhere: words that we know ourselves, and what the node has. */
import {
  type BreakerView,
  type CallEvent,
  KINDS,
  type StoredResource,
  type TargetEntry,
} from '../../../contract/index.ts';
import type { Query } from '../../admin.ts';
import { readContexts } from '../../contexts/contexts.ts';
import { OBSERVED, type Observed, observedOf, resourceKindOf } from '../../kinds.ts';

/** Asks the node for JSON. */
export type Ask = <T>(path: string, query?: Query) => Promise<T>;

export interface Name {
  readonly word: string;
  readonly note?: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Given what stands before it. */
type Names = (ask: Ask, given: readonly string[], env: Env) => Promise<readonly Name[]> | readonly Name[];

const words = (...all: readonly string[]): Names => {
  const names = all.map((word) => ({ word }));
  return () => names;
};

const resources =
  (kind: string): Names =>
  async (ask) => {
    const { items } = await ask<{ items: readonly StoredResource[] }>('/v1/resources', { kind });
    return items.map(({ resource: { metadata } }) => ({ word: metadata.name, note: metadata.domain ?? '' }));
  };

/** Of whatever has an id in a list. */
const listed =
  (path: string, idOf: (item: never) => string, query: Query = {}): Names =>
  async (ask) =>
    (await ask<{ items: readonly never[] }>(path, query)).items.map((item) => ({ word: idOf(item) }));

const id = ({ id: own }: { readonly id: string }): string => own;
const shortId = ({ id: own }: { readonly id: string }): string => own.slice(0, 8);

const targets: Names = async (ask) =>
  (await described(ask)).flatMap(({ kind, name, operations }) =>
    operations.map((operation) => ({ word: `${kind}/${name}/${operation.name}`, note: operation.effect })),
  );

const callees: Names = async (ask) => (await described(ask)).map(({ kind, name }) => ({ word: `${kind}/${name}` }));

const described = async (ask: Ask): Promise<readonly Pick<TargetEntry, 'kind' | 'name' | 'operations'>[]> =>
  (await ask<{ items: readonly Pick<TargetEntry, 'kind' | 'name' | 'operations'>[] }>('/v1/targets')).items;

/** The last ones: nobody types the id of an old one. */
const calls: Names = async (ask) =>
  (await ask<{ events: readonly CallEvent[] }>('/v1/calls', { limit: 30 })).events.map(
    ({ callId, target, status }) => ({
      word: callId.slice(0, 8),
      note: `${status} ${target.kind}/${target.name}/${target.operation}`,
    }),
  );

const kinds: Names = () => Object.values(KINDS).map(({ plural }) => ({ word: plural }));

const nodes = listed('/v1/nodes', ({ node }: { readonly node: { readonly id: string } }) => node.id);
const instances = listed('/v1/instances', id);
const approvals = listed('/v1/approvals', shortId, { state: 'pending' });

const releases = listed('/v1/policy/releases', ({ id: own }: { readonly id: string }) =>
  own.replace('sha256:', '').slice(0, 8),
);

/** Of the kind that stands before it. */
const named: Names = (ask, [kind = '', ...more], env) => {
  const observed = observedOf(kind);
  return (observed === undefined ? resources(resourceKindOf(kind)) : OBSERVED_NAMES[observed])(ask, more, env);
};

const breakers: Names = async (ask) =>
  (await ask<{ items: readonly BreakerView[] }>('/v1/breakers')).items.map(({ target, endpoint, state }) => ({
    word: endpoint,
    note: `${state} ${target}`,
  }));

const OBSERVED_NAMES: Readonly<Record<Observed, Names>> = {
  calls,
  requests: calls,
  nodes,
  sidecars: nodes,
  instances,
  targets: callees,
  breakers,
  incidents: () => [],
  approvals,
};

/** By command and argument, and by argument where every command means the same by it. */
const ARGUMENTS: Readonly<Record<string, Names>> = {
  'get kind': () => [...Object.values(KINDS).map(({ plural }) => plural), ...OBSERVED].map((word) => ({ word })),
  'describe kind': () => [
    ...Object.keys(KINDS).map((kind) => ({ word: kind.toLowerCase() })),
    ...['node', 'call', 'approval'].map((word) => ({ word })),
  ],
  'get names': named,
  'describe name': named,
  'delete names': named,
  'trace id': calls,
  'why id': calls,
  'trace diff a': calls,
  'trace diff b': calls,
  'request replay id': calls,
  'request show id': calls,
  'request cancel id': calls,
  'request target': targets,
  'drain instance': instances,
  'config use context': async (_, __, env) =>
    ((await readContexts(env))?.contexts ?? []).map(({ name, url }) => ({ word: name, note: url })),
  'kill what': callees,
  'kill lift id': listed('/v1/kills', id),
  'incident show id': listed('/v1/incidents', shortId),
  'incident ack id': listed('/v1/incidents', shortId, { state: 'open' }),
  'incident close id': listed('/v1/incidents', shortId, { state: 'open' }),
  'wait what': async (ask) => [
    ...(await callees(ask, [], {})),
    ...(await nodes(ask, [], {})).map(({ word }) => ({ word: `node/${word}` })),
  ],
  'budget show name': resources('Budget'),
  'budget set name': resources('Budget'),
  'budget topup name': resources('Budget'),
  'budget forecast name': resources('Budget'),
  'budget who-pays name': resources('Budget'),
  'topology path id': calls,
  'topology move route': resources('Route'),
  'topology plan route': resources('Route'),
  'plan run name': resources('Plan'),
  'plan check name': resources('Plan'),
  'tool diff name': resources('Tool'),
  'tool accept name': resources('Tool'),
  'key rotate id': listed('/v1/keys', id),
  'key revoke id': listed('/v1/keys', id),
  'user roles name': resources('User'),
  'team add name': resources('Team'),
  'team remove name': resources('Team'),
  'approval show id': approvals,
  'approval approve ids': approvals,
  'approval deny ids': approvals,
  'approval edit id': approvals,
  'logs agent': resources('Agent'),
  endpoint: listed('/v1/breakers', ({ endpoint }: { readonly endpoint: string }) => endpoint),
  kind: kinds,
  'policy diff to': releases,
  release: releases,
  resource: callees,
};

const OPTIONS: Readonly<Record<string, Names>> = {
  '--domain': resources('Domain'),
  '--agent': resources('Agent'),
  '--tool': resources('Tool'),
  '--target': callees,
  '--node': nodes,
  '--call': calls,
  '--request': calls,
  '--status': words('ok', 'failed', 'denied', 'refused', 'cancelled', 'unknown'),
  '--since': words('5m', '15m', '1h', '24h', '7d'),
};

export const namesOfArgument = (path: string, argument: string): Names | undefined =>
  ARGUMENTS[`${path} ${argument}`] ?? ARGUMENTS[argument];

export const namesOfOption = (long: string): Names | undefined =>
  Object.hasOwn(OPTIONS, long) ? OPTIONS[long] : undefined;
