/** The description of our API. */
import type { DoorRoute } from '../routes.ts';
import { PATH } from './door.ts';

export { documentOf } from './document.ts';
export { type OpenapiDoor, openapiDoor } from './door.ts';

export const routes: readonly DoorRoute[] = (['GET', 'HEAD'] as const).map((method) => ({
  door: 'openapi',
  method,
  path: PATH,
  summary: 'this description',
  gate: { kind: 'open' },
}));
