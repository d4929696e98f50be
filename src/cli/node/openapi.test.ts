import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { KINDS } from '../../contract/index.ts';
import { ROUTES as ADMIN } from '../../doors/admin/index.ts';
import { documentOf } from '../../doors/openapi/index.ts';
import { ROUTES } from './routes.ts';

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
}

const document = documentOf({ routes: ROUTES, version: '1' }) as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
};

test('the description is one that others accept', async () => {
  const { valid, errors } = await new Validator().validate(JSON.parse(JSON.stringify(document)));
  assert.ok(valid, JSON.stringify(errors));
});

test('every route of every door is described, and every kind of resource', () => {
  for (const { method, path } of [...ROUTES, ...ADMIN])
    assert.ok(document.paths[path]?.[method.toLowerCase()], `${method} ${path} is not described`);
  assert.deepEqual(
    Object.keys(KINDS).filter((kind) => !(kind in document.components.schemas)),
    [],
  );
  const ids = Object.values(document.paths).flatMap((path) =>
    Object.values(path).flatMap(({ operationId }) => operationId ?? []),
  );
  assert.equal(new Set(ids).size, ids.length);
});

test('what a route reads is described by the schema that judges it', () => {
  const apply = document.paths['/v1/resources:apply']!['post']!;
  const schema = apply.requestBody!.content['application/json']!.schema as { properties: object; required: string[] };
  assert.deepEqual(schema.required, ['resources']);
  assert.ok('ifRevision' in schema.properties);
  assert.deepEqual(
    document.paths['/v1/audit/records']!['get']!.parameters?.map(({ name }) => name),
    ['node', 'chain', 'from', 'limit'],
  );
  const agent = document.components.schemas['Agent'] as { properties: { spec: { properties: object } } };
  assert.ok('endpoints' in agent.properties.spec.properties);
});
