import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bounces, repeats } from './chain.ts';

/** `a:x` is a call of agent `a` with the arguments `x`. */
const tree = (begun: string, text: string) => ({
  begun,
  hops: text.split(' ').map((hop) => {
    const [name, digest = ''] = hop.split(':');
    return { target: `agent/${name}/ask`, digest };
  }),
});

const CIRCLES: readonly (readonly [begun: string, hops: string, repeats: boolean])[] = [
  ['user/ann', 'a:1', false],
  ['user/ann', 'a:1 b:1 a:1', false],
  ['user/ann', 'a:1 b:1 a:1 b:1', true],
  ['user/ann', 'a:1 b:1 a:1 b:2', false],
  ['agent/b', 'a:1 b:1 a:1', true],
  ['user/ann', 'a:1 a:1', false],
  ['user/ann', 'a:1 a:1 a:1', true],
  ['user/ann', 'a b a b', false],
  ['user/ann', 'a:1 b:1 c:1 a:2 b:1', true],
];

for (const [begun, hops, expected] of CIRCLES)
  test(`${begun} ${hops}: ${expected ? 'the same caller asks the same again' : 'no circle'}`, () => {
    assert.equal(repeats(tree(begun, hops)), expected);
  });

const BOUNCES: readonly (readonly [begun: string, hops: string, count: number])[] = [
  ['user/ann', 'a', 0],
  ['user/ann', 'a b', 0],
  ['user/ann', 'a b a', 2],
  ['user/ann', 'a b a b a', 4],
  ['agent/a', 'b a b', 3],
  ['user/ann', 'a b a c', 0],
  ['user/ann', 'a b c a b c', 0],
  ['user/ann', 'a a a a', 0],
];

for (const [begun, hops, count] of BOUNCES)
  test(`${begun} ${hops}: ${count} calls back and forth`, () => assert.equal(bounces(tree(begun, hops)), count));
