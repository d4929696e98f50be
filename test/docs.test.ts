/** Keeps the documents true: snippets stand in the files that they name, links lead somewhere, commands exist. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const documents = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  ...globSync('{docs,bench,examples}/**/*.md', { cwd: root, exclude: ['**/node_modules'] }),
].filter((path) => !path.includes('node_modules'));

test('every snippet stands, line for line, in the file that it names', () => {
  for (const path of documents) {
    for (const [, file, snippet] of read(path).matchAll(/```ts file=(\S+)\n([\s\S]*?)```/g)) {
      assert.ok(read(file!).includes(snippet!.trimEnd()), `${path}: this is no longer in ${file}:\n${snippet}`);
    }
  }
});

test('every link and every file that is named leads somewhere', () => {
  for (const path of documents) {
    const text = read(path);
    for (const [, link] of text.matchAll(/\]\(([^)#\s]+)\)/g)) {
      if (!/^[a-z]+:/.test(link!))
        assert.ok(existsSync(join(root, dirname(path), link!)), `${path} links to ${link}, which is not there`);
    }
    for (const [, file] of text.matchAll(/`((?:src|test|docs|bench|examples|scripts)\/[\w./-]+\.\w+)`/g)) {
      assert.ok(existsSync(join(root, file!)), `${path} names ${file}, which is not there`);
    }
  }
});

test('every npm script that a document names exists', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  for (const path of documents) {
    for (const [, script] of read(path).matchAll(/npm run ([\w:]+)/g))
      assert.ok(script! in scripts, `${path}: npm run ${script}`);
  }
});

test('every command that a document names exists', () => {
  const help = (...words: string[]): string =>
    execFileSync(process.execPath, [join(root, 'src/cli/main.ts'), ...words, '--help'], { encoding: 'utf8' });
  // A command may have a second name: `request|call`.
  const known = new Set([...help().matchAll(/^ {2}([a-z]+(?:\|[a-z]+)?)/gm)].flatMap((found) => found[1]!.split('|')));
  assert.ok(known.size > 15, 'the help lists the commands');
  for (const path of documents) {
    for (const [, command] of read(path).matchAll(/(?:\.\/|`|^)airspace ([a-z]+)/gm)) {
      assert.ok(command === 'test' || known.has(command!), `${path}: airspace ${command}`);
    }
  }
});
