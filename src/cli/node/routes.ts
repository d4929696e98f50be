/** Everything that a node serves, door by door: for the description of its API, and for whoever checks that nothing else is open. */
import { routes as a2a } from '../../doors/a2a/index.ts';
import { routes as admin } from '../../doors/admin/index.ts';
import { routes as anthropic } from '../../doors/anthropic/index.ts';
import { routes as catalog } from '../../doors/catalog/index.ts';
import { routes as dashboard } from '../../doors/dashboard/index.ts';
import { type DoorRoute, listenerRoutes } from '../../doors/index.ts';
import { routes as login } from '../../doors/login/index.ts';
import { routes as mcp } from '../../doors/mcp/index.ts';
import { routes as native } from '../../doors/native/index.ts';
import { routes as openai } from '../../doors/openai/index.ts';
import { routes as openapi } from '../../doors/openapi/index.ts';
import { routes as otlp } from '../../doors/otlp/index.ts';
import { routes as outcomes } from '../../doors/outcomes/index.ts';
import { routes as pages } from '../../doors/pages/index.ts';

/** Of every listener: what `doorsOf` opens. */
export const CALLER_ROUTES: readonly DoorRoute[] = [
  ...listenerRoutes,
  ...native,
  ...anthropic,
  ...openai,
  ...a2a,
  ...mcp,
  ...catalog,
  ...openapi,
];

/** What agents say of themselves, and of how their work ended. */
const SAID_ROUTES: readonly DoorRoute[] = [...otlp, ...outcomes];

/** Of a sidecar, for its own agent. */
export const APP_ROUTES: readonly DoorRoute[] = [...CALLER_ROUTES, ...SAID_ROUTES];

/** A domain hub takes its configuration from above, and nobody logs in there. */
export const DOMAIN_ROUTES: readonly DoorRoute[] = [...CALLER_ROUTES, ...SAID_ROUTES, ...admin, ...pages];

export const ROUTES: readonly DoorRoute[] = [
  ...CALLER_ROUTES,
  ...SAID_ROUTES,
  ...login,
  ...admin,
  ...pages,
  ...dashboard,
];
