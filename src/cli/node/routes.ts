/** Everything that a hub serves, door by door: for the description of its API, and for whoever checks that nothing else is open. */
import { routes as admin } from '../../doors/admin/index.ts';
import { routes as catalog } from '../../doors/catalog/index.ts';
import { type DoorRoute, listenerRoutes } from '../../doors/index.ts';
import { routes as login } from '../../doors/login/index.ts';
import { routes as native } from '../../doors/native/index.ts';
import { routes as openapi } from '../../doors/openapi/index.ts';
import { routes as pages } from '../../doors/pages/index.ts';

export const ROUTES: readonly DoorRoute[] = [
  ...listenerRoutes,
  ...native,
  ...catalog,
  ...openapi,
  ...login,
  ...admin,
  ...pages,
];
