/** What authors of policies are told, as a table in `cases/refused.yaml`, and that hostile texts end as messages. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { Fault } from '../contract/index.ts';
import { FactSpec } from '../contract/resources/fact.ts';
import { type Bundle, compilePolicy } from './bundle.ts';
import type { RegistryNames } from './names.ts';
import { bundlesOf } from './testing.ts';

const CREATE = {
  type: 'object',
  required: ['amount', 'price'],
  properties: {
    amount: { type: 'integer' },
    price: { type: 'number' },
    gift: { type: 'boolean' },
    note: { anyOf: [{ type: 'string' }, { type: 'null' }] },
  },
};

const WORLD: RegistryNames = {
  targets: [
    {
      tenant: 'default',
      kind: 'tool',
      name: 'orders',
      domain: '',
      operations: [{ name: 'lookup' }, { name: 'Create.v2', input: CREATE }],
    },
    { tenant: 'default', kind: 'model', name: 'small', domain: '', operations: [{ name: 'chat' }] },
    { tenant: 'other', kind: 'tool', name: 'theirs', domain: '', operations: [{ name: 'lookup' }] },
  ],
  domains: [{ tenant: 'default', name: 'sales', parent: '' }],
  users: [{ tenant: 'default', name: 'ann', roles: ['refunder'] }],
  facts: [
    {
      tenant: 'default',
      name: 'order',
      source: 'facts.yaml',
      spec: FactSpec.parse({
        for: [{ kind: 'tool', name: 'orders', operations: ['Create.v2'] }],
        value: { total: 1 },
        as: { type: 'object', required: ['total'], properties: { total: { type: 'integer' } } },
      }),
    },
  ],
};

const withCondition = (condition: string, id = 'a'): string =>
  `@id("${id}") @reason("r") permit(principal, action, resource) when { ${condition} };`;

const problemsOf = async (bundles: readonly Bundle[]): Promise<readonly string[]> => {
  try {
    await compilePolicy(bundles, WORLD);
    return [];
  } catch (thrown) {
    assert.ok(thrown instanceof Fault, String(thrown));
    assert.equal(thrown.code, 'bad_request');
    return thrown.facts['problems'] as readonly string[];
  }
};

const org = (policies: string): Bundle[] => bundlesOf({ org: { policies } });

interface Refused {
  readonly promise: string;
  readonly level?: string;
  readonly text?: string;
  readonly condition?: string;
  readonly repeat?: number;
  readonly limits?: string;
  readonly says: readonly string[];
}

const textOf = ({ text, condition = 'true', repeat }: Refused): string => {
  if (text !== undefined) return text;
  if (repeat === undefined) return withCondition(condition);
  const last = repeat - 1;
  return Array.from({ length: repeat }, (_, i) => withCondition(i === last ? condition : 'true', `a${i}`)).join('\n');
};

describe('refused texts', () => {
  const table = parse(readFileSync(new URL('cases/refused.yaml', import.meta.url), 'utf8')) as Refused[];
  for (const refused of table) {
    test(refused.promise, async () => {
      const { level = 'org', limits } = refused;
      const policies = textOf(refused);
      const problems = await problemsOf(
        bundlesOf({ [level]: limits === undefined ? { policies } : { policies, limits } }),
      );
      for (const expected of refused.says)
        assert.ok(
          problems.some((problem) => problem.includes(expected)),
          `${expected}\n  not in\n${problems.join('\n')}`,
        );
    });
  }
});

test('all problems of all bundles come at once', async () => {
  const broken = {
    policies: withCondition('context.depth < "x"'),
    limits: '@id("l") @timeout_ms("x") permit(principal, action, resource);',
  };
  const problems = await problemsOf(bundlesOf({ org: broken, sales: broken }));
  assert.deepEqual(
    problems.map((problem) => problem.split(':')[0]),
    ['org.cedar', 'org.limits.cedar', 'sales.cedar', 'sales.limits.cedar'],
  );
});

test('the same rules are the same version, and any change is another', async () => {
  const one = await compilePolicy(org(withCondition('context.depth < 3')), WORLD);
  const spaced = await compilePolicy(org(withCondition('context.depth   <   3 // a comment\n')), WORLD);
  const other = await compilePolicy(org(withCondition('context.depth < 4')), WORLD);
  assert.match(one.version, /^sha256:[0-9a-f]{16}$/);
  assert.equal(spaced.version, one.version);
  assert.notEqual(other.version, one.version);
});

test('several bundles of one level are one level, and their ids stay apart', async () => {
  const bundles = [...org(withCondition('true', 'one')), ...org(withCondition('true', 'two'))];
  const { levels } = await compilePolicy(bundles, WORLD);
  assert.deepEqual(
    levels.map(({ policies }) => policies.map(({ id }) => id)),
    [['one', 'two']],
  );
  assert.deepEqual(await problemsOf([...bundles, ...org(withCondition('true', 'two'))]), [
    'level `org` has the @id `two` twice; ids are unique in a level',
  ]);
});

test('a domain may not take the name of the organisation', async () => {
  const world = { ...WORLD, domains: [{ tenant: 'default', name: 'org', parent: '' }] };
  await assert.rejects(compilePolicy(org(withCondition('true')), world), /a domain must not be called `org`/);
});

const HOSTILE: Readonly<Record<string, string>> = {
  'brackets without end': withCondition('('.repeat(20_000)),
  'brackets that close': withCondition(`${'('.repeat(5000)}true${')'.repeat(5000)}`),
  'a long chain': withCondition(Array(5000).fill('1').join(' + ')),
  'nested ifs': withCondition(`${'if true then '.repeat(3000)}true${' else false'.repeat(3000)}`),
  'many nots': withCondition(`${'!'.repeat(10_000)}true`),
  'quotes and backslashes': `@id("${'\\"'.repeat(200_000)}`,
  'a string without end': `"${'x'.repeat(900_000)}`,
  'half a character': withCondition('context.operation == "\ud800"'),
  'a reason without end': withCondition('true').replace('"r"', `"${'r'.repeat(5000)}"`),
};

describe('hostile texts are refused, quickly, and the next text is read as ever', () => {
  for (const [name, text] of Object.entries(HOSTILE)) {
    test(name, { timeout: 5000 }, async () => {
      assert.notDeepEqual(await problemsOf(org(text)), []);
      assert.deepEqual(await problemsOf(org(withCondition('true'))), []);
    });
  }
});

test('the largest policy that is accepted is evaluated by Cedar without breaking it', async () => {
  const deepest = `${'('.repeat(36)}${'if true then '.repeat(140)}true${' else false'.repeat(140)}${')'.repeat(36)}`;
  const longest = `${'('.repeat(30)}${Array(290).fill('1').join(' + ')}${')'.repeat(30)} == 3`;
  for (const condition of [deepest, longest]) assert.deepEqual(await problemsOf(org(withCondition(condition))), []);
});
