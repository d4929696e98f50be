/** What the door of outcomes serves. */
import type { DoorRoute } from '../routes.ts';
import { PATH } from './door.ts';

export const routes: readonly DoorRoute[] = [
  {
    door: 'outcomes',
    method: 'POST',
    path: PATH,
    summary: 'how the work of a trace, a call or a session ended, as said by who sends it',
    gate: { kind: 'known' },
    example: {
      headers: { 'content-type': 'application/json' },
      body: '{"trace":"0af7651916cd43dd8448eb211c80319c","task":"refund","result":"completed","score":0.9}',
    },
  },
];
