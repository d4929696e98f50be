/** The schema is Cedar, in the language that the compiler speaks, and its action groups are what snapshots carry. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { argumentsFromSchema } from './arguments/index.ts';
import { ACTION_OF, ACTION_PARENTS, CEDAR_LANGUAGE, schemaOf, schemaWithoutArguments, TYPE_OF } from './schema.ts';

const read = (schema: string) => {
  const answer = cedar.schemaToJson(schema);
  assert.equal(answer.type, 'success', JSON.stringify(answer));
  return answer.json[''] ?? { actions: {}, entityTypes: {} };
};

for (const [name, schema] of Object.entries({
  schemaOf: schemaOf([]),
  schemaWithoutArguments: schemaWithoutArguments([]),
})) {
  test(`action parents are those of the text of ${name}`, () => {
    const { actions, entityTypes } = read(schema);
    const parents = Object.entries(actions).map(([id, { memberOf = [] }]) => [id, memberOf.map((group) => group.id)]);
    assert.deepEqual(Object.fromEntries(parents), ACTION_PARENTS);
    for (const action of Object.values(ACTION_OF)) assert.ok(Object.hasOwn(actions, action));
    for (const type of Object.values(TYPE_OF)) assert.ok(Object.hasOwn(entityTypes, type));
  });
}

test('any name of an operation or an argument is the name of an action or an attribute', () => {
  const names = ['a b', '"', '\\', '', 'é', '日本', '\u{1f600}', "'; }", '\n\0', 'in', 'principal', 'Long'];
  const properties = Object.fromEntries(names.map((name) => [name, { type: 'integer' }]));
  const { type } = argumentsFromSchema({ type: 'object', properties });
  const ids = ['tool/crm/Refund.v2-x_1', 'tool/crm/__proto__', 'tool/crm/if'];
  const { actions } = read(schemaOf(ids.map((id) => ({ id, kind: 'tool', args: type, facts: [] }))));
  for (const id of ids) {
    const context = actions[id]?.appliesTo?.context as unknown as {
      readonly attributes: { readonly args: { attributes: object } };
    };
    assert.deepEqual(Object.keys(context.attributes.args.attributes).sort(), [...names].sort());
  }
});

test('the parser speaks the language version that snapshots are marked with', () => {
  assert.equal(cedar.getCedarLangVersion(), CEDAR_LANGUAGE);
});
