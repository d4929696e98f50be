/** The table of metrics that people read is the table that the code writes from. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FAMILIES } from '../../src/telemetry/index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

test('docs/metrics.md has every family with its type, its labels and its meaning, and no other', () => {
  const rows = [...read('docs/metrics.md').matchAll(/^\| `(\w+)` \| (counter|gauge|histogram) \| (.*?) \| (.*) \|$/gm)];
  const documented = rows.map(([, name, type, labels = '', help]) => ({
    ...{ name, type, help },
    labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
  }));
  const written = Object.entries(FAMILIES).map(([name, { type, labels, help }]) => ({
    name,
    type,
    help,
    labels: [...labels],
  }));
  assert.deepEqual(documented, written);
});

/** What Prometheus makes of a histogram. */
const base = (name: string): string => name.replace(/_(bucket|sum|count)$/, '');

test('every metric that a document names exists', () => {
  for (const path of globSync('docs/**/*.md', { cwd: root }))
    for (const [name] of read(path).matchAll(/\bairspace_[a-z_]+(?:_total|_seconds|_bytes|_ratio|_open|_bucket)\b/g))
      assert.ok(name in FAMILIES || base(name) in FAMILIES, `${path}: ${name}`);
});
