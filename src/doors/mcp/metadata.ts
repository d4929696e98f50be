/** What OAuth clients read first (RFC 9728): who can give them a token for this resource, and how they are told to look. */
import type { Place } from './path.ts';
import { metadataPathOf } from './path.ts';

/** `origin`: where the client believes that it is. */
export const metadataOf = (origin: string, resource: string, issuers: readonly string[]): object => ({
  resource: `${origin}${resource}`,
  resource_name: 'Airspace',
  ...(issuers.length === 0 ? {} : { authorization_servers: issuers }),
  bearer_methods_supported: ['header'],
});

const quoted = (text: string): string => text.replaceAll(/[^\x20-\x7e]|["\\]/g, '');

/** Of a 401: without a key, or with one that does not hold. */
export const challengeOf = (origin: string, place: Place, hadKey: boolean): readonly string[] => [
  'www-authenticate',
  [
    `Bearer resource_metadata="${quoted(origin + metadataPathOf(place))}"`,
    ...(hadKey ? ['error="invalid_token"'] : []),
  ].join(', '),
];

/** Of a 403: the key is narrowed to other things, and another one would do. */
export const stepUpOf = (origin: string, place: Place, scope: string): readonly string[] => [
  'www-authenticate',
  `Bearer error="insufficient_scope", scope="${quoted(scope)}", resource_metadata="${quoted(origin + metadataPathOf(place))}"`,
];
