import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, Resource, resourceKey } from '../../contract/index.ts';
import { goingBack, provisionConflicts } from './conflicts.ts';

interface Made {
  readonly version: string;
  readonly owner?: string;
  readonly shared?: boolean;
  readonly input?: object;
}

const SQL = { type: 'object', properties: { sql: { type: 'string' } }, required: ['sql'] };
const STRICTER = { ...SQL, required: ['sql', 'database'] };
const LIMITED = { ...SQL, properties: { ...SQL.properties, limit: { type: 'integer' } } };
const PATTERN = { type: 'object', properties: { sql: { type: 'string', pattern: '^select' } }, required: ['sql'] };

const tool = (name: string, ...made: readonly Made[]): Resource =>
  Resource.parse({
    apiVersion: 'airspace.dev/v1',
    kind: 'Tool',
    metadata: { name, ...(made[0]?.owner === undefined ? {} : { owner: made[0].owner }) },
    spec: {
      operations: made.map(({ version, shared, input }, at) => ({
        name: `run${at}`,
        ...(input === undefined ? {} : { input }),
        provides: [{ capability: 'query', version, ...(shared === undefined ? {} : { shared }) }],
      })),
    },
  });

const configurationOf = (...resources: readonly Resource[]) =>
  new Map(resources.map((resource) => [resourceKey(idOf(resource)), resource]));

const fileOf = (key: string): string => `${key.split('/')[2]}.yaml:1`;
const said = (...resources: readonly Resource[]) => provisionConflicts(configurationOf(...resources), fileOf);

const NOTHING = { problems: [], warnings: [] };

