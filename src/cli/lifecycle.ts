/** Options of the commands that start nodes: the words of the command line, which the wiring takes. */

/** Where a node keeps its state unless told otherwise, and where commands look for one that runs. */
export const DATA_DIR = '.airspace';

export interface UpOptions {
  readonly port: string;
  /** Data directory. */
  readonly data: string;
  /** Only the hub, nothing that calls. */
  readonly bare?: boolean;
  /** Requests of the hub's own may go to this machine and its networks. */
  readonly allowPrivateEgress?: boolean;
  /** Address of the hub above: this one is of a domain then, and has no sample fleet. */
  readonly parent?: string;
  readonly token?: string;
  readonly tokenFile?: string;
}

/** Where a node listens, for whom, and what admits it to its hub. */
export interface NodeWords {
  readonly host: string;
  readonly port: string;
  readonly data: string;
  /** Other machines may reach it: needs both files of TLS, or `insecurePublic`. */
  readonly public?: boolean;
  readonly insecurePublic?: boolean;
  /** Requests of the node's own, for keys of issuers and to webhooks, may go to private addresses. */
  readonly allowPrivateEgress?: boolean;
  /** `host:port`, or a port of this machine: A2A over gRPC. */
  readonly grpc?: string;
  readonly tlsKey?: string;
  readonly tlsCert?: string;
  /** Base URL under which other nodes reach it, when it is not the one that is bound. */
  readonly advertise?: string;
  /** One-time: needed the first time only. Better in a file or in AIRSPACE_TOKEN: arguments can be read by everybody on a machine. */
  readonly token?: string;
  readonly tokenFile?: string;
  readonly otlp?: string;
  readonly otlpProtocol?: string;
  readonly otlpNames?: 'otel' | 'airspace';
  /** Of one family in `/metrics`. */
  readonly metricSeries?: string;
  /** Such as 7d. */
  readonly maxPayload?: string;
  readonly keep?: string;
  /** Policy releases that may widen need a second person. */
  readonly twoPerson?: boolean;
  readonly reservationGrace?: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

export interface ServeOptions extends NodeWords {
  readonly role: 'hub' | 'domain';
  /** Files and folders to apply at start. */
  readonly config?: readonly string[];
  /** Bytes of telemetry, such as 20GiB. */
  readonly keepSize?: string;
  /** Share of ordinary traces, such as 10%. */
  readonly sample?: string;
  /** Of a domain hub. */
  readonly parent?: string;
  /** Of a hub: what secrets are sealed under. */
  readonly rootKeyFile?: string;
  /** Of a hub: a PostgreSQL database that other hubs may share. */
  readonly store?: string;
  /** Of a hub: percent of decisions to take again. */
  readonly oracle?: string;
  /** Of a hub: calls that only read are audited before they are sent, too. */
  readonly auditReads?: boolean;
  /** Of a hub: places that get signed checkpoints of the audit. */
  readonly auditCheckpoints?: readonly string[];
  /** Is told when a call begins to wait for people. */
  readonly approvalWebhook?: string;
}

export interface SidecarOptions extends NodeWords {
  readonly hub: string;
  /** Where the agent listens, `unix:` and a path for a socket; absent for one that only calls. */
  readonly agentUrl?: string;
  readonly agentVersion: string;
  /** Port of the listener for the agent. */
  readonly appPort?: string;
  /** Path of a socket for the agent. */
  readonly appSocket?: string;
  /** `host:port`, or a port of this machine: for callers with keys. */
  readonly door?: string;
  /** `name=value` each. */
  readonly label?: readonly string[];
  /** A2A over gRPC for the agent too, on a free port of this machine. */
  readonly appGrpc?: boolean;
  /** What the command writes goes into the logs too. */
  readonly keepOutput?: boolean;
  /** The command is an MCP server that speaks on its standard streams. */
  readonly stdio?: boolean;
  /** Names of variables that it gets besides the usual ones. */
  readonly passEnv?: readonly string[];
}
