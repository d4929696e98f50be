/** What an editor is told: the exact place of every mistake, also behind umlauts and emoji, and what to write instead. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Diagnostic, TextFile } from '../../contract/index.ts';
import { compilePolicy } from '../../policy/index.ts';
import { diagnose } from './diagnose.ts';
import { readFiles } from './read.ts';

const AGENTS = `apiVersion: airspace.dev/v1
kind: Agent
metadata: { name: refunds }
spec:
  endpoints: []
  operations:
    - name: issue
      effect: irreversible
      input: { type: object, required: [cents], properties: { cents: { type: integer }, note: { type: string } } }
    - { name: look, effect: read }
---
apiVersion: airspace.dev/v1
kind: PolicyBundle
metadata: { name: org }
spec:
  level: org
  policies: { file: rules/org.cedar }
`;
const OK = '@id("all") @reason("r")\npermit (principal, action, resource);\n';

const over = async (cedar: string, yaml = AGENTS): Promise<readonly Diagnostic[]> => {
  const files = [
    { name: 'a.yaml', text: yaml },
    { name: 'rules/org.cedar', text: cedar },
  ];
  return (await diagnose({ files, tenant: 'default', running: [], active: null, wallMs: 0 })).diagnostics;
};

/** The text that a range stands for, counted as the protocol counts. */
const under = (text: string, { start, end }: Diagnostic['range']): string => {
  const lines = text.split('\n');
  if (start.line !== end.line) return '(several lines)';
  return (lines[start.line] ?? '').slice(start.character, end.character);
};

interface Row {
  /** One line of Cedar, in which `«»` marks what must be underlined; an empty pair is where to insert. */
  readonly line: string;
  readonly code: string;
  readonly fix?: string;
}

const rule = (line: string): string => `@id("p") @reason("r") forbid (principal, action, resource) when { ${line} };`;

const TABLE: Readonly<Record<string, Row>> = {
  'an unknown attribute': { line: rule('context.«dept» < 3'), code: 'unknown-attribute', fix: 'depth' },
  'an unknown attribute in brackets': { line: rule('context["«dept»"] < 3'), code: 'unknown-attribute', fix: 'depth' },
  'an attribute that only a part of the context has': {
    line: rule('context.«agent» == principal'),
    code: 'unknown-attribute',
  },
  'an unknown attribute of a principal': {
    line: rule('principal.«nam» == "x"'),
    code: 'unknown-attribute',
    fix: 'name',
  },
  'an unknown argument': {
    line: '@id("p") @reason("r") forbid (principal, action == Action::"agent/refunds/issue", resource) when { context.args.«cent» > 3 };',
    code: 'unknown-attribute',
    fix: 'cents',
  },
  'a misspelt annotation': {
    line: '@id("p") @reason("r") @«resaon»("r") forbid (principal, action, resource);',
    code: 'unknown-annotation',
    fix: 'reason',
  },
  'an annotation with a wrong value': {
    line: '@id("p") @reason("r") @code("«lower case»") forbid (principal, action, resource);',
    code: 'annotation',
  },
  'an unknown operation': {
    line: '@id("p") @reason("r") forbid (principal, action == Action::"«agent/refunds/isue»", resource);',
    code: 'unknown-operation',
    fix: 'agent/refunds/issue',
  },
  'an unknown operation by its name': {
    line: rule('context.operation == "«loook»"'),
    code: 'unknown-operation',
    fix: 'look',
  },
  'an unknown agent': {
    line: '@id("p") @reason("r") forbid (principal == Agent::"«refundz»", action, resource);',
    code: 'unknown-name',
    fix: 'refunds',
  },
  'a wrong type': { line: rule('context.depth < «"x"»'), code: 'type' },
  'a missing semicolon at the end': {
    line: '@id("p") @reason("r") forbid (principal, action, resource)«»',
    code: 'syntax',
    fix: ';',
  },
  'a missing semicolon before the next policy': {
    line: '@id("p") @reason("r") forbid (principal, action, resource)«» // and: ü\n@id("q") @reason("r") permit (principal, action, resource);',
    code: 'syntax',
    fix: ';',
  },
  'a missing semicolon before a policy without annotations': {
    line: '@id("p") @reason("r") forbid (principal, action, resource)«»\npermit (principal, action, resource);',
    code: 'syntax',
    fix: ';',
  },
  'a word too many': { line: rule('context.depth < 3 «context»'), code: 'syntax' },
};

