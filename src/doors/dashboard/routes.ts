/** What the dashboard's door serves. All of it is open: the files are the same for everybody, and hold nothing. */
import type { DoorRoute } from '../routes.ts';
import { BASE } from './door.ts';

const route = (path: string, summary: string): DoorRoute => ({
  ...{ door: 'dashboard', method: 'GET', path, summary },
  gate: { kind: 'open' },
});

export const routes: readonly DoorRoute[] = [
  route('/', 'the way to the dashboard'),
  route(BASE, 'the dashboard, for a browser'),
  route(`${BASE}/{page}`, 'the same, at one of its screens'),
  route(`${BASE}/assets/{file}`, 'its scripts, styles and fonts'),
];
