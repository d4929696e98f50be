import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KINDS } from '../contract/index.ts';
import { agent } from './fixture.ts';
import { checkShape } from './shape.ts';
import { sourcesOfText } from './source.ts';

const head = 'apiVersion: airspace.dev/v1\nkind: Agent\nmetadata:\n  name: orders\n';
const spec = 'spec:\n  operations:\n    - name: ask\n';
const governance = (kind: string, body: string): string =>
  `apiVersion: airspace.dev/v1\nkind: ${kind}\nmetadata: {name: x}\nspec:\n${body}`;
const KINDS_KNOWN = Object.keys(KINDS)
  .map((kind) => `\`${kind}\``)
  .join(', ');
const LABEL = 'must be 1 to 63 of a-z, 0-9 and "-", beginning and ending with a letter or digit';

/** YAML, and every sentence that it must be answered with. */
const wrong: readonly (readonly [string, string, readonly string[]])[] = [
  ['no map', '- a', ['f:1: a resource must be a map with apiVersion, kind, metadata and spec, found a list']],
  ['a text', 'hello', ['f:1: a resource must be a map with apiVersion, kind, metadata and spec, found `hello`']],
  ['no kind', 'a: 1', [`f:1: \`kind\` must be one of ${KINDS_KNOWN}, found nothing`]],
  ['a misspelt kind', 'x: 1\nkind: Agnet', ['f:2: there is no kind `Agnet`, did you mean `Agent`?']],
  [
    'a kind in lower case',
    'kind: policybundle',
    ['f:1: there is no kind `policybundle`, did you mean `PolicyBundle`?'],
  ],
  ['a strange kind', 'kind: Deployment', [`f:1: there is no kind \`Deployment\`; kinds are ${KINDS_KNOWN}`]],
  [
    'a kind with an escape sequence',
    'kind: "\\u001b[2J`"',
    [`f:1: there is no kind \`?[2J?\`; kinds are ${KINDS_KNOWN}`],
  ],
  ['a prototype as kind', 'kind: __proto__', [`f:1: there is no kind \`__proto__\`; kinds are ${KINDS_KNOWN}`]],
  [
    'another API version',
    `${head.replace('v1', 'v2')}${spec}`,
    ['f:1: Agent `orders`: `apiVersion` must be `airspace.dev/v1`, found `airspace.dev/v2`'],
  ],
  [
    'no API version',
    `${head.replace(/.*\n/, '')}${spec}`,
    ['f:1: Agent `orders`: `apiVersion` is missing; it must be `airspace.dev/v1`'],
  ],
  [
    'no name',
    `${head.replace('name: orders', 'labels: {}')}${spec}`,
    ['f:3: Agent: `metadata.name` is missing; it must be text'],
  ],
  [
    'a number as name',
    `${head.replace('orders', '12')}${spec}`,
    ['f:4: Agent: `metadata.name` must be text, found `12`'],
  ],
  [
    'a name in capitals',
    `${head.replace('orders', 'Orders')}${spec}`,
    [`f:4: Agent \`Orders\`: \`metadata.name\` ${LABEL}, found \`Orders\``],
  ],
  [
    'a name that climbs',
    `${head.replace('orders', '../x')}${spec}`,
    [`f:4: Agent \`../x\`: \`metadata.name\` ${LABEL}, found \`../x\``],
  ],
  [
    'no metadata',
    `apiVersion: airspace.dev/v1\nkind: Agent\n${spec}`,
    ['f:1: Agent: `metadata` is missing; it must be a map'],
  ],
  ['no spec', head, ['f:1: Agent `orders`: `spec` is missing; it must be a map']],
  [
    'a misspelt field',
    `${head}${spec}  endpoint: []\n`,
    ['f:8: Agent `orders`: `spec` has no field `endpoint`, did you mean `endpoints`?'],
  ],
  [
    'a field from nowhere',
    `${head}${spec}      colour: red\n`,
    [
      'f:8: Agent `orders`: `spec.operations[0]` has no field `colour`; its fields are `name`, `description`, `effect`, `sensitive`, `idempotent`, `reconcile`, `input`, `definition`, `price`, `provides`',
    ],
  ],
  [
    'a field beside the four',
    `${head}${spec}status: {}\n`,
    ['f:8: Agent `orders`: a resource has no field `status`; its fields are `apiVersion`, `kind`, `metadata`, `spec`'],
  ],
  [
    '__proto__ as field',
    `${head}${spec}  __proto__: {a: 1}\n`,
    [
      'f:8: Agent `orders`: `spec` has no field `__proto__`; its fields are `description`, `protocol`, `protocolVersion`, `binding`, `model`, `aliases`, `fallback`, `card`, `endpoints`, `credential`, `operations`, `health`, `concurrency`, `timeoutMs`, `near`, `price`',
    ],
  ],
  [
    'a misspelt effect',
    `${head}${spec}      effect: reed\n`,
    [
      'f:8: Agent `orders`: `spec.operations[0].effect` must be one of `read`, `write`, `spend`, `irreversible`, found `reed`, did you mean `read`?',
    ],
  ],
  [
    'no operations',
    `${head}spec:\n  operations: []\n`,
    ['f:6: Agent `orders`: `spec.operations` must have at least 1 entry, found 0'],
  ],
  [
    'a file as endpoint',
    `${head}${spec}  endpoints:\n    - url: file:///etc/passwd\n`,
    ['f:9: Agent `orders`: `spec.endpoints[0].url` must begin with http:// or https://, found `file:///etc/passwd`'],
  ],
  [
    'a password in a URL',
    `${head}${spec}  endpoints: [{url: "http://u:p@h/"}]\n`,
    ['f:8: Agent `orders`: `spec.endpoints[0].url` must not contain credentials, found `http://u:p@h/`'],
  ],
  [
    'a relative URL',
    `${head}${spec}  endpoints: [{url: here}]\n`,
    [
      'f:8: Agent `orders`: `spec.endpoints[0].url` must be an absolute URL such as http://127.0.0.1:9000, found `here`',
    ],
  ],
  [
    'half a weight',
    `${head}${spec}  endpoints: [{url: "http://h", weight: 0.5}]\n`,
    ['f:8: Agent `orders`: `spec.endpoints[0].weight` must be a whole number, found `0.5`'],
  ],
  [
    'a weight below nothing',
    `${head}${spec}  endpoints: [{url: "http://h", weight: -1}]\n`,
    ['f:8: Agent `orders`: `spec.endpoints[0].weight` must be at least 0, found `-1`'],
  ],
  [
    'an hour and more',
    `${head}${spec}  timeoutMs: 3600001\n`,
    ['f:8: Agent `orders`: `spec.timeoutMs` must be at most 3600000, found `3600001`'],
  ],
  [
    'text for a number',
    `${head}${spec}  timeoutMs: 30s\n`,
    ['f:8: Agent `orders`: `spec.timeoutMs` must be a number, found `30s`'],
  ],
  [
    'a label that is no name',
    `${head}  labels: {"Bad Key": x}\n${spec}`,
    [`f:5: Agent \`orders\`: \`metadata.labels.Bad Key\`: the key ${LABEL}`],
  ],
  [
    'a label that is a number',
    `${head}  labels: {a: 1}\n${spec}`,
    ['f:5: Agent `orders`: `metadata.labels.a` must be text, found `1`'],
  ],
  [
    'a health path',
    `${head}${spec}  health: {path: healthz}\n`,
    ['f:8: Agent `orders`: `spec.health.path` must begin with `/`, found `healthz`'],
  ],
  [
    'a level that is a number',
    governance('PolicyBundle', '  level: 5\n  policies: {text: ""}\n'),
    ['f:5: PolicyBundle `x`: `spec.level` must be text, found `5`'],
  ],
  [
    'a policy file that the server cannot see',
    governance('PolicyBundle', '  level: org\n  policies: {file: x}\n'),
    [
      'f:6: PolicyBundle `x`: `spec.policies.text` is missing; it must be text',
      'f:6: PolicyBundle `x`: `spec.policies` has no field `file`; its fields are `text`, `source`',
    ],
  ],
  [
    'a way that is none',
    governance('Route', '  to: {}\n  via: meshy\n'),
    [
      'f:6: Route `x`: `spec.via` must be `hub`, `mesh`, or `{mesh: N}` with a whole percentage of the call trees, found `meshy`',
    ],
  ],
  [
    'half a percent of the call trees',
    governance('Route', '  to: {}\n  via: {mesh: 2.5}\n'),
    [
      'f:6: Route `x`: `spec.via` must be `hub`, `mesh`, or `{mesh: N}` with a whole percentage of the call trees, found a map',
    ],
  ],
  [
    'more than all call trees',
    governance('Route', '  to: {}\n  via: {mesh: 101}\n'),
    ['f:6: Route `x`: `spec.via.mesh` must be at most 100, found `101`'],
  ],
  [
    'two shares of the call trees',
    governance('Route', '  to: {}\n  via: {mesh: 25, hub: 75}\n'),
    ['f:6: Route `x`: `spec.via` has no field `hub`; its fields are `mesh`'],
  ],
  [
    'a route to everything at once',
    governance('Route', '  to: {name: "**"}\n'),
    [`f:5: Route \`x\`: \`spec.to.name\` ${LABEL}, found \`**\``],
  ],
  [
    'a day that is no instant',
    governance(
      'Key',
      `  principal: {kind: user, name: ada}\n  secretHash: sha256:${'a'.repeat(64)}\n  expiresAt: tomorrow\n`,
    ),
    ['f:7: Key `x`: `spec.expiresAt` must be a date and time such as `2026-01-31T00:00:00Z`, found `tomorrow`'],
  ],
  [
    'a secret instead of its hash',
    governance('Key', '  principal: {kind: bot, name: ada}\n  secretHash: hunter2\n'),
    [
      'f:5: Key `x`: `spec.principal.kind` must be one of `agent`, `user`, found `bot`',
      'f:6: Key `x`: `spec.secretHash` must be "sha256:" and 64 hex digits, found `hunter2`',
    ],
  ],
  [
    'another tenant',
    `${head}  tenant: acme\n${spec}`,
    ['f:5: Agent `orders`: belongs to tenant `acme`, but you apply to `default`'],
  ],
];

