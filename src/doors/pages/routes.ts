/** What the pages for people serve. */
import type { DoorRoute, Gate } from '../routes.ts';
import { STYLE_PATH } from './frame.ts';

const FORM = { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: '' };

const route = (
  method: DoorRoute['method'],
  path: string,
  kind: 'open' | 'proof' | 'session',
  summary: string,
): DoorRoute => ({
  door: 'pages',
  method,
  path,
  summary,
  gate: { kind } satisfies Gate,
  ...(method === 'POST' ? { example: FORM } : {}),
});

export const routes: readonly DoorRoute[] = [
  route('GET', STYLE_PATH, 'open', 'how the pages look'),
  route('GET', '/approvals', 'session', 'calls that wait for people'),
  route('GET', '/approvals/{id}', 'session', 'one call that waits, and what it would send'),
  route('POST', '/approvals/{id}', 'session', 'a vote, or other arguments'),
  route('POST', '/approvals/login', 'proof', 'a session for the key in a form, on the machine of the node'),
  route('POST', '/approvals/logout', 'session', 'the end of a session'),
];
