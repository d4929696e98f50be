import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadDatabase } from './database.ts';
import { agreeing, replay } from './desk-check.ts';
import { readRecordings } from './recordings.ts';
import { toolNames, tools } from './tools.ts';

/** `AIRSPACE_DATA`, else `../shared/data` beside the repository; the recorded data is never part of the repository. */
const root = process.env['AIRSPACE_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
const data = join(root, 'tau-airline');
const missing = existsSync(data)
  ? undefined
  : `no folder \`${data}\`: set AIRSPACE_DATA to the folder that holds tau-airline`;

test('the desk replies to all 1,164 recorded calls as recorded', (t) => {
  if (missing !== undefined) return t.skip(missing);
  const conversations = readRecordings(data);
  const replayed = replay(loadDatabase(data), conversations);
  assert.equal(conversations.length, 200);
  assert.equal(new Set(conversations.map(({ session }) => session)).size, 200);
  assert.equal(replayed.length, 1_164);
  assert.equal(new Set(replayed.map(({ call }) => call.tool)).size, 14);
  assert.ok(agreeing(replayed) >= 0.99, `only ${agreeing(replayed)} agree`);
});

test('only profiles need the renamed field, and every profile does', (t) => {
  if (missing !== undefined) return t.skip(missing);
  const replayed = replay(loadDatabase(data), readRecordings(data));
  for (const { call, agreement } of replayed) {
    assert.equal(agreement.verdict === 'renamed', call.tool === 'get_user_details');
  }
});

test('the tools have the names and arguments of the published list', (t) => {
  if (missing !== undefined) return t.skip(missing);
  const published: { name: string; parameters: { properties: object; required: string[] } }[] = JSON.parse(
    readFileSync(join(data, 'tools.json'), 'utf8'),
  );
  assert.deepEqual(published.map(({ name }) => name).sort(), toolNames);
  for (const { name, parameters } of published) {
    const tool = toolNames.find((known) => known === name)!;
    assert.deepEqual(Object.keys(tools[tool].args.shape).sort(), Object.keys(parameters.properties).sort(), name);
    assert.deepEqual(parameters.required.toSorted(), Object.keys(parameters.properties).sort(), name);
  }
});
