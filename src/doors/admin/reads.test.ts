import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { READS, type Reads } from './reads.ts';
import { ROUTES } from './routes.ts';

/** Ports that answer nothing: a route is asked until it reads something, and no further. */
const nothing: unknown = new Proxy(() => nothing, {
  get: (_, name) => (name === 'then' ? undefined : nothing),
  apply: () => nothing,
});

const readBy = async (route: (typeof ROUTES)[number]): Promise<Reads> => {
  const seen: { query?: z.ZodType; body?: z.ZodType } = {};
  const stop = new Error('read');
  const see = (what: 'query' | 'body') => (schema: z.ZodType) => {
    seen[what] = schema;
    throw stop;
  };
  const asked = {
    ports: nothing,
    principal: { kind: 'user', tenant: 'default', id: 'x', roles: ['admin'] },
    rights: { kind: 'tenant' },
    theirs: nothing,
    node: nothing,
    param: 'f'.repeat(32),
    from: '',
    query: see('query'),
    body: async (schema: z.ZodType) => see('body')(schema),
  };
  await Promise.resolve()
    .then(() => route.serve(asked as never))
    .catch(() => {});
  return seen;
};

const isNothing = (schema: z.ZodType | undefined): boolean =>
  schema === undefined ||
  JSON.stringify(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }).properties) === '{}';

test('the table of what routes read says what they read', async () => {
  const wrong: string[] = [];
  for (const route of ROUTES) {
    const name = `${route.method} ${route.path}`;
    const seen = await readBy(route);
    for (const what of ['query', 'body'] as const) {
      const said = READS[name]?.[what];
      if (isNothing(seen[what]) ? said !== undefined : said !== seen[what]) wrong.push(`${what} of ${name}`);
    }
  }
  assert.deepEqual(wrong, []);
  const paths = new Set(ROUTES.map(({ method, path }) => `${method} ${path}`));
  assert.deepEqual(
    Object.keys(READS).filter((name) => !paths.has(name)),
    [],
  );
});
