import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentIn, eventsIn, FORMS, formOf, outwards } from './form.ts';

test('a form survives the way through a content type', () => {
  for (const form of FORMS) {
    assert.equal(formOf(documentIn(form)), form);
    assert.equal(formOf(eventsIn(form)), form);
  }
});

test('what nobody of ours writes has no form', () => {
  for (const text of [
    '',
    'application/json',
    'application/json; form=mcp',
    'application/json;form="mcp"',
    'application/json;form=mcp;charset=utf-8',
    'application/json;form=MCP',
    'text/plain;form=mcp',
    'application/json;form=nobody',
  ])
    assert.equal(formOf(text), 'plain', text);
});

test('outwards nobody hears of forms', () => {
  assert.equal(outwards(documentIn('a2a')), 'application/json');
  assert.equal(outwards(eventsIn('openai-chat')), 'text/event-stream');
  assert.equal(outwards('text/plain; charset=utf-8'), 'text/plain; charset=utf-8');
});
