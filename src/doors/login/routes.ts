/** What the login door serves. */
import type { DoorRoute, Gate } from '../routes.ts';

const FORM = { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: '' };

const route = (
  method: DoorRoute['method'],
  path: string,
  kind: 'open' | 'proof' | 'session',
  summary: string,
): DoorRoute => ({
  door: 'login',
  method,
  path,
  summary,
  gate: { kind } satisfies Gate,
  ...(method === 'POST' ? { example: FORM } : {}),
});

export const routes: readonly DoorRoute[] = [
  route('GET', '/login', 'open', 'a page to log in on, or the way to a provider'),
  route('POST', '/login', 'proof', 'a session for the key in a form, on the machine of the node'),
  route('GET', '/login/callback', 'proof', 'the way back from a provider'),
  route('GET', '/session', 'session', 'who is logged in, and the token that goes with changes'),
  route('POST', '/logout', 'session', 'the end of a session'),
];
