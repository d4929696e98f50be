/** One well-formed request for a route, with its places filled: what stands in the way is then its gate and nothing else. */
import type { TargetKind } from '../../src/contract/index.ts';
import { type DoorRoute, nameOfRoute } from '../../src/doors/index.ts';
import { CAPABILITY, TARGETS } from './people.ts';
import type { Scene } from './scene.ts';

export interface Request {
  readonly route: DoorRoute;
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

const JSON_TYPE = { 'content-type': 'application/json' };

/** Read by nobody: whoever gets in is told so, and nothing is changed. */
const UNREADABLE = '{"access-matrix":true}';

/** What ends something comes last. */
export const requestsFor = (routes: readonly DoorRoute[], scene: Scene): readonly Request[] =>
  [...routes]
    .sort((a, b) => Number(isEnd(a)) - Number(isEnd(b)))
    .map((route) => {
      const { example, method } = route;
      const fill = (text: string): string => filled(text, route, scene);
      const body = example?.body ?? (method === 'POST' ? UNREADABLE : undefined);
      return {
        route,
        name: nameOfRoute(route),
        method,
        path: fill(route.path),
        headers: Object.fromEntries(
          Object.entries(example?.headers ?? (body === undefined ? {} : JSON_TYPE)).map(([name, value]) => [
            name,
            fill(value),
          ]),
        ),
        body: body === undefined ? undefined : fill(body),
      };
    });

const isEnd = ({ path }: DoorRoute): boolean => /logout$|:leave$/.test(path);

const filled = (text: string, { gate, door, path }: DoorRoute, scene: Scene): string => {
  const target = TARGETS[kindOf(gate, path)];
  const places: Readonly<Record<string, string>> = {
    name: nameFor(gate.kind, door, target.name, scene),
    operation: target.operation,
    capability: `${CAPABILITY}@^1`,
    id: door === 'admin' ? 'nothing-there' : scene.call,
    hex: path.includes('approvals') || path.includes('unknown') ? scene.call : scene.call.slice(0, 8),
    number: '999999',
    config: 'c1',
    urn: encodeURIComponent('urn:air:127.0.0.1:agent:orders'),
  };
  return text.replace(/\{(\w+)\}/g, (place, name: string) => places[name] ?? place);
};

const kindOf = (gate: DoorRoute['gate'], path: string): TargetKind => {
  if (gate.kind === 'call' && gate.target !== '*') return gate.target;
  if (path.includes('/tools/')) return 'tool';
  return path.includes('/models/') ? 'model' : 'agent';
};

const nameFor = (gate: DoorRoute['gate']['kind'], door: string, target: string, scene: Scene): string => {
  if (gate === 'node') return scene.node;
  return door === 'admin' ? 'nothing-there' : target;
};
