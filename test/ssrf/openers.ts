/** Every file that can open a connection, and whose word the address is that it goes to. A new one has to be put here, with its reason. */

export type Whose =
  /** Anybody's: nothing but the guard opens it. */
  | 'guard'
  /** Of the configuration: never off limits, and only with a permit. */
  | 'target'
  /** The command line or the environment of the process itself: whoever says that, can do all that the process can. */
  | 'operator'
  /** Of a client of Airspace on somebody's own machine, to the address that it was told to use. */
  | 'client';

export const OPENERS: Readonly<Record<string, Whose>> = {
  'src/egress/fetch.ts': 'guard',
  'src/upstreams/http/pools.ts': 'target',
  'src/upstreams/http/connector.ts': 'target',
  'src/control/hubwire.ts': 'operator',
  'src/cli/node/checkpoint-places.ts': 'operator',
  'src/cli/node/otlp.ts': 'operator',
  'src/doors/socket.ts': 'operator',
  'src/stores/postgres/address.ts': 'operator',
  'src/stores/postgres/connection.ts': 'operator',
  'src/stores/postgres/lanes.ts': 'operator',
  'src/stores/postgres/proxy.ts': 'operator',
  'src/cli/admin.ts': 'client',
  'src/cli/deploy.ts': 'client',
  'src/cli/under-test.ts': 'client',
  'src/conformance/topologies/dialects.ts': 'client',
  'src/conformance/topologies/models.ts': 'client',
  'src/cli/login/oidc.ts': 'client',
  'src/cli/commands/request.ts': 'client',
  'src/cli/commands/plan/run.ts': 'client',
  'src/cli/commands/stop.ts': 'client',
  'src/cli/up/agent-process.ts': 'client',
  'src/cli/up/sample.ts': 'client',
  'src/cli/up/tour.ts': 'client',
  'src/client/client.ts': 'client',
  'src/client/register.ts': 'client',
  'src/client/socket.ts': 'client',
};

/** Calls of a guard that was handed in are called `fetch` too; these files have nothing else. */
export const HANDED_IN: readonly string[] = [
  'src/cli/node/webhook.ts',
  'src/cli/node/a2a.ts',
  'src/discovery/search.ts',
  'src/cli/node/egress.ts',
  'src/cli/node/login.ts',
];

/** What opens a connection, in the words of the libraries that we use. */
export const OPENS: readonly RegExp[] = [
  /(?:^|[^.\w#])fetch\(/m,
  /\bhttps?\.(?:request|get)\(/,
  /^import \w+[^;]*from 'node:https?';[\s\S]*\.request\(/m,
  /\b(?:http2|net|tls)\.connect\(/,
  /import \{[^}]*\b(?:connect|createConnection|request)\b[^}]*\} from '(?:node:(?:net|tls|http|https|http2)|undici)'/,
  /import \{[^}]*\b(?:Pool|Agent|Client|buildConnector|request|fetch)\b[^}]*\} from 'undici'/,
  /create(?:Grpc|Connect|GrpcWeb)Transport\(/,
  /new pg\.(?:Client|Pool)\(/,
  /from 'openid-client'/,
  /new (?:WebSocket|EventSource)\(/,
];
