/** MCP as a node offers it: over the same pipeline as every other door. */
import type { ProviderEntry } from '../../contract/index.ts';
import type { Door } from '../../doors/index.ts';
import { type McpDoorOptions, mcpDoor, sealerOf } from '../../doors/mcp/index.ts';
import type { NodeKey } from '../../identity/index.ts';
import type { World } from '../../kernel/index.ts';
import type { Logger } from '../../telemetry/index.ts';
import { directoryOf } from './directory.ts';
import type { LivePipeline } from './live.ts';
import { describe } from './node.ts';

export interface McpOptions
  extends Pick<McpDoorOptions, 'calls' | 'known' | 'goingAway'>,
    Partial<Pick<McpDoorOptions, 'handler'>> {
  readonly live: LivePipeline;
  readonly world: World;
  readonly key: Pick<NodeKey, 'sign'>;
  readonly logger: Pick<Logger, 'log'>;
  /** Base URL under which others reach this listener, when it is not what they name as host. */
  readonly advertise?: string | undefined;
}

/** INVARIANT: no other text of ours begins so, and nobody is ever given its signature: it is the secret of what clients carry for us. */
const SECRET = 'airspace/mcp/what-clients-carry/1';

export const mcpDoorOf = ({ live, world, key, logger, advertise, ...rest }: McpOptions): Door =>
  mcpDoor({
    handler: () => live.handler,
    ...rest,
    world,
    directory: directoryOf(live, world),
    // The same on all hubs of one store, because they share their key.
    sealer: sealerOf(key.sign(SECRET), () => world.ids.callId()),
    publicUrl: advertise,
    authorisation: { issuers: () => [...new Set((live.snapshot?.providers ?? []).map(issuerOf))] },
    onInternal: (fault) => logger.log('error', 'internal fault', { door: 'mcp', cause: describe(fault.cause) }),
  });

const issuerOf = ({ issuer }: ProviderEntry): string => issuer;
