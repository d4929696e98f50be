/** Keeps `docs/policy.md` true: its policies are right under the schema that its own example of an operation makes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { compilePolicy, type RegistryNames } from '../src/policy/index.ts';

const guide = readFileSync(new URL('../docs/policy.md', import.meta.url), 'utf8');
const blocks = (language: string): string[] =>
  [...guide.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text = '']) => text);

const { operations } = parse(blocks('yaml')[0] ?? '') as { operations: { name: string; input: object }[] };
const currency = { type: 'object', properties: { currency: { type: 'string' }, note: { anyOf: [] } } };

const target = (
  kind: 'agent' | 'tool' | 'model',
  name: string,
  of: RegistryNames['targets'][number]['operations'],
) => ({
  tenant: 'default',
  kind,
  name,
  domain: 'sales',
  operations: of,
});

const WORLD: RegistryNames = {
  targets: [
    target('agent', 'refunds', operations),
    target('tool', 'crm', [{ name: 'Refund.v2', input: currency }]),
    target('model', 'small', [{ name: 'chat' }]),
  ],
  domains: [{ tenant: 'default', name: 'sales', parent: '' }],
  users: [{ tenant: 'default', name: 'clara', roles: ['clerk'] }],
};

/** Examples that are about something else than annotations have none. */
const annotated = (text: string, index: number): string =>
  text.includes('@id')
    ? text
    : text.replace(/^(?:permit|forbid)/gm, (word, at) => `@id("p${index}-${at}") @reason("r")\n${word}`);

const compile = (text: string, kind: 'policies' | 'limits') =>
  compilePolicy(
    [{ tenant: 'default', level: 'org', policies: { text: '' }, [kind]: { text, source: 'operations.cedar' } }],
    WORLD,
  );

blocks('cedar').forEach((text, index) => {
  test(`example ${index + 1} of the guide is right`, async () => {
    await compile(annotated(text, index), /@max_tokens/.test(text) ? 'limits' : 'policies');
  });
});

test('the message of the guide is the message that an author gets', async () => {
  const text =
    '@id("large") @reason("r")\nforbid (principal, action == Action::"tool/crm/Refund.v2", resource) when { context.args.note == "" };';
  const shown = /`note` has no type: `anyOf` has no counterpart in policies/;
  await assert.rejects(compile(text, 'policies'), shown);
  assert.match(guide.replace(/\s+/g, ' '), shown);
});
