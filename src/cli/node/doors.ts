/** Every protocol that callers may speak to a node, over one pipeline. Whoever adds a door adds it here, for all kinds of nodes. */
import type { Call, Directory, Fault } from '../../contract/index.ts';
import { anthropicDoor } from '../../doors/anthropic/index.ts';
import { type CatalogOptions, catalogDoor } from '../../doors/catalog/index.ts';
import type { BodyLimits, Collecting, Inbound } from '../../doors/http/index.ts';
import type { Door, DoorRoute } from '../../doors/index.ts';
import { mcpDoor } from '../../doors/mcp/index.ts';
import { type AsyncCalls, nativeDoor } from '../../doors/native/index.ts';
import { openaiDoor } from '../../doors/openai/index.ts';
import { openapiDoor } from '../../doors/openapi/index.ts';
import type { IdSeal } from '../../identity/index.ts';
import type { Handler, World } from '../../kernel/index.ts';
import { VERSION } from '../version.ts';
import type { McpParts } from './mcp.ts';
import { CALLER_ROUTES } from './routes.ts';

/** Bounds of a whole listener. */
export interface SharedLimits {
  readonly limits: Partial<BodyLimits>;
  readonly collecting: Collecting;
}

export interface DoorParts {
  readonly world: World;
  /** Asked once per call. */
  readonly handler: () => Handler;
  readonly directory: Directory;
  /** Calls that nobody waits for. Absent: this listener keeps none. */
  readonly calls?: AsyncCalls;
  /** A listener for one known process says here who that is. */
  readonly known?: (inbound: Pick<Inbound, 'credential'>) => Call['credential'];
  /** The door of A2A. */
  readonly a2a: (shared: SharedLimits) => Door;
  /** Longest payload, in bytes. Absent: the default of the doors. */
  readonly maxPayload?: number | undefined;
  readonly mcp: McpParts;
  /** What strangers may know of, and who knows more. Absent: nothing, and nobody. */
  readonly catalog?: Pick<CatalogOptions, 'published' | 'parent'>;
  /** What this listener serves, for its description. Absent: these doors and no others. */
  readonly routes?: readonly DoorRoute[];
  readonly onInternal: (fault: Fault, occurrence: object) => void;
  /** For ids that callers keep of what is kept elsewhere. */
  readonly seal: IdSeal;
}

/** Anthropic before OpenAI: both have a list of models at the same path, and only clients of the first say which one they want. */
export const doorsOf = (parts: DoorParts): readonly Door[] => {
  const { a2a, mcp, catalog, routes = CALLER_ROUTES, maxPayload } = parts;
  const shared = { limits: maxPayload === undefined ? {} : { payload: maxPayload }, collecting: { bytes: 0 } };
  const common = { ...parts, ...shared };
  return [
    nativeDoor(common),
    anthropicDoor(common),
    openaiDoor(common),
    a2a(shared),
    mcpDoor({ ...common, ...mcp }),
    catalogDoor({ published: () => [], ...common, ...catalog }),
    openapiDoor({ routes, version: VERSION }),
  ];
};
