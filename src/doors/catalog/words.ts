/** What a catalog is made of, in the words of Agentic Resource Discovery 0.9, and where the door serves it. */
import type { Credential, Directory, Fault, TargetEntry } from '../../contract/index.ts';
import type { Collecting, Inbound } from '../http/index.ts';

export const A2A_CARD = 'application/a2a-agent-card+json';
export const MCP_CARD = 'application/mcp-server-card+json';
export const REGISTRY = 'application/ai-registry+json';

/** Base path of the registry; the catalog names it. */
export const BASE = '/registry';
/** The present name, and the one of the drafts before. */
export const CATALOGS = ['/.well-known/ai-catalog.json', '/.well-known/ard.json'] as const;

export interface Entry {
  readonly identifier: string;
  readonly displayName: string;
  readonly type: string;
  readonly url: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly capabilities?: readonly string[];
  readonly representativeQueries?: readonly string[];
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface CatalogOptions {
  readonly directory: Directory;
  /** What strangers may know of: nothing, unless the configuration marks it. */
  readonly published: () => readonly TargetEntry[];
  /** The hub above this one, which knows what this one does not. */
  readonly parent?: { readonly id: string; readonly url: string } | undefined;
  /** A listener for one known process says here who that is. */
  readonly known?: (inbound: Pick<Inbound, 'credential'>) => Credential;
  /** What is being collected now, by all doors of a listener together. Default: by this one alone. */
  readonly collecting?: Collecting;
  /** Takes faults whose causes only the operator may see. */
  readonly onInternal?: (fault: Fault, occurrence: object) => void;
}
