/** The table of routes as other rooms read it: for the description of the API, and for whoever checks who gets in. */
import type { DoorRoute, Gate } from '../routes.ts';
import { type AdminRoute, ROUTES } from './routes.ts';

export const routes: readonly DoorRoute[] = ROUTES.map((route) => ({
  door: 'admin',
  method: route.method,
  path: route.path,
  summary: summaryOf(route),
  gate: gateOf(route),
}));

/** Handlers are named for what they do; one that was made by another is known by the end of its path. */
function summaryOf({ serve, path }: AdminRoute): string {
  return serve.name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`) || (path.split(':').at(-1) ?? path);
}

function gateOf(route: AdminRoute): Gate {
  if (route.proof === 'node') return { kind: 'node' };
  if (route.proof !== 'key') return { kind: 'proof' };
  const { least, agents = false, domains = false, everyTenant = false } = route.access;
  if (least === 'anybody') return { kind: 'known' };
  if (least === 'agent') return { kind: 'agent' };
  return { kind: 'role', least: [least].flat(), agents, domains, everyTenant };
}
