/** Dashboards ask for what there is: each metric exists, and has the labels that are asked of it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FAMILIES, type Family } from '../../src/telemetry/index.ts';
import { skippable } from './tools.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
}

const dashboards = globSync('deploy/grafana/*.json', { cwd: root }).map((path) => ({
  path,
  dashboard: JSON.parse(readFileSync(join(root, path), 'utf8')) as Dashboard,
}));

const questions = dashboards.flatMap(({ path, dashboard }) =>
  dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ at: `${path}: ${title}`, expr }))),
);

const all: Readonly<Record<string, Family>> = FAMILIES;

/** As Prometheus has it: a histogram in its parts, and nothing else by such a name. */
const familyOf = (name: string): Family | undefined => {
  const histogram = all[name.replace(/_(bucket|sum|count)$/, '')];
  return all[name]?.type === 'histogram'
    ? undefined
    : (all[name] ?? (histogram?.type === 'histogram' ? histogram : undefined));
};

/** Prometheus adds these itself. */
const ALWAYS = ['le', 'instance', 'job'];

test('there are dashboards, each with an id of its own', () => {
  assert.ok(dashboards.length >= 3);
  assert.equal(new Set(dashboards.map(({ dashboard }) => dashboard.uid)).size, dashboards.length);
  assert.ok(questions.length > 30);
});

test('every metric that a dashboard asks for exists, with the labels that it selects and groups by', () => {
  for (const { at, expr } of questions) {
    const named = [...expr.matchAll(/\b((?:airspace|process)_[a-z_]+)(?:\{([^}]*)\})?/g)];
    assert.ok(named.length > 0, `${at} asks for nothing of ours`);
    const labels = new Set(ALWAYS);
    for (const [, name = '', matchers = ''] of named) {
      const family = familyOf(name);
      assert.ok(family, `${at}: ${name} does not exist`);
      for (const label of family.labels) labels.add(label);
      for (const [, label = ''] of matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g))
        assert.ok(family.labels.includes(label), `${at}: ${name} has no label ${label}`);
    }
    for (const [, grouped = ''] of expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g))
      for (const label of grouped.split(',').map((one) => one.trim()))
        assert.ok(labels.has(label), `${at}: nothing in it has the label ${label}`);
  }
});

test('Prometheus can read every question', skippable('promtool'), () => {
  const rules = questions.map(({ expr }, at) => ({
    record: `dashboard:question_${at}`,
    expr: expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$(tenant|role)\b/g, '.*'),
  }));
  const scratch = mkdtempSync(join(tmpdir(), 'airspace-grafana-'));
  try {
    const file = join(scratch, 'rules.json');
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboards', rules }] }));
    const { status, stderr } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  } finally {
    rmSync(scratch, { recursive: true });
  }
});