for (const [what, text, sentences] of wrong) {
  test(`told with file, line, field, expectation and finding: ${what}`, () => {
    const { resources, origins, locate } = sourcesOfText(text, 'f');
    const shaped = checkShape({ resources, origins, locate }, 'default');
    assert.deepEqual(shaped.problems, sentences);
    assert.deepEqual(shaped.resources, []);
  });
}

test('the problems of all resources are told together', () => {
  const shaped = checkShape(
    { resources: [1, agent('ok'), null, agent('Bad')], origins: ['a:1', 'b:1', 'c:1', 'd:1'] },
    'default',
  );
  assert.equal(shaped.problems.length, 3);
  assert.equal(shaped.resources.length, 1);
  assert.equal(shaped.problems[2], `d:1: Agent \`Bad\`: \`metadata.name\` ${LABEL}, found \`Bad\``);
});

test('what is not said is filled in, the tenant from the author', () => {
  const { resources } = checkShape({ resources: [agent('a')], origins: ['x'] }, 'acme');
  assert.deepEqual(resources[0]?.resource, {
    apiVersion: 'airspace.dev/v1',
    kind: 'Agent',
    metadata: { name: 'a', tenant: 'acme', labels: {} },
    spec: { protocol: 'http', endpoints: [], operations: [{ name: 'ask', effect: 'write' }], concurrency: 1024 },
  });
});

test('a body deeper than any stack is a problem like any other', () => {
  const input: unknown = JSON.parse(`${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`);
  const shaped = checkShape(
    { resources: [agent('a', {}, { operations: [{ name: 'ask', input }] })], origins: ['x'] },
    'default',
  );
  assert.deepEqual(shaped.problems, ['x: is nested more than 64 levels deep']);
});
