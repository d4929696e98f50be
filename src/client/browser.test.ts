import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const IMPORT = /(?:^|\n)\s*(import|export)\s(type\s)?[^;]*?from\s+'([^']+)'/g;

/** Files that the module loads, itself included; imports of types alone load nothing. */
const reachable = (url: URL, seen = new Map<string, readonly string[]>()): ReadonlyMap<string, readonly string[]> => {
  if (seen.has(url.pathname)) return seen;
  const names: string[] = [];
  seen.set(url.pathname, names);
  for (const [, , onlyType, name] of readFileSync(url, 'utf8').matchAll(IMPORT)) {
    if (onlyType !== undefined || name === undefined) continue;
    names.push(name);
    if (name.startsWith('.')) reachable(new URL(name, url), seen);
  }
  return seen;
};

test('the client loads in browsers: nothing that it reaches imports a module of Node', () => {
  const files = reachable(new URL('./index.ts', import.meta.url));
  assert.ok(files.size > 5);
  for (const [file, names] of files) {
    assert.ok(!names.some((name) => name.startsWith('node:')), file);
    assert.doesNotMatch(readFileSync(file, 'utf8'), /\b(Buffer|process)\./, file);
  }
  // The test can see what it looks for.
  const server = reachable(new URL('./serve.ts', import.meta.url));
  assert.ok([...server.values()].flat().includes('node:http'));
});
