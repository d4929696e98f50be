/** What the MCP door needs of a node besides what every door needs. */
import type { CancelSignal, ProgressOf } from '../../contract/index.ts';
import type { McpDoorOptions } from '../../doors/mcp/index.ts';
import { sealerOf } from '../../doors/mcp/index.ts';
import type { NodeKey } from '../../identity/index.ts';
import type { World } from '../../kernel/index.ts';
import type { LivePipeline } from './live.ts';

export type McpParts = Pick<McpDoorOptions, 'sealer' | 'issuers' | 'publicUrl' | 'goingAway' | 'progress'>;

/** INVARIANT: nobody is ever given the signature of this text: it is the secret of what clients carry for us. */
const SECRET = 'airspace/mcp/what-clients-carry/1';

export const mcpParts = (
  {
    live,
    world,
    key,
    progress,
  }: {
    readonly live: LivePipeline;
    readonly world: World;
    readonly key: Pick<NodeKey, 'sign'>;
    /** Of runs of plans, on a node that has some. */
    readonly progress?: ProgressOf;
  },
  goingAway: CancelSignal,
  advertise?: string,
): McpParts => ({
  // The same on all hubs of one store, because they share their key.
  sealer: sealerOf(key.sign(SECRET), () => world.ids.callId()),
  issuers: () => [...new Set((live.snapshot?.providers ?? []).map(({ issuer }) => issuer))],
  publicUrl: advertise,
  goingAway,
  progress,
});