const TABLE: readonly {
  readonly name: string;
  readonly given: readonly Resource[];
  readonly problem?: RegExp;
  readonly warning?: RegExp;
}[] = [
  {
    name: 'an older and a newer version that takes the same',
    given: [tool('a', { version: '2.0.0', input: SQL }), tool('b', { version: '2.1.0', owner: 'data', input: SQL })],
  },
  {
    name: 'a newer version that wants more',
    given: [
      tool('a', { version: '2.0.0', owner: 'data', input: SQL }),
      tool('b', { version: '2.1.0', owner: 'web', input: STRICTER }),
    ],
    problem:
      /^b\.yaml:1: Tool `b`: `query` 2\.1\.0 does not take `\{"sql":""\}`, which 2\.0\.0 of Tool `a` \(a\.yaml:1\), which belongs to team `data`, takes; it belongs to team `web`: .* version 3\.0\.0$/,
  },
  {
    name: 'a newer version with one more field that nobody needs',
    given: [tool('a', { version: '2.0.0', input: SQL }), tool('b', { version: '2.1.0', input: LIMITED })],
  },
  {
    name: 'the same where the older one says that it takes any other field',
    given: [
      tool('a', { version: '2.0.0', input: { ...SQL, additionalProperties: true } }),
      tool('b', { version: '2.1.0', input: LIMITED }),
    ],
    problem: /^b\.yaml:1: Tool `b`: `query` 2\.1\.0 does not take `\{.*"limit"/,
  },
  {
    name: 'a new major version that wants more',
    given: [tool('a', { version: '2.0.0', input: SQL }), tool('b', { version: '3.0.0', input: STRICTER })],
  },
  {
    name: 'a new minor version before 1.0.0 that wants more',
    given: [tool('a', { version: '0.2.0', input: SQL }), tool('b', { version: '0.3.0', input: STRICTER })],
  },
  {
    name: 'a pre-release that wants more',
    given: [tool('a', { version: '2.0.0', input: SQL }), tool('b', { version: '2.1.0-rc.1', input: STRICTER })],
  },
  {
    name: 'a newer version of which it cannot be told',
    given: [tool('a', { version: '2.0.0', input: SQL }), tool('b', { version: '2.1.0', input: PATTERN })],
    warning:
      /^b\.yaml:1: Tool `b`: it cannot be told whether `query` 2\.1\.0 takes everything that 2\.0\.0 of Tool `a`/,
  },
  {
    name: 'one version of two teams',
    given: [
      tool('a', { version: '2.0.0', owner: 'data', shared: true, input: SQL }),
      tool('b', { version: '2.0.0', owner: 'web', input: SQL }),
    ],
    problem:
      /^b\.yaml:1: Tool `b`: provides `query` in version 2\.0\.0, and so does Tool `a` \(a\.yaml:1\); it belongs to team `web` and the other to team `data`: .*`shared: true`$/,
  },
  {
    name: 'one version of two teams that both share it, and of one team twice',
    given: [
      tool('a', { version: '2.0.0', owner: 'data', shared: true, input: SQL }),
      tool('b', { version: '2.0.0', owner: 'web', shared: true, input: SQL }),
      tool('c', { version: '2.0.0', owner: 'web', shared: true, input: SQL }),
    ],
  },
  {
    name: 'one shared version with two inputs',
    given: [tool('a', { version: '2.0.0', input: STRICTER }), tool('b', { version: '2.0.0', input: SQL })],
    problem: /^a\.yaml:1: Tool `a`: `query` 2\.0\.0 does not take/,
  },
  {
    name: 'one version twice of one tool',
    given: [tool('a', { version: '2.0.0', input: SQL }, { version: '2.0.0', input: SQL })],
    problem: /^a\.yaml:1: Tool `a`: provides `query` in version 2\.0\.0 by the operations `run0` and `run1`/,
  },
  {
    name: 'no schema where another has one',
    given: [tool('a', { version: '2.0.0', input: SQL }), tool('b', { version: '2.1.0' })],
    warning: /^b\.yaml:1: Tool `b`: `run0` provides `query` 2\.1\.0 without a schema .* Tool `a` \(a\.yaml:1\) has one/,
  },
];

for (const { name, given, problem, warning } of TABLE)
  test(`${name}: ${problem !== undefined ? 'refused' : warning !== undefined ? 'a warning' : 'nothing to say'}`, () => {
    const { problems, warnings } = said(...given);
    if (problem === undefined && warning === undefined) return assert.deepEqual({ problems, warnings }, NOTHING);
    const [told, silent] = problem !== undefined ? [problems, warnings] : [warnings, problems];
    assert.deepEqual(silent, []);
    assert.equal(told.length, 1, told.join('\n'));
    assert.match(told[0]!, problem ?? warning!);
  });

test('an unshared version is found however many shared ones stand between', () => {
  const of = (name: string, owner: string, shared: boolean) => tool(name, { version: '1.0.0', owner, shared });
  const { problems } = said(of('a', 'one', false), of('b', 'one', true), of('c', 'two', true));
  assert.equal(problems.length, 1);
  assert.match(problems[0]!, /^a\.yaml:1: .* so does Tool `c`/);
});

test('tenants do not meet', () => {
  const there = Resource.parse({
    ...tool('b', { version: '2.0.0', owner: 'web' }),
    metadata: { name: 'b', tenant: 'acme', owner: 'web' },
  });
  assert.deepEqual(said(tool('a', { version: '2.0.0', owner: 'data' }), there).problems, []);
});

test('a target that goes back to a lower version is told of, and one that stops or goes on is not', () => {
  const back = (...now: readonly Resource[]) =>
    goingBack(configurationOf(tool('a', { version: '2.3.0' })), configurationOf(...now), fileOf);
  assert.match(
    back(tool('a', { version: '2.2.0' })).join(),
    /^a\.yaml:1: Tool `a`: provides `query` in version 2\.2\.0, and provided 2\.3\.0 before; whoever asks for `\^2\.3\.0`/,
  );
  assert.deepEqual(back(tool('a', { version: '2.2.0' }, { version: '2.3.0' })), []);
  assert.deepEqual(back(tool('a', { version: '3.0.0' })), []);
  assert.deepEqual(back(), []);
});

test('a version that is none, or has no place in an order, is refused with its field', () => {
  for (const version of ['2', 'v2.0.0', '2.0', '2.0.0+build', '02.0.0', '2.0.0-', '2.0.0-01', ''])
    assert.throws(() => tool('a', { version }), /must be a semantic version/, version);
  for (const version of ['0.0.0', '2.0.0-rc.1', '2.0.0-x-y.1', '2.0.0-0a'])
    assert.doesNotThrow(() => tool('a', { version }), version);
});
