import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compare, satisfies } from 'semver';
import { Fault, type Snapshot, type Target, type TargetEntry } from '../contract/index.ts';
import { capabilityIndex } from './capability-index.ts';
import { type Asking, nextProvider, resolveCapability } from './resolve.ts';

interface Made {
  readonly name: string;
  readonly version: string;
  readonly domain?: string;
  readonly kind?: TargetEntry['kind'];
  readonly capability?: string;
  readonly residency?: string;
  readonly hub?: string;
}

const DOMAINS = [
  { tenant: 't', name: 'north', parent: '', delegated: true },
  { tenant: 't', name: 'oslo', parent: 'north', delegated: false },
  { tenant: 't', name: 'bergen', parent: 'north', delegated: false },
  { tenant: 't', name: 'south', parent: '', delegated: false },
];

const entry = ({ name, version, domain = '', kind = 'tool', capability = 'query', ...more }: Made): TargetEntry => ({
  ...{ tenant: 't', kind, name, domain, endpoints: [], health: null, concurrency: 1, timeoutMs: null },
  labels: more.residency === undefined ? {} : { residency: more.residency },
  ...(more.hub === undefined ? {} : { exportedBy: more.hub }),
  operations: [{ name: 'run', effect: 'read', idempotent: true, provides: [{ capability, version }] }],
});

const indexOf = (made: readonly Made[]) =>
  capabilityIndex({ targets: made.map(entry), domains: DOMAINS } satisfies Pick<Snapshot, 'targets' | 'domains'>);

const resolve = (made: readonly Made[], range: string | null, more: Partial<Asking> = {}) =>
  resolveCapability(indexOf(made), {
    ...{ tenant: 't', asked: { name: 'query', range }, from: '', mayCall: () => true },
    ...more,
  });

const nameOf = (...asked: Parameters<typeof resolve>): string => resolve(...asked).target.name;

const faultOf = (work: () => unknown): Fault => {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown;
  }
  return assert.fail('expected a fault');
};

const THREE: readonly Made[] = [
  { name: 'a', version: '1.4.0' },
  { name: 'b', version: '2.3.0' },
  { name: 'c', version: '3.0.0-rc.1' },
];

test('ranges of semantic versioning mean what they mean everywhere, and a pre-release comes to who names it', () => {
  const table: readonly (readonly [string | null, string])[] = [
    ['^1', '1.4.0'],
    ['~2.3', '2.3.0'],
    ['2.3.0', '2.3.0'],
    ['>=1 <3', '2.3.0'],
    ['1 || 2', '2.3.0'],
    ['3.0.0-rc.1', '3.0.0-rc.1'],
    ['^3.0.0-rc', '3.0.0-rc.1'],
    ['*', '2.3.0'],
    [null, '2.3.0'],
  ];
  for (const [range, version] of table) assert.equal(resolve(THREE, range).version, version, String(range));
  assert.equal(faultOf(() => resolve(THREE, '^3')).code, 'not_found');
});

test('of one version who is well is chosen, then who is near, then the first by name', () => {
  const made = ['d', 'c', 'b', 'a'].map((name, at) => ({
    name,
    version: '1.0.0',
    domain: ['bergen', 'oslo', 'north', 'south'][at]!,
  }));
  const from = { from: 'oslo' };
  const order = ['c', 'b', 'd'];
  const ill = new Set<string>();
  for (const name of order) {
    assert.equal(nameOf(made, '^1', { ...from, isWell: ({ target }) => !ill.has(target.name) }), name);
    ill.add(name);
  }
  assert.equal(nameOf(made, '^1', { ...from, isWell: () => false }), 'c', 'who is ill is better than nobody');
  assert.equal(nameOf([...made, { name: 'z', version: '1.0.1' }], '^1', from), 'c', 'inside of the domain first');
  assert.equal(nameOf([...made, { name: 'z', version: '1.0.1' }], '^1', { from: 'south' }), 'z');
});

test('a domain with a hub of its own is looked through first, and the rest when it has nothing that fits', () => {
  const made: readonly Made[] = [
    { name: 'near', version: '1.0.0', domain: 'bergen' },
    { name: 'far', version: '2.0.0', domain: 'south' },
  ];
  assert.equal(nameOf(made, '>=1', { from: 'oslo' }), 'near');
  assert.match(resolve(made, '>=1', { from: 'oslo' }).because, /inside domain north/);
  assert.equal(nameOf(made, '>=1', { from: 'oslo', mayCall: ({ name }) => name === 'far' }), 'far');
  assert.equal(nameOf(made, '^2', { from: 'oslo' }), 'far');
  assert.equal(nameOf(made, '>=1', { from: '' }), 'far');
});

