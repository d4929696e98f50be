/** What the OTLP door serves. */
import type { DoorRoute } from '../routes.ts';
import { PATH } from './door.ts';

export const routes: readonly DoorRoute[] = [
  {
    door: 'otlp',
    method: 'POST',
    path: PATH,
    summary: 'spans of an agent itself, in OTLP: kept beside what nodes saw, as said by who sent them',
    gate: { kind: 'known' },
    example: { headers: { 'content-type': 'application/json' }, body: '{"resourceSpans":[]}' },
  },
];
