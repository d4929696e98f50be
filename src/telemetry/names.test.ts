import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Attributes, CallEvent, StepEvent } from '../contract/index.ts';
import {
  type Named,
  type NameSet,
  nameCall,
  nameStep,
  type SayAttribute,
  STEP_ROWS,
  sayCall,
  sayStep,
} from './names.ts';

const event = (given: Partial<CallEvent> = {}): CallEvent => ({
  ...{
    callId: 'c'.repeat(32),
    trace: 'a'.repeat(32),
    span: 'b'.repeat(16),
    tenant: 'default',
    node: 'hub',
    role: 'hub',
  },
  ...{ principal: { kind: 'agent', id: 'concierge' }, lineage: { root: 'c'.repeat(32), depth: 0 }, session: 'talk-7' },
  ...{ startedAtMs: 1, durationMs: 2, status: 'ok', code: '', httpStatus: 200, requestBytes: 3, replyBytes: 4 },
  ...{ snapshotSeq: 5, attributes: {}, steps: [], target: { kind: 'agent', name: 'orders', operation: 'where' } },
  ...given,
});

const step = (name: string, attributes: StepEvent['attributes'] = {}): StepEvent => ({
  ...{ span: 'd'.repeat(16), offsetMs: 0, durationMs: 1 },
  name,
  attributes,
});

/** With its attributes; one that is said twice is no attribute. */
const heard = (named: Named, sayAll: (say: SayAttribute) => void): Named & { readonly attributes: Attributes } => {
  const attributes: Record<string, NonNullable<Attributes[string]>> = {};
  sayAll((name, value) => {
    assert.ok(!Object.hasOwn(attributes, name), name);
    attributes[name] = value;
  });
  return { ...named, attributes };
};
const callAs = (of: CallEvent, set: NameSet) => heard(nameCall(of, set), (say) => sayCall(of, set, say));
const stepAs = (of: StepEvent, set: NameSet) => heard(nameStep(of), (say) => sayStep(of, set, say));

test('every step that a layer notes has its row, and every row a layer', () => {
  const root = fileURLToPath(new URL('../', import.meta.url));
  const sources = globSync('**/*.ts', {
    cwd: root,
    exclude: ['**/*.test.ts', '**/testing/**', 'lab/**', 'conformance/**'],
  });
  const noted = sources.flatMap((path) =>
    [...readFileSync(`${root}${path}`, 'utf8').matchAll(/\bspan\.step\(\s*'([^']+)'/g)].map(([, name]) => name!),
  );
  assert.ok(noted.length > 10, String(noted));
  assert.deepEqual([...new Set(noted)].sort(), Object.keys(STEP_ROWS).sort());
});

test('each kind of target has the name and the operation that the conventions give it', () => {
  const cases: readonly (readonly [CallEvent['target'], string, string | undefined, string])[] = [
    [{ kind: 'agent', name: 'orders', operation: 'where' }, 'invoke_agent orders', 'invoke_agent', 'gen_ai.agent.name'],
    [{ kind: 'tool', name: 'ledger', operation: 'book' }, 'execute_tool book', 'execute_tool', 'gen_ai.tool.name'],
    [{ kind: 'model', name: 'small', operation: 'chat' }, 'chat small', 'chat', 'gen_ai.request.model'],
    [{ kind: 'model', name: 'small', operation: 'embed' }, 'embeddings small', 'embeddings', 'gen_ai.request.model'],
    [
      { kind: 'model', name: 'small', operation: 'toString' },
      'model small/toString',
      undefined,
      'gen_ai.request.model',
    ],
    [{ kind: 'tool', name: 'ledger', operation: 'mcp.list' }, 'tool ledger/mcp.list', undefined, 'airspace.operation'],
  ];
  for (const [target, name, operation, has] of cases) {
    const named = callAs(event({ target }), 'otel');
    assert.equal(named.name, name);
    assert.equal(named.attributes['gen_ai.operation.name'], operation, name);
    assert.ok(named.attributes[has] !== undefined, `${has} of ${name}`);
  }
});

test('what the conventions have a name for has that name only, and the rest ours', () => {
  const used = { 'usage.input_tokens': 7, 'usage.output_tokens': 9, 'cost.micros': 11 };
  const { attributes } = callAs(event({ attributes: used, code: 'timeout' }), 'otel');
  const { 'gen_ai.usage.input_tokens': input, 'gen_ai.usage.output_tokens': output } = attributes;
  assert.deepEqual([input, output, attributes['airspace.cost.micros']], [7, 9, 11]);
  assert.equal(attributes['error.type'], 'timeout');
  assert.equal(attributes['gen_ai.conversation.id'], 'talk-7');
  assert.equal(attributes['http.response.status_code'], 200);
  assert.equal(attributes['airspace.code'], undefined);
  const sent = step('send', { status: 200, protocol: 'mcp', endpoint: 'ledger-1', code: '' });
  assert.deepEqual(stepAs(sent, 'otel'), {
    name: 'send',
    kind: 'client',
    attributes: {
      'http.response.status_code': 200,
      'airspace.protocol': 'mcp',
      'airspace.endpoint': 'ledger-1',
    },
  });
});

test('a tool that was called over MCP says so, and nothing else does', () => {
  const methodOf = (operation: string, protocol: string): unknown => {
    const target = { kind: 'tool', name: 'ledger', operation } as const;
    return callAs(event({ target, steps: [step('send', { protocol })] }), 'otel').attributes['mcp.method.name'];
  };
  assert.deepEqual(
    [methodOf('book', 'mcp'), methodOf('book', 'http'), methodOf('mcp.list', 'mcp')],
    ['tools/call', undefined, undefined],
  );
});

test('our own names are the other set, throughout', () => {
  const named = [
    callAs(event({ code: 'timeout', attributes: { 'usage.input_tokens': 7 } }), 'airspace'),
    stepAs(step('send', { status: 200, protocol: 'mcp' }), 'airspace'),
  ];
  assert.deepEqual(
    named.map(({ name }) => name),
    ['agent orders/where', 'send'],
  );
  for (const { attributes } of named)
    assert.ok(
      Object.keys(attributes).every((name) => name.startsWith('airspace.')),
      Object.keys(attributes).join(),
    );
});
