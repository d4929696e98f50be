/** Holds the imports of every file against the table in ARCHITECTURE.md, so that the picture cannot lie. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Room {
  readonly floor: number;
  readonly allowed: ReadonlySet<string>;
}

const rooms = new Map<string, Room>(
  [...read('ARCHITECTURE.md').matchAll(/^\| *([a-z]+) *\| *(\d) *\| *([a-z ]*?) *\|/gm)].map((row) => [
    row[1]!,
    { floor: Number(row[2]), allowed: new Set(row[3]!.split(' ').filter((name) => name !== '')) },
  ]),
);

const files = globSync('src/**/*.ts', { cwd: root }).map((path) => path.replaceAll('\\', '/'));
const roomOf = (path: string): string => path.split('/')[1] ?? '';
const importsOf = (path: string): readonly string[] =>
  [...read(path).matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((found) =>
    relative(root, resolve(root, dirname(path), found[1]!)).replaceAll('\\', '/'),
  );

/** Tests, and what only tests import: their fixtures. */
const testing = new Set(files.filter((path) => path.endsWith('.test.ts')));
for (let size = -1; size !== testing.size; ) {
  size = testing.size;
  const importers = new Map<string, string[]>();
  for (const path of files)
    for (const imported of importsOf(path)) importers.set(imported, [...(importers.get(imported) ?? []), path]);
  for (const [path, by] of importers) if (by.every((importer) => testing.has(importer))) testing.add(path);
}
const isTest = (path: string): boolean => testing.has(path);

/** What is there when the program runs, and not only for the compiler. */
const loadedBy = (path: string): readonly string[] =>
  [...read(path).matchAll(/^(?:import|export) (?!type\b)([^;]*?)from '([^']+)'/gm)].flatMap(
    ([, names = '', from = '']) => {
      const inner = /\{([^}]*)\}/
        .exec(names)?.[1]
        ?.split(',')
        .map((name) => name.trim());
      if (inner?.every((name) => name === '' || name.startsWith('type ')) === true) return [];
      return [from.startsWith('.') ? relative(root, resolve(root, dirname(path), from)).replaceAll('\\', '/') : from];
    },
  );

test('the thread that writes loads neither schemas nor packages: each start of a node waits for it twice', () => {
  const loaded = new Set(['src/stores/sqlite/worker.ts']);
  for (const path of loaded) if (path.startsWith('src/')) for (const one of loadedBy(path)) loaded.add(one);
  assert.deepEqual(
    [...loaded].filter((path) => path.startsWith('src/contract/') || !/^(src\/|node:)/.test(path)),
    [],
  );
});

test('every room is in the table, and the table has no room that does not exist', () => {
  const found = new Set(files.map(roomOf));
  assert.deepEqual(
    [...found].filter((room) => !rooms.has(room)),
    [],
    'rooms that ARCHITECTURE.md does not name',
  );
  assert.deepEqual(
    [...rooms.keys()].filter((room) => !found.has(room)),
    [],
    'rooms that only ARCHITECTURE.md knows',
  );
});

test('imports run downward, into rooms that the table allows, through their index', () => {
  const wrong: string[] = [];
  for (const file of files) {
    if (isTest(file)) continue;
    for (const imported of importsOf(file)) {
      if (!imported.startsWith('src/')) {
        wrong.push(`${file} imports ${imported}, outside src`);
        continue;
      }
      const from = roomOf(file);
      const to = roomOf(imported);
      if (from === to) continue;
      if (!rooms.get(from)?.allowed.has(to)) wrong.push(`${file} imports ${to}, which ${from} may not know`);
      if (!/^src\/[a-z]+\/(?:[a-z0-9]+\/)?index\.ts$/.test(imported))
        wrong.push(`${file} enters ${to} through ${imported}, not through an index.ts`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('a room may only know rooms below it, conformance suites excepted', () => {
  for (const [name, room] of rooms) {
    if (name === 'conformance') continue;
    for (const known of room.allowed) {
      assert.ok(
        rooms.get(known)!.floor <= room.floor && known !== name,
        `${name} (floor ${room.floor}) may not know ${known}`,
      );
      if (room.floor === 3)
        assert.ok(rooms.get(known)!.floor < 3, `${name} and ${known} are neighbours and may not know each other`);
    }
  }
});

test('core rooms ask scope for time, chance and identity', () => {
  const core = new Set(['contract', 'kernel', 'identity', 'audit', 'policy', 'journal', 'routing', 'telemetry']);
  const banned =
    /\b(Date\.now\(|Math\.random\(|setTimeout\(|setInterval\(|setImmediate\(|randomUUID\(|performance\.now\(|[^.\w]fetch\()/;
  const wrong = files
    .filter(
      (file) =>
        core.has(roomOf(file)) && !isTest(file) && file !== 'src/kernel/system.ts' && file !== 'src/kernel/virtual.ts',
    )
    .flatMap((file) =>
      read(file)
        .split('\n')
        .flatMap((line, at) =>
          banned.test(line.replace(/\/\/.*|^\s*\*.*/, '')) ? [`${file}:${at + 1} ${line.trim()}`] : [],
        ),
    );
  assert.deepEqual(wrong, []);
});

test('one chokepoint: only the decide layer grants a permit, and every upstream checks it', () => {
  const granting = files.filter((file) => !isTest(file) && /\bPermit\.grant\(/.test(read(file)));
  assert.deepEqual(granting, ['src/policy/layer.ts']);
  // A program that is started is spoken to as well.
  const sockets =
    /from '(?:undici|node:net|node:http|node:https|node:http2|node:tls|node:dgram|node:child_process|@connectrpc\/connect-node)'/;
  const opening = files.filter(
    (file) => !isTest(file) && file.startsWith('src/upstreams/') && sockets.test(read(file)),
  );
  assert.ok(opening.length > 0, 'no upstream found');
  for (const room of new Set(opening.map((file) => file.split('/').slice(0, 3).join('/')))) {
    const checks = files.some(
      (file) => file.startsWith(`${room}/`) && !isTest(file) && /\bPermit\.check\(/.test(read(file)),
    );
    assert.ok(checks, `${room} opens connections and never checks a permit`);
  }
});

test('the dashboard knows of the house what its contract says, as types only, and reaches past it nowhere', () => {
  const pages = globSync('dashboard/src/**/*.{ts,tsx}', { cwd: root }).map((path) => path.replaceAll('\\', '/'));
  assert.ok(pages.length > 20, 'no dashboard found');
  const wrong = pages.flatMap((file) =>
    [...read(file).matchAll(/^(?:import|export)(?<what>[^;]*?)from '(?<from>\.[^']+)';/gms)].flatMap(({ groups }) => {
      const to = relative(root, resolve(root, dirname(file), groups!['from']!)).replaceAll('\\', '/');
      if (to.startsWith('dashboard/src/')) return [];
      const isType = /^\s+type\b/.test(groups!['what']!);
      return isType && to === 'src/contract/index.ts' ? [] : [`${file} imports ${to}`];
    }),
  );
  assert.deepEqual(wrong, []);
  // What makes markup of text, or runs it.
  const making =
    /dangerouslySetInnerHTML|\b(?:inner|outer)HTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function\(/;
  assert.deepEqual(
    pages.filter((file) => making.test(read(file))),
    [],
  );
});

test('no source file calls itself unfinished, and none knows the machine it was written on', () => {
  const banned = /\b(TODO|FIXME|XXX)\b|\/(?:home|root|Users)\/[a-z]/;
  assert.deepEqual(
    files.filter((file) => banned.test(read(file))),
    [],
  );
});
