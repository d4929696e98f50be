/** How this node reaches addresses that others wrote down, and whom it believes because of what it finds there. */
import type { Clock } from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import { type GuardedFetch, guardedFetch } from '../../egress/index.ts';
import { KeySets, type TokenParts } from '../../identity/index.ts';
import type { Logger } from '../../telemetry/index.ts';

export interface Egress {
  readonly fetch: GuardedFetch;
  readonly tokens: TokenParts;
  /** The node listens there from now on, so nothing of ours goes there. */
  own(url: string): void;
}

export const egressOf = (
  { allowPrivateEgress = false }: { readonly allowPrivateEgress?: boolean },
  clock: Clock,
  logger: Logger,
): Egress => {
  const ports: number[] = [];
  const fetch = guardedFetch({ clock, allowPrivate: allowPrivateEgress, ownPorts: () => ports });
  const keySets = new KeySets({
    clock,
    fetchJson: (url) => jsonAt(fetch, url),
    failed: (issuer, cause) =>
      logger.log('warn', 'the keys of an issuer could not be fetched', { issuer, reason: Fault.from(cause).message }),
  });
  return {
    fetch,
    tokens: {
      keySets,
      refused: (provider, reason) => logger.log('info', 'a token was refused', { provider, reason }),
    },
    own: (url) => void ports.push(Number(new URL(url).port)),
  };
};

const jsonAt = async (fetch: GuardedFetch, url: string): Promise<unknown> => {
  const { status, headers, body } = await fetch(url, { headers: { accept: 'application/json' } });
  const type = headers['content-type'];
  if (status !== 200) throw new Fault('upstream_invalid', `\`${url}\` answered ${status}`);
  if (typeof type !== 'string' || !/^application\/([\w.+-]*\+)?json\b/i.test(type))
    throw new Fault('upstream_invalid', `\`${url}\` is no JSON document`);
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new Fault('upstream_invalid', `\`${url}\` is no JSON document`, { cause });
  }
};