test('a range that is none is refused in a line that can be printed', () => {
  for (const range of ['', ' ', 'latest', '^', '1'.repeat(101), '\u001b[2J`x`', '1.2.3.4', '>=a'])
    if (range !== '^') {
      const fault = faultOf(() => resolve(THREE, range));
      assert.equal(fault.code, 'bad_request', range);
      assert.match(fault.message, /^[\x20-\x7e]+ask for `query@\^2`/);
    }
});

test('who finds nobody hears of versions and names that are for it, whatever else there is', () => {
  const made = [...THREE, { name: 'h', version: '9.0.0' }, { name: 'q', version: '1.0.0', capability: 'quern' }];
  const mayCall = ({ name }: Target): boolean => name !== 'h' && name !== 'q';
  const outside = faultOf(() => resolve(made, '^9', { mayCall }));
  assert.deepEqual(outside.facts['versions'], ['3.0.0-rc.1', '2.3.0', '1.4.0']);
  assert.match(outside.message, /nobody provides the capability `query` in a version that fits `\^9`; there are/);
  const asked = (name: string) => faultOf(() => resolve(made, null, { mayCall, asked: { name, range: null } })).message;
  assert.match(asked('qurey'), /did you mean `query`\?/);
  assert.match(asked('quer'), /did you mean `query`\?/, 'the nearer name is not for it');
  assert.equal(asked('quern').replace('quern', ''), asked('query-').replace('query-', ''));
  assert.doesNotMatch(
    faultOf(() => resolve(made, '1.0.0-x', { mayCall: () => false })).message,
    /2\.3\.0|did you mean/,
  );
});

test('another tenant has another map', () => {
  assert.equal(faultOf(() => resolve(THREE, '^1', { tenant: 'other' })).code, 'not_found');
});

test('who is well never moves a call to where data of another residency stay', () => {
  const made: readonly Made[] = [
    { name: 'a', version: '1.0.0', residency: 'eu' },
    { name: 'b', version: '1.0.0', residency: 'us' },
    { name: 'c', version: '1.0.0' },
    { name: 'd', version: '1.0.0', residency: 'eu' },
  ];
  const withIll = (...ill: readonly string[]) =>
    resolve(made, '^1', { isWell: ({ target }) => !ill.includes(target.name) });
  assert.equal(withIll('a').target.name, 'd');
  assert.equal(withIll('a').because, 'highest version that fits, of one residency, well');
  assert.equal(withIll('a', 'd').target.name, 'a');
  assert.equal(nameOf(made.slice(1), '^1', { isWell: ({ target }) => target.name !== 'b' }), 'b');
  assert.equal(
    nameOf(made.slice(1, 3).toReversed(), '^1', { from: 'south', mayCall: ({ name }) => name === 'c' }),
    'c',
  );
});

/** Names of those that are asked one after the other, when none of them is there. */
const askedIn = (made: readonly Made[], range: string, more: Partial<Asking> = {}): string => {
  const index = indexOf(made);
  const asking = { tenant: 't', asked: { name: 'query', range }, from: '', mayCall: () => true, ...more };
  const tried = [resolveCapability(index, asking)];
  for (let next = nextProvider(index, asking, tried); next !== undefined; next = nextProvider(index, asking, tried)) {
    assert.match(next.because, /^same version/);
    tried.push(next);
  }
  return tried.map(({ target }) => target.name).join('');
};

test('the next ones come in the order of the first choice, and are of its version only', () => {
  const made: readonly Made[] = [
    { name: 'a', version: '1.0.0', domain: 'south' },
    { name: 'b', version: '1.0.0', domain: 'north' },
    { name: 'c', version: '1.0.0', domain: 'oslo' },
    { name: 'd', version: '1.1.0', domain: 'south' },
    { name: 'e', version: '0.9.0', domain: 'oslo' },
    { name: 'f', version: '1.0.0', domain: 'bergen' },
  ];
  assert.equal(
    askedIn(made, '*', { from: 'oslo' }),
    'cbfa',
    'what is outside of the domain comes last, in this version',
  );
  assert.equal(askedIn(made, '*', { from: 'south' }), 'd', 'a lower version is another answer');
  assert.equal(askedIn(made, '1.0.0', { from: 'south' }), 'abcf');
  assert.equal(askedIn(made, '*', { from: 'oslo', mayCall: ({ name }) => name !== 'b' }), 'cfa');
  assert.equal(askedIn(made, '*', { from: 'oslo', isWell: ({ target }) => target.name !== 'b' }), 'cfba');
});

