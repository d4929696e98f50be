/** Each cell of the table in the docs is a call over a real hub. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { featureTables } from './features.ts';
import { CALLED, type Cell, outcomeOf, runMatrix } from './matrix.ts';
import { tableOf } from './table.ts';

const { cells, seen } = await runMatrix();
const told = ({ caller, target, stream }: Cell): string => `${caller} -> ${target}${stream ? ', as a stream' : ''}`;

test('the tables in the docs are what happens', async () => {
  const document = readFileSync(new URL('../../docs/translation.md', import.meta.url), 'utf8');
  for (const table of [tableOf(cells), await featureTables()])
    assert.ok(
      document.includes(table),
      `run \`npm run translation -- --write\` and look at what changed; now it is:\n${table}`,
    );
});

test('what was said arrives, and what was answered comes back', () => {
  const wrong = cells.filter((cell) => cell.heard.status < 400 && outcomeOf(cell) !== 'ok');
  assert.deepEqual(
    wrong.map((cell) => `${told(cell)}: ${cell.heard.raw.slice(0, 300)}`),
    [],
  );
});

test('what is refused names the fields that would be lost, or says what to call instead', () => {
  const refused = cells.filter((cell) => cell.heard.status >= 400);
  assert.deepEqual(
    refused
      .filter(({ heard }) => !/`/.test(heard.text))
      .map((cell) => `${told(cell)}: ${cell.heard.raw.slice(0, 300)}`),
    [],
  );
});

test('every target was called in its own words', () => {
  for (const { path, title } of CALLED) {
    const bodies = seen.filter((one) => one.path.startsWith(path)).map(({ body }) => body);
    assert.ok(bodies.length > 0, title);
    for (const body of bodies) {
      if (path.startsWith('/mcp') || path.startsWith('/a2a'))
        assert.ok(Object.keys(body).length === 0 || body['jsonrpc'] === '2.0', title);
      else if (path.startsWith('/agent') || path.startsWith('/tool')) assert.equal(body['jsonrpc'], undefined, title);
      else assert.ok('messages' in body || 'input' in body, title);
    }
  }
});
