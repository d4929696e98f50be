/** Options of the commands that start nodes: the words of the command line, which the wiring takes. */

/** Where a node keeps its state unless told otherwise, and where commands look for one that runs. */
export const DATA_DIR = '.airspace';

export interface UpOptions {
  readonly port: string;
  /** Data directory. */
  readonly data: string;
  /** Only the hub, nothing that calls. */
  readonly bare?: boolean;
}

export interface ServeOptions {
  readonly role: 'hub' | 'domain';
  readonly host: string;
  readonly port: string;
  readonly data: string;
  /** Files and folders to apply at start. */
  readonly config?: readonly string[];
  /** Of a domain hub: its parent, and the token that admits it the first time. */
  readonly parent?: string;
  readonly token?: string;
  /** Other machines may reach it. */
  readonly public?: boolean;
  readonly tlsKey?: string;
  readonly tlsCert?: string;
  readonly otlp?: string;
  /** Policy releases that may widen need a second person. */
  readonly twoPerson?: boolean;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

export interface SidecarOptions {
  readonly hub: string;
  readonly token?: string;
  /** Where the agent listens; absent for one that only calls. */
  readonly agentUrl?: string;
  readonly agentVersion: string;
  readonly host: string;
  readonly port: string;
  readonly data: string;
  readonly public?: boolean;
  readonly otlp?: string;
  readonly logLevel: ServeOptions['logLevel'];
}