describe('Cedar: every mistake has its exact place', () => {
  for (const [name, { line, code, fix }] of Object.entries(TABLE))
    for (const before of ['', 'größer', '😀 é']) {
      const [head = '', ...rest] = line.split('@reason("r")');
      // Characters of two and of four bytes before the mistake, on its line.
      const wide = before === '' ? line : [head, ...rest].join(`@reason("${before}")`);
      test(`${name}${before === '' ? '' : `, behind ${before}`}`, async () => {
        const marked = `${OK}${wide}\n`;
        const text = marked.replaceAll(/[«»]/g, '');
        const wanted = /«([^»]*)»/.exec(marked)?.[1] ?? '';
        const lineOf = marked.slice(0, marked.indexOf('«')).split('\n');
        const found = (await over(text)).find((one) => one.code === code);
        assert.ok(found, `nothing of ${code}`);
        assert.deepEqual(
          [found.file, found.severity, under(text, found.range), found.range.start],
          ['rules/org.cedar', 'error', wanted, { line: lineOf.length - 1, character: lineOf.at(-1)?.length }],
        );
        assert.equal(found.suggestion?.text, fix);
        if (fix !== undefined) assert.equal(under(text, found.suggestion?.range as Diagnostic['range']), wanted);
      });
    }
});

const YAML: Readonly<Record<string, { readonly text: string; readonly code: string; readonly fix?: string }>> = {
  'an unknown field': {
    text: AGENTS.replace('level: org', 'level: org\n  # größer 😀\n  «limts»: {}'),
    code: 'schema',
    fix: 'limits',
  },
  'an unknown field behind wide characters': {
    text: AGENTS.replace('{ name: refunds }', '{ labels: { a: "ü😀" }, name: refunds, «domian»: x }'),
    code: 'schema',
    fix: 'domain',
  },
  'a wrong value': { text: AGENTS.replace('effect: read', 'effect: «raed»'), code: 'schema', fix: 'read' },
  'an unknown kind': {
    text: AGENTS.replace('kind: PolicyBundle', 'kind: «PolicyBundel»'),
    code: 'schema',
    fix: 'PolicyBundle',
  },
  'a domain that is not there': { text: AGENTS.replace('level: org', 'level: «sales»'), code: 'reference' },
  'a file that is not there': { text: AGENTS.replace('rules/org.cedar', '«rules/gone.cedar»'), code: 'missing-file' },
  'a key that is there twice': { text: AGENTS.replace('level: org', 'level: org\n  «level»: org'), code: 'yaml' },
};

describe('YAML: every mistake has its exact place', () => {
  for (const [name, { text: marked, code, fix }] of Object.entries(YAML))
    test(name, async () => {
      const text = marked.replaceAll(/[«»]/g, '');
      const found = (await over(OK, text)).find((one) => one.code === code);
      assert.ok(found, JSON.stringify(await over(OK, text)));
      const lines = marked.slice(0, marked.indexOf('«')).split('\n');
      assert.deepEqual(
        [found.file, under(text, found.range), found.range.start],
        ['a.yaml', /«([^»]*)»/.exec(marked)?.[1], { line: lines.length - 1, character: lines.at(-1)?.length }],
      );
      assert.equal(found.suggestion?.text, fix);
    });

  test('what is not YAML at all', async () => {
    const [found] = await over(OK, 'kind: "Agent\n');
    assert.deepEqual([found?.code, found?.severity], ['yaml', 'error']);
  });
});

test('Cedar text inside of YAML is pointed at where it stands there', async () => {
  const yaml = AGENTS.replace(
    'policies: { file: rules/org.cedar }',
    `policies:\n    text: |\n      // größer\n\n      ${rule('"😀" != "" && context.dept < 3')}\n`,
  );
  const found = (await over('', yaml)).find(({ code }) => code === 'unknown-attribute');
  assert.deepEqual([found?.file, under(yaml, found?.range as Diagnostic['range'])], ['a.yaml', 'dept']);
  assert.equal(under(yaml, found?.suggestion?.range as Diagnostic['range']), 'dept');
});

