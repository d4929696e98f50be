import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, resourceKey } from '../contract/index.ts';
import { checkConfiguration, checkDuplicates, checkSources } from './check.ts';
import { agent, bundle, domain, key, route, user } from './fixture.ts';
import { checkShape } from './shape.ts';
import { sourcesOfText } from './source.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');

const check = (resources: readonly unknown[]) => {
  const shaped = checkShape({ resources, origins: resources.map((_, at) => `f:${at + 1}`) }, 'default');
  assert.deepEqual(shaped.problems, []);
  const origins = new Map(shaped.resources.map(({ resource, origin }) => [resourceKey(idOf(resource)), origin]));
  const configuration = new Map(shaped.resources.map(({ resource }) => [resourceKey(idOf(resource)), resource]));
  const { problems, warnings } = checkConfiguration(configuration, (name) => origins.get(name) ?? name, NOW);
  return { problems: [...checkDuplicates(shaped.resources), ...problems], warnings };
};

const limits = (name: string, level: string) => ({
  apiVersion: 'airspace.dev/v1',
  kind: 'TreeLimits',
  metadata: { name },
  spec: { level, calls: 10 },
});

const withWay = (to: object, way: object) => {
  const made = route('r', to) as { readonly spec: object };
  return { ...made, spec: { ...made.spec, ...way } };
};
const staleness = (name: string, level: string) => ({
  apiVersion: 'airspace.dev/v1',
  kind: 'Staleness',
  metadata: { name },
  spec: { level, killsMs: 10_000 },
});

const twoOperations = { operations: [{ name: 'ask' }, { name: 'ask' }] };
const twoEndpoints = { endpoints: [{ url: 'http://h:1' }, { url: 'http://h:1', weight: 5 }] };

