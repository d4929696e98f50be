/** The wire of webhooks: one POST through the guard of everything that goes where others say, and 2xx is the only yes. */
import type { NotifierParts } from '../../approvals/index.ts';
import { Fault } from '../../contract/index.ts';
import type { GuardedFetch } from '../../egress/index.ts';
import type { SignedMessage } from '../../kernel/index.ts';

export const webhookTo =
  (url: string, fetch: GuardedFetch): NotifierParts['post'] =>
  (message) =>
    postTo(url, fetch, message);

/** Throws when the other side does not take it. */
export const postTo = async (url: string, fetch: GuardedFetch, { body, headers }: SignedMessage): Promise<void> => {
  const { status } = await fetch(url, { method: 'POST', headers, body });
  if (status < 200 || status > 299) throw new Fault('upstream_invalid', `the webhook answered ${status}`);
};