test('the next one has the residency of the first, or neither has one', () => {
  const made = (['eu', undefined, 'us', 'eu', undefined] as const).map((residency, at) => ({
    ...{ name: 'abcde'[at]!, version: '1.0.0' },
    ...(residency === undefined ? {} : { residency }),
  }));
  assert.equal(askedIn(made, '^1'), 'ad');
  assert.equal(askedIn(made.slice(1), '^1'), 'be');
  assert.equal(askedIn(made.slice(2, 4), '^1'), 'c');
});

test('who stands behind the hub that may be away is asked after everybody else', () => {
  const made: readonly Made[] = [
    { name: 'a', version: '1.0.0', domain: 'north', hub: 'n-1' },
    { name: 'b', version: '1.0.0', domain: 'north', hub: 'n-1' },
    { name: 'c', version: '1.0.0', domain: 'south', hub: 's-1' },
    { name: 'd', version: '1.0.0', domain: 'south' },
  ];
  assert.equal(askedIn(made, '^1', { from: 'oslo' }), 'acdb');
  assert.equal(askedIn(made.toSpliced(2, 1), '^1', { from: 'south' }), 'dab', 'what is declared here has no hub');
});

test('of what is there no more nobody is next', () => {
  const gone = { target: { kind: 'tool', name: 'gone', operation: 'run' }, version: '1.4.0', because: '' } as const;
  const asking = { tenant: 't', asked: { name: 'query', range: '^1' }, from: '', mayCall: () => true };
  assert.equal(nextProvider(indexOf(THREE), asking, [gone]), undefined);
});

const version = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }), fc.constantFrom('', '-rc.1', '-rc.2'))
  .map(([major, minor, pre]) => `${major}.${minor}.0${pre}`);
const made = fc.record({
  name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  version,
  domain: fc.constantFrom('', 'north', 'oslo', 'bergen', 'south'),
  kind: fc.constantFrom('tool' as const, 'agent' as const),
});
const range = fc.oneof(
  version.chain((text) => fc.constantFrom('', '^', '~', '>=', '<=').map((sign) => sign + text)),
  fc.constantFrom('*', '1 || 3', '>=1 <3'),
);
const world = fc.record({
  made: fc.uniqueArray(made, { selector: ({ kind, name }) => `${kind}/${name}`, maxLength: 10 }),
  range: fc.option(range, { nil: null }),
  from: fc.constantFrom('', 'north', 'oslo', 'south'),
  forbidden: fc.subarray(['a', 'b', 'c', 'd', 'e', 'f']),
  ill: fc.subarray(['a', 'b', 'c', 'd', 'e', 'f']),
  order: fc.infiniteStream(fc.nat()),
});

test('property: never outside of the range, never to what is not allowed, never past a better one, and the same whatever the order', () => {
  fc.assert(
    fc.property(world, ({ made, range, from, forbidden, ill, order }) => {
      const more: Partial<Asking> = {
        from,
        mayCall: ({ name }) => !forbidden.includes(name),
        isWell: ({ target }) => !ill.includes(target.name),
      };
      const fits = made.filter((one) => satisfies(one.version, range ?? '*') && !forbidden.includes(one.name));
      const inside = fits.filter((one) => ['north', 'oslo', 'bergen'].includes(one.domain));
      const reachable = ['north', 'oslo'].includes(from) && inside.length > 0 ? inside : fits;
      const keys = made.map((one) => [order.next().value as number, one] as const);
      const shuffled = keys.toSorted((a, b) => a[0] - b[0]).map(([, one]) => one);
      if (fits.length === 0) {
        const fault = faultOf(() => resolve(made, range, more));
        assert.equal(fault.code, 'not_found');
        const seen = made.filter(({ name }) => !forbidden.includes(name)).map((one) => one.version);
        for (const one of (fault.facts['versions'] ?? []) as readonly string[]) assert.ok(seen.includes(one));
        return;
      }
      const found = resolve(made, range, more);
      const provider = reachable.find(({ kind, name }) => kind === found.target.kind && name === found.target.name);
      assert.ok(provider, 'it is one that fits and may be called');
      const best = reachable.toSorted((a, b) => compare(b.version, a.version))[0]!;
      assert.equal(found.version, best.version);
      const equals = reachable.filter((one) => one.version === best.version);
      if (equals.some(({ name }) => !ill.includes(name))) assert.ok(!ill.includes(provider.name), 'one is well');
      assert.deepEqual(resolve(shuffled, range, more), found);
    }),
    { numRuns: 500 },
  );
});