const cases: readonly (readonly [string, readonly unknown[], readonly string[], readonly string[]])[] = [
  [
    'a whole and sound configuration',
    [
      domain('a'),
      domain('b', 'a'),
      agent('x', { domain: 'b' }),
      bundle('p', 'org'),
      bundle('q', 'b'),
      user('ada'),
      key('k', { kind: 'user', name: 'ada' }),
      route('r', { name: 'x' }),
    ],
    [],
    [],
  ],
  [
    'a domain that tells sums only, and has no hub that could',
    [
      { ...domain('a'), spec: { telemetry: 'sums' } },
      { ...domain('b'), spec: { telemetry: 'sums', delegated: true } },
      { ...domain('c'), spec: { telemetry: 'calls' } },
    ],
    [
      'f:1: Domain `a`: `spec.telemetry: sums` is about what a hub of its own tells, and it has none; add `delegated: true`, or leave it out',
    ],
    [],
  ],
  [
    'an agent with the name under which airspace asks for facts',
    [agent('airspace')],
    ['f:1: Agent `airspace`: the name `airspace` is taken: so Airspace itself is called when it asks for facts'],
    [],
  ],
  [
    'limits of call trees for a level that is not there, and twice for one',
    [limits('a', 'org'), limits('b', 'org'), limits('c', 'shop')],
    [
      'f:3: TreeLimits `c`: `spec.level` names the Domain `shop`, which does not exist; apply the Domain too, or correct the name',
      'f:2: TreeLimits `b`: level `org` already has the limits `a`; a level has one',
    ],
    [],
  ],
  [
    'two bounds for one level, and one for a level that is not there',
    [staleness('a', 'org'), staleness('b', 'org'), staleness('c', 'shop')],
    [
      'f:3: Staleness `c`: `spec.level` names the Domain `shop`, which does not exist; apply the Domain too, or correct the name',
      'f:2: Staleness `b`: level `org` already has the staleness `a`; a level has one',
    ],
    [],
  ],
  [
    'a write that calls itself sensitive',
    [agent('x', {}, { operations: [{ name: 'put', effect: 'write', sensitive: true }] })],
    [
      'f:1: Agent `x`: `sensitive` of `put` is for reads, and its effect is `write`; a `write` stops earlier anyway, so leave it out',
    ],
    [],
  ],
  [
    'one name twice',
    [agent('x'), user('x'), agent('x')],
    ['f:3: Agent `x`: is already defined at f:1; give one of them another name'],
    [],
  ],
  [
    'an unknown domain',
    [domain('travel'), agent('x', { domain: 'travle' })],
    ['f:2: Agent `x`: `metadata.domain` names the Domain `travle`, which does not exist, did you mean `travel`?'],
    [],
  ],
  [
    'an unknown parent',
    [domain('a', 'far-away')],
    [
      'f:1: Domain `a`: `spec.parent` names the Domain `far-away`, which does not exist; apply the Domain too, or correct the name',
    ],
    [],
  ],
  [
    'a domain that is its own parent',
    [domain('a', 'a')],
    ['f:1: Domain `a`: is its own ancestor: `a` -> `a`; remove one parent'],
    [],
  ],
  [
    'a ring of domains, told once',
    [domain('c', 'a'), domain('a', 'b'), domain('b', 'c'), domain('d', 'a')],
    ['f:2: Domain `a`: is its own ancestor: `a` -> `b` -> `c` -> `a`; remove one parent'],
    [],
  ],
  [
    'a domain that is called like the organisation',
    [domain('org')],
    ['f:1: Domain `org`: the name `org` stands for the organisation itself; choose another'],
    [],
  ],
  [
    'a key for nobody',
    [user('ada'), key('k', { kind: 'agent', name: 'ada' })],
    [
      'f:2: Key `k`: `spec.principal.name` names the Agent `ada`, which does not exist; apply the Agent too, or correct the name',
    ],
    [],
  ],
  [
    'a level with two bundles',
    [bundle('p', 'org'), bundle('q', 'org')],
    ['f:2: PolicyBundle `q`: level `org` already has the bundle `p`; a level has one'],
    [],
  ],
  [
    'a level that is no domain',
    [bundle('p', 'sales')],
    [
      'f:1: PolicyBundle `p`: `spec.level` names the Domain `sales`, which does not exist; apply the Domain too, or correct the name',
    ],
    [],
  ],
  [
    'an operation twice',
    [agent('x', {}, twoOperations)],
    ['f:1: Agent `x`: the operation `ask` is declared twice; keep one of them'],
    [],
  ],
  [
    'an endpoint twice',
    [agent('x', {}, twoEndpoints)],
    ['f:1: Agent `x`: the endpoint `http://h:1` is listed twice; add up their weights'],
    [],
  ],
  [
    'a route into the blue',
    [agent('orders'), route('r', { name: 'order' })],
    [],
    ['f:2: Route `r`: `spec.to.name` names the Agent `order`, which does not exist, did you mean `orders`?'],
  ],
  [
    'a model that nobody stands in front of',
    [withWay({ kind: 'model', name: '*' }, { via: { mesh: 10 } })],
    [],
    [
      'f:1: Route `r`: sends calls for models directly, and no sidecar stands in front of a model: they will be refused; say `via: hub`, or `withoutPeer: hub`',
    ],
  ],
  [
    'a way out of a way that nobody goes',
    [withWay({}, { withoutPeer: 'hub' })],
    [],
    ['f:1: Route `r`: has `withoutPeer: hub` and sends nothing directly, so it never applies'],
  ],
  [
    'a key that is over',
    [user('ada'), key('k', { kind: 'user', name: 'ada' }, { expiresAt: '2026-06-01T00:00:00Z' })],
    [],
    ['f:2: Key `k`: expired at 2026-06-01T00:00:00Z; nobody can use it'],
  ],
];

for (const [what, resources, problems, warnings] of cases) {
  test(`together: ${what}`, () => assert.deepEqual(check(resources), { problems, warnings }));
}

test('files are checked on the side of their author, to the line, whatever tenant they name', () => {
  const text = (name: string, effect: string): string =>
    `apiVersion: airspace.dev/v1\nkind: Agent\nmetadata: {name: ${name}, tenant: acme}\nspec:\n  operations:\n    - name: ask\n      effect: ${effect}\n`;
  checkSources(sourcesOfText(text('a', 'read'), 'f'));
  assert.throws(
    () => checkSources(sourcesOfText([text('a', 'reed'), text('b', 'read'), text('b', 'read')].join('---\n'), 'f')),
    {
      code: 'bad_request',
      facts: {
        count: 2,
        problems: [
          'f:7: Agent `a`: `spec.operations[0].effect` must be one of `read`, `write`, `spend`, `irreversible`, found `reed`, did you mean `read`?',
          'f:17: Agent `b`: is already defined at f:9; give one of them another name',
        ],
      },
    },
  );
});
