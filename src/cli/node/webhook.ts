/** The wire of the approval webhook: one POST through the guard of everything that goes where others say, and 2xx is the only yes. */
import type { NotifierParts } from '../../approvals/index.ts';
import { Fault } from '../../contract/index.ts';
import type { GuardedFetch } from '../../egress/index.ts';

export const webhookTo =
  (url: string, fetch: GuardedFetch): NotifierParts['post'] =>
  async ({ body, headers }) => {
    const { status } = await fetch(url, { method: 'POST', headers, body });
    if (status < 200 || status > 299) throw new Fault('upstream_invalid', `the approval webhook answered ${status}`);
  };
