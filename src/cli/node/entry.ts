/** A hub as a node among nodes. */
import type { NodeEntry } from '../../contract/index.ts';

/** How other nodes know this hub. */
export const entryOf = (hubId: string, publicKey: string, url: string): NodeEntry => ({
  id: hubId,
  role: 'hub',
  tenant: '',
  domain: '',
  agent: '',
  publicKey,
  url,
});
