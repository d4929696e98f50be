/** Finds the route of a path. Only whole patterns match, so a path that looks like ours but is not goes to the next door. */
import { type AdminRoute, ROUTES } from './routes.ts';

export interface Match {
  /** Routes of this path, by method; at least one. */
  readonly routes: ReadonlyMap<string, AdminRoute>;
  readonly param: string;
}

const PLACES: Readonly<Record<string, string>> = {
  '{hex}': '([0-9a-f]{8,32})',
  '{number}': '(0|[1-9][0-9]{0,14})',
  '{name}': '([A-Za-z0-9][A-Za-z0-9._-]{0,254}?)',
  // Ids of instances name their owner, with slashes: `default/orders/9000`, and those of endpoints their address.
  '{id}': '([A-Za-z0-9][A-Za-z0-9._@:/[\\]-]{0,511}?)',
};

interface Pattern {
  readonly expression: RegExp;
  readonly routes: Map<string, AdminRoute>;
}

const patternOf = (path: string, routes: readonly AdminRoute[]): Pattern => ({
  expression: new RegExp(`^${path.replace(/\{\w+\}/, (place) => PLACES[place]!)}$`),
  routes: new Map(routes.map((route) => [route.method, route])),
});

/** Longer patterns first: `/{id}:drain` must be asked before `/{id}`, which would take the colon for a part of the id. */
const PATTERNS: readonly Pattern[] = [...Map.groupBy(ROUTES, (route) => route.path)]
  .sort(([a], [b]) => b.length - a.length)
  .map(([path, routes]) => patternOf(path, routes));

/** First segments of our paths: every call passes here on its way to another door and must pass quickly. */
const ROOMS = new Set(ROUTES.map(({ path }) => roomOf(path)));

function roomOf(path: string): string {
  return /^\/(?:v1\/)?([a-z]*)/.exec(path)?.[1] ?? '';
}

/** `path` is without query. Undefined: not ours. */
export const matchOf = (path: string): Match | undefined => {
  const room = roomOf(path);
  if (!ROOMS.has(room)) return undefined;
  const plain = room === 'instances' ? unescaped(path) : path;
  for (const { expression, routes } of PATTERNS) {
    const found = expression.exec(plain);
    if (found !== null) return { routes, param: found[1] ?? '' };
  }
  return undefined;
};

/** Ids of instances hold addresses, and clients rightly escape those; no other path of ours ever needs an escape. */
const unescaped = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    return '';
  }
};
