/** Cards over HTTP: in the shape of the version that is asked for, with a tag that says whether it has changed. */
import { createHash } from 'node:crypto';
import { Fault } from '../../contract/index.ts';
import { type AgentCard, statusDocumentOf } from '../../dialects/a2a/index.ts';
import type { Entering } from './entering.ts';
import { cardIn03 } from './old.ts';
import type { Route } from './route.ts';
import { errorOf } from './status.ts';
import { isOldPath, type Version, versionOfCard } from './version.ts';
import { CHALLENGE, writeJson } from './write.ts';

/** How long a reader may keep one: what may be called changes with every configuration. */
const MAX_AGE_S = 60;

export const answerCard = async (
  entering: Entering,
  { addressed }: Extract<Route, { kind: 'card' }>,
): Promise<void> => {
  const { req, inbound, service } = entering;
  try {
    if (req.method !== 'GET' && req.method !== 'HEAD')
      throw new Fault('bad_request', 'this path takes GET only', { facts: { status: 405 } });
    const version = isOldPath(req.url ?? '') ? '0.3' : versionOfCard(entering.version);
    const isKnown = inbound.credential.kind !== 'none';
    const card = isKnown
      ? await service.cards.shownTo(await service.options.identify(inbound.credential), addressed)
      : await service.cards.shownToAll(addressed);
    const value = shapeOf(card, version);
    const etag = `"${createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 27)}"`;
    const headers = [
      'etag',
      etag,
      // What a caller is shown is that caller's.
      'cache-control',
      `${isKnown ? 'private' : 'public'}, max-age=${MAX_AGE_S}`,
      'vary',
      'A2A-Version, Authorization',
    ];
    const isSame = tagsIn(req.headers['if-none-match']).some((tag) => tag === etag || tag === '*');
    writeJson({ ...entering, headers }, isSame ? 304 : 200, 'application/json', isSame ? undefined : value);
  } catch (thrown) {
    const fault = Fault.from(thrown);
    const error = errorOf(fault);
    const headers: string[] = fault.code === 'unauthenticated' ? [...CHALLENGE] : [];
    const status = fault.facts['status'] === 405 ? 405 : error.http;
    if (status === 405) headers.push('allow', 'GET, HEAD');
    writeJson({ ...entering, headers }, status, 'application/json', statusDocumentOf(error));
  }
};

/** Readers of 0.3 do not say so; what they look for stands beside the members of 1.0, and whoever reads those overlooks it. */
const shapeOf = (card: AgentCard, version: Version | 'both'): object => {
  if (version === '1.0') return card;
  const old = cardIn03(card);
  return version === '0.3' ? old : { ...old, ...card };
};

const tagsIn = (header: string | undefined): readonly string[] =>
  (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));

export const answerKeys = (entering: Entering): void => {
  const { req } = entering;
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    const error = errorOf(new Fault('bad_request', 'this path takes GET only'));
    writeJson({ ...entering, headers: ['allow', 'GET, HEAD'] }, 405, 'application/json', statusDocumentOf(error));
    return;
  }
  writeJson(
    { ...entering, headers: ['cache-control', `public, max-age=${MAX_AGE_S}`] },
    200,
    'application/jwk-set+json',
    entering.service.options.signing.jwks,
  );
};
