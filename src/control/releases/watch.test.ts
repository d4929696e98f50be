/** When a release must not go on: a table of what the arms did, and the sentence that it gets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArmTally } from '../../contract/index.ts';
import { verdictOf } from './watch.ts';

const arm = (calls: number, denied = 0, approvals = 0, errors = 0): ArmTally => ({ calls, denied, approvals, errors });

const CASES: readonly (readonly [string, ArmTally, ArmTally, RegExp | undefined])[] = [
  ['nothing happened', arm(0), arm(0), undefined],
  ['one failing rule is enough', arm(1, 1, 0, 1), arm(0), /could not be evaluated/],
  ['too few calls prove nothing', arm(49, 49), arm(1000), undefined],
  ['too few calls of the stable arm prove nothing', arm(1000, 500), arm(49), undefined],
  ['it denies much more', arm(50, 15), arm(1000, 20), /denies 30\.0 % of 50 calls .* 2\.0 % of 1000/],
  ['it denies much less', arm(100, 0), arm(1000, 400), /denies 0\.0 %/],
  ['within the band', arm(1000, 110), arm(1000, 20), undefined],
  ['beyond the band, but it may be chance', arm(50, 12), arm(50, 6), undefined],
  ['approvals double', arm(100, 0, 12), arm(1000, 0, 50), /asks for an approval/],
  ['a few approvals are chance', arm(100, 0, 9), arm(1000), undefined],
  ['both deny everything', arm(100, 100), arm(100, 100), undefined],
];

for (const [name, canary, stable, expected] of CASES) {
  test(name, () => {
    const verdict = verdictOf({ watched: { denyBand: 10 }, canary, stable });
    if (expected === undefined) assert.equal(verdict, undefined);
    else assert.match(verdict ?? '', expected);
  });
}