test('two names as near as each other are no correction', async () => {
  const yaml = AGENTS.replace(
    '- { name: look, effect: read }',
    '- { name: look, effect: read }\n    - { name: lock, effect: read }',
  );
  const found = (await over(`${OK}${rule('context.operation == "loak"')}`, yaml)).find(
    (one) => one.code === 'unknown-operation',
  );
  assert.match(found?.message ?? '', /did you mean/);
  assert.equal(found?.suggestion, undefined);
});

test('rules that are right and idle are told at their first line', async () => {
  const text = `${OK}@id("same") @reason("r")\npermit (principal, action, resource);`;
  const found = (await over(text)).find((one) => one.code === 'duplicate');
  assert.deepEqual(
    [found?.severity, under(text, found?.range as Diagnostic['range'])],
    ['warning', '@id("same") @reason("r")'],
  );
});

test('against what runs, each rule says whether it lets through more', async () => {
  const running = [
    ...readFiles(
      [
        { name: 'a.yaml', text: AGENTS },
        { name: 'rules/org.cedar', text: OK },
      ],
      'default',
    ).resources.values(),
  ].map(({ resource }) => resource);
  const then =
    '@id("all") @reason("r") permit (principal, action, resource) when { context.depth < 3 };\n@id("gone") @reason("r") forbid (principal, action, resource) when { context.session };';
  const names = {
    targets: [{ tenant: 'default', kind: 'agent' as const, name: 'refunds', domain: '', operations: [] }],
    domains: [],
    users: [],
  };
  const { levels } = await compilePolicy([{ tenant: 'default', level: 'org', policies: { text: then } }], names);
  const files: TextFile[] = [{ name: 'now.cedar', text: OK, level: 'org' }];
  const { diagnostics, formatted } = await diagnose({ files, tenant: 'default', running, active: levels, wallMs: 0 });
  assert.deepEqual(
    diagnostics.map(({ severity, code, message, range }) => [severity, code, message, range.start.line]),
    [
      ['information', 'wider', 'wider than the active policy: `org/gone`: forbid removed', 0],
      ['information', 'wider', 'wider than the active policy: `org/all`: permit matches more', 0],
    ],
  );
  assert.deepEqual(formatted, { 'now.cedar': OK.replace(' @reason', '\n@reason') });
});

test('Cedar text alone needs a level, and says so', async () => {
  const ask = (file: TextFile) => diagnose({ files: [file], tenant: 'default', running: [], active: null, wallMs: 0 });
  const { diagnostics } = await ask({ name: 'x.cedar', text: OK });
  assert.deepEqual(
    diagnostics.map(({ severity, code }) => [severity, code]),
    [['hint', 'no-bundle']],
  );
  const form = await ask({ name: 'x.cedar', text: 'permit (principal, action, resource)' });
  assert.deepEqual(
    form.diagnostics.map(({ severity, code, suggestion }) => [severity, code, suggestion?.text]),
    [
      ['hint', 'no-bundle', undefined],
      ['error', 'syntax', ';'],
    ],
  );
  const limits = await ask({
    name: 'x.cedar',
    text: '@id("l") @timeout_ms("x") permit (principal, action, resource);',
    level: 'org',
    rules: 'limits',
  });
  assert.ok(limits.diagnostics.some(({ code, message }) => code === 'annotation' && message.includes('@timeout_ms')));
});

test('what is wrong with a fact is told at its field', async () => {
  const fact = `---
apiVersion: airspace.dev/v1
kind: Fact
metadata: { name: known }
spec:
  for: [{ kind: agent, name: refundz }]
  as: { type: object, properties: { a: { type: string } } }
  value: { a: x }
`;
  const found = (await over(OK, AGENTS + fact)).find(({ code }) => code === 'fact');
  assert.equal(under(AGENTS + fact, found?.range as Diagnostic['range']), '[{ kind: agent, name: refundz }]');
});
