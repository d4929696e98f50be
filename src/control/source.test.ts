import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { faultOf } from './fixture.ts';
import { readSources, sourcesOfText } from './source.ts';

const folder = async (t: TestContext, files: Readonly<Record<string, string>>): Promise<string> => {
  const root = await mkdtemp(join(tmpdir(), 'airspace-source-'));
  t.after(() => rm(root, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return root;
};
const problemsOf = async (root: string, path = root): Promise<readonly string[]> => {
  const { facts } = await faultOf(readSources([path]));
  return (facts['problems'] as readonly string[]).map((text) => text.replaceAll(`${root}/`, ''));
};
const bundleWith = (file: string): string => `kind: PolicyBundle\nspec:\n  policies:\n    file: ${file}\n`;

test('a folder is read whole, in name order, with every document and its line', async (t) => {
  const root = await folder(t, {
    'b.yml': 'b: 1',
    'a.yaml': 'a: 1\n---\na: 2\n',
    'deep/c.yaml': 'c: 1',
    'notes.txt': 'a: [',
    '.hidden.yaml': 'a: [',
    '.git/x.yaml': 'a: [',
  });
  const sources = await readSources([root]);
  assert.equal(JSON.stringify(sources.resources), '[{"a":1},{"a":2},{"b":1},{"c":1}]');
  assert.deepEqual(
    sources.origins.map((origin) => origin.replace(`${root}/`, '')),
    ['a.yaml:1', 'a.yaml:3', 'b.yml:1', 'deep/c.yaml:1'],
  );
  assert.equal(sources.locate(1, ['a']), join(root, 'a.yaml:3'));
});

test('policy text beside the file comes in with the name of its file', async (t) => {
  const root = await folder(t, {
    'policy/org.yaml':
      'kind: PolicyBundle\nspec:\n  level: org\n  policies: {file: org.cedar}\n  limits: {file: ../limits.cedar}\n',
    'policy/org.cedar': 'permit(principal, action, resource);',
    'limits.cedar': '// none',
  });
  const bundle = (await readSources([root])).resources[0]!;
  assert.deepEqual(JSON.parse(JSON.stringify(bundle)), {
    kind: 'PolicyBundle',
    spec: {
      level: 'org',
      policies: { text: 'permit(principal, action, resource);', source: join(root, 'policy/org.cedar') },
      limits: { text: '// none', source: join(root, 'limits.cedar') },
    },
  });
});

const escapes: readonly (readonly [string, string, string])[] = [
  ['an absolute path', '/etc/hostname', 'p.yaml:4: `/etc/hostname` must be a path relative to this file'],
  ['a way up', '../../../../../../../../etc/passwd', 'leads out of the folder that is applied'],
  ['a link out', 'link.cedar', 'p.yaml:4: `link.cedar` leads out of the folder that is applied'],
  ['a missing file', 'gone.cedar', 'p.yaml:4: `gone.cedar` does not exist'],
  ['a folder', 'folder.cedar', 'p.yaml:4: `folder.cedar` is not a plain file'],
  ['a pipe that would never end', 'pipe.cedar', 'p.yaml:4: `pipe.cedar` is not a plain file'],
  ['bytes that are not text', 'binary.cedar', 'p.yaml:4: `binary.cedar` is not UTF-8 text'],
  ['a huge file', 'huge.cedar', 'p.yaml:4: `huge.cedar` is larger than 1048576 bytes; split it into several files'],
];
for (const [what, file, sentence] of escapes) {
  test(`a policy file is refused: ${what}`, { timeout: 10_000 }, async (t) => {
    const root = await folder(t, {
      'p.yaml': bundleWith(file),
      'huge.cedar': ' '.repeat(1_048_577),
      'folder.cedar/x': '',
    });
    await symlink('/etc/hostname', join(root, 'link.cedar'));
    await writeFile(join(root, 'binary.cedar'), Buffer.from([0xff, 0xfe, 0x00]));
    execFileSync('mkfifo', [join(root, 'pipe.cedar')]);
    const problems = await problemsOf(root);
    assert.equal(problems.length, 1);
    assert.ok(problems[0]!.endsWith(sentence), problems[0]!);
  });
}

test('a single file may not reach above its own folder either', async (t) => {
  const root = await folder(t, { 'in/p.yaml': bundleWith('../out.cedar'), 'out.cedar': '' });
  const problems = await problemsOf(root, join(root, 'in/p.yaml'));
  assert.deepEqual(problems, ['in/p.yaml:4: `out.cedar` leads out of the folder that is applied']);
});

test('a linked yaml file that leads out is not read, and a linked folder is not entered', async (t) => {
  const outside = await folder(t, { 'x.yaml': 'secret: 1' });
  const root = await folder(t, { 'a.yaml': 'a: 1' });
  await symlink(join(outside, 'x.yaml'), join(root, 'link.yaml'));
  await symlink(outside, join(root, 'linked'));
  assert.deepEqual(await problemsOf(root), ['link.yaml: leads out of the folder that is applied']);
});

test('problems of all files are told at once, the first one first', async (t) => {
  const root = await folder(t, { 'a.yaml': 'a: 1\na: 2\n', 'b.yaml': '\tb', 'c.yaml': 'c: 1' });
  const fault = await faultOf(readSources([root, join(root, 'nowhere')]));
  assert.equal(fault.code, 'bad_request');
  assert.equal(fault.facts['count'], 3);
  assert.match(
    fault.message,
    /a\.yaml:2: the key `a` is given twice in one map; keep one of them \(and 2 more problems\)$/,
  );
  assert.match(fault.message, /^\//);
});

test('standard input has lines but no files', () => {
  const sources = sourcesOfText(`a: 1\n---\n${bundleWith('x.cedar')}`, 'stdin');
  assert.deepEqual(sources.origins, ['stdin:1', 'stdin:3']);
  assert.equal(JSON.stringify(sources.resources[1]), '{"kind":"PolicyBundle","spec":{"policies":{"file":"x.cedar"}}}');
});

test('a list as `get -o yaml` prints it is its resources, each with the line where it stands', () => {
  const text = `apiVersion: airspace.dev/v1
kind: AgentList
items:
  - version: 3
    resource:
      kind: Agent
      spec: {}
  - kind: Agent
`;
  const { resources, origins, locate } = sourcesOfText(text, 'old.yaml');
  assert.equal(JSON.stringify(resources), '[{"kind":"Agent","spec":{}},{"kind":"Agent"}]');
  assert.deepEqual(origins, ['old.yaml:5', 'old.yaml:8']);
  assert.equal(locate(0, ['spec']), 'old.yaml:7');
});

test('the policy text of a list is read like that of any other document', async (t) => {
  const root = await folder(t, {
    'list.yaml': `kind: PolicyBundleList\nitems:\n  - { kind: PolicyBundle, spec: { policies: { file: x.cedar } } }\n  - { kind: PolicyBundle, spec: { policies: { file: y.cedar } } }\n`,
    'x.cedar': 'permit (principal, action, resource);',
  });
  assert.deepEqual(await problemsOf(root), ['list.yaml:4: `y.cedar` does not exist']);
});
