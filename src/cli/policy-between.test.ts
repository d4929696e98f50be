/** `airspace policy diff <release> <release>`, against the real admin door on loopback. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BundleText, Fault } from '../contract/index.ts';
import { served } from '../doors/admin/testing/served.ts';
import { line } from './testing/line.ts';

const rule = (id: string, effect: string, when = ''): string =>
  `@id("${id}") @reason("${id} is a reason") ${effect} (principal, action, resource) ${when};\n`;
const bundle = (name: string, policies: string, limits: string | null = null): BundleText => ({
  ...{ name, level: name, policies, limits },
});

/** The second names an agent that no registry knows any more. */
const RELEASES: Readonly<Record<string, readonly BundleText[]>> = {
  aaaaaaaa: [bundle('org', `${rule('all', 'permit')}${rule('old', 'forbid')}${rule('night', 'forbid')}`)],
  bbbbbbbb: [
    bundle(
      'org',
      // In another order and written another way: the same rules.
      `// a comment\n${rule('night', 'forbid', 'when { resource == Agent::"default/gone" }')}${rule('all', 'permit').replace(' (', '\n  (')}`,
      rule('rate', 'permit'),
    ),
    bundle('sales', rule('all', 'permit')),
  ],
  cccccccc: [bundle('org', 'permit (')],
};

const diff = async (...argv: string[]) => {
  const texts = async (_: string, id: string): Promise<readonly BundleText[]> => {
    if (RELEASES[id] === undefined) throw new Fault('not_found', `there is no release \`${id}\``);
    return RELEASES[id];
  };
  await using door = await served({ releases: { texts } as never });
  return await line(['policy', 'diff', ...argv, '--url', door.url, '--key', 'viewer']);
};

test('rules that the second has otherwise are told, whatever the order and the registry', async () => {
  const { exit, stdout, stderr } = await diff('aaaaaaaa', 'bbbbbbbb');
  assert.equal(exit, 1);
  assert.deepEqual(stdout.trimEnd().split('\n'), [
    '~ forbid org/night: night is a reason',
    '- forbid org/old: old is a reason',
    '+ limit org/rate: rate is a reason',
    '+ permit sales/all: all is a reason',
  ]);
  assert.match(stderr, /rules only: facts/);
  const back = JSON.parse((await diff('bbbbbbbb', 'aaaaaaaa', '-o', 'json')).stdout) as { rules: { change: string }[] };
  assert.deepEqual(
    back.rules.map(({ change }) => change),
    ['change', 'add', 'remove', 'remove'],
  );
});

test('the same is no difference, and what cannot be read is named', async () => {
  const same = await diff('sha256:aaaaaaaa', 'aaaaaaaa');
  assert.deepEqual([same.exit, same.stdout], [0, 'no rule differs\n']);
  assert.equal((await diff('aaaaaaaa', 'v43')).exit, 2);
  assert.equal((await diff('aaaaaaaa', 'dddddddd')).exit, 4);
  assert.match((await diff('aaaaaaaa', 'cccccccc')).stderr, /bundle `org` of a release cannot be read/);
});
