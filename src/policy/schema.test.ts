/** The schema is Cedar, in the language that the compiler speaks, and its action groups are what snapshots carry. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { ACTION_OF, ACTION_PARENTS, CEDAR_LANGUAGE, SCHEMA, TYPE_OF } from './schema.ts';

test('action parents are those of the schema text', () => {
  const answer = cedar.schemaToJson(SCHEMA);
  assert.equal(answer.type, 'success');
  const { actions = {}, entityTypes = {} } = answer.json[''] ?? {};
  const parents = Object.entries(actions).map(([id, { memberOf = [] }]) => [id, memberOf.map((group) => group.id)]);
  assert.deepEqual(Object.fromEntries(parents), ACTION_PARENTS);
  for (const action of Object.values(ACTION_OF)) assert.ok(Object.hasOwn(actions, action));
  for (const type of Object.values(TYPE_OF)) assert.ok(Object.hasOwn(entityTypes, type));
});

test('the parser speaks the language version that snapshots are marked with', () => {
  assert.equal(cedar.getCedarLangVersion(), CEDAR_LANGUAGE);
});
