/** What the screen of policies works out by itself: drafts, proposals, and commands for a shell. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { quoted } from '../model/shell.ts';
import { draftCommand, policyCommand } from './commands.ts';
import { type Draft, draftIn, edited, isChanged, isInConflict, type Versioned } from './draft.ts';
import { type Bundle, filesOf, proposalOf, resourceOf } from './proposal.ts';

const ACTIVE: Versioned = { version: 3, policies: 'one', limits: null };
const drafted = (policies: string, base = ACTIVE): Draft => ({ policies, limits: null, cases: '', base, savedAtMs: 1 });

/** What a shell, or a terminal, would make something of. */
const HOSTILE = [
  '; rm -rf /',
  '\u001b[2J\u0007',
  '\u202egnp.exe',
  "' onmouseover='x",
  '${x}',
  '-n --yes',
  'a\nb',
  '\ud800 half',
];

describe('a draft', () => {
  test('begins at what is active, and goes on from there while that moves', () => {
    const begun = edited(null, ACTIVE, { policies: 'two' });
    assert.deepEqual(begun, { base: ACTIVE, policies: 'two', limits: null, cases: '' });
    const moved = { ...ACTIVE, version: 4, policies: 'hotfix' };
    const on = edited({ ...begun, savedAtMs: 1 }, moved, { cases: 'cases: []' });
    assert.deepEqual([on.base.version, on.policies, on.cases], [3, 'two', 'cases: []']);
  });

  test('that says what is active begins anew when somebody writes again', () => {
    const moved = { ...ACTIVE, version: 4, policies: 'two' };
    assert.equal(edited(drafted('two'), moved, { policies: 'three' }).base.version, 4);
  });

  test('is in conflict only when it would undo what came', () => {
    const moved = { ...ACTIVE, version: 4, policies: 'hotfix' };
    assert.equal(isInConflict(drafted('two'), ACTIVE), false);
    assert.equal(isInConflict(drafted('two'), moved), true);
    assert.equal(isInConflict(drafted('hotfix'), moved), false, 'it says the same');
    assert.equal(isInConflict(drafted('two'), { ...ACTIVE, version: 4 }), false, 'only a label changed');
    assert.equal(isInConflict(null, moved), false);
  });

  test('empty limits of a bundle that has none are none', () => {
    assert.equal(edited(null, ACTIVE, { limits: '' }).limits, null);
    assert.equal(edited(null, { ...ACTIVE, limits: 'l' }, { limits: '' }).limits, '');
    assert.equal(isChanged(drafted('one'), { ...ACTIVE, limits: '' }), false);
  });

  test('that storage holds may be anything', () => {
    const draft = drafted('two');
    assert.deepEqual(draftIn(JSON.stringify(draft)), draft);
    const { base: _, ...torn } = draft;
    for (const text of [null, '', 'no', '1', '[]', '{}', JSON.stringify(torn), JSON.stringify({ ...draft, cases: 1 })])
      assert.equal(draftIn(text), undefined, String(text));
  });
});

const BUNDLE: Bundle = {
  apiVersion: 'airspace.dev/v1',
  kind: 'PolicyBundle',
  metadata: { name: 'org', tenant: 'default', labels: {} },
  spec: { level: 'org', policies: { text: 'one' }, limits: { text: 'old', source: 'x.cedar' } },
};

describe('a proposal', () => {
  test('is the resource with the text of the draft, and the cases beside it', () => {
    const draft = { ...drafted('two'), cases: 'cases: []' };
    assert.deepEqual(resourceOf(BUNDLE, draft).spec, { level: 'org', policies: { text: 'two', source: 'org.cedar' } });
    assert.deepEqual(proposalOf(BUNDLE, draft).cases, [{ name: 'org.cases.yaml', text: 'cases: []' }]);
    assert.deepEqual(proposalOf(BUNDLE, { ...draft, cases: ' ' }).cases, []);
  });

  test('is asked about as texts of its level', () => {
    assert.deepEqual(
      filesOf(BUNDLE, { policies: 'p', limits: 'l' }).map(({ name, level, rules }) => [name, level, rules]),
      [
        ['org.cedar', 'org', 'policies'],
        ['org.limits.cedar', 'org', 'limits'],
      ],
    );
  });
});

describe('a command', () => {
  const shell = (script: string, cwd: string): string =>
    execFileSync('/bin/sh', ['-c', `airspace() { printf '%s\\n' "$@"; }\n${script}`], { cwd, encoding: 'utf8' });

  test('has every word as it was, whatever a shell would make of it', () => {
    for (const text of [...HOSTILE, "it's", '$(touch x)', '`id`', 'a b', '!!', '\\', '"']) {
      const safe = text.replaceAll(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}]/gu, '');
      const said = shell(policyCommand('rollback', { flags: { reason: text } }), '/');
      assert.equal(said, `policy\nrollback\n--reason\n${safe}\n`);
    }
  });

  test('names a release by what people type, and leaves out what nobody said', () => {
    assert.equal(
      policyCommand('activate', { release: 'sha256:f4360da50a492ef4', flags: { percent: '10', reason: '' } }),
      'airspace policy activate f4360da5 --percent 10',
    );
    assert.equal(quoted('24h'), '24h');
  });

  test('with a draft writes its files first, and a text cannot end them early', () => {
    const folder = mkdtempSync(join(tmpdir(), 'airspace-command-'));
    try {
      const text = "END\nEND1\n'$(id)` \\";
      const draft = { ...drafted(text), cases: `cases: []\nEND\n${HOSTILE[0]}` };
      const said = shell(draftCommand('stage', proposalOf(BUNDLE, draft), { reason: 'a b' }), folder);
      assert.equal(said, 'policy\nstage\n--file\norg-draft\n--reason\na b\n');
      const written = JSON.parse(readFileSync(join(folder, 'org-draft', 'org.yaml'), 'utf8')) as Bundle;
      assert.equal(written.spec.policies.text, text);
      assert.equal(readFileSync(join(folder, 'org-draft', 'org.cases.yaml'), 'utf8'), `${draft.cases}\n`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
