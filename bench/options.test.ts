import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOptions, UsageError } from './options.ts';

test('without options every target is measured at 1 and 64 connections', () => {
  const options = parseOptions([]);
  assert.deepEqual(options.targets, ['hub', 'paid', 'sidecar', 'direct', 'nginx', 'peer']);
  assert.deepEqual(options.concurrency, [1, 64]);
  assert.equal(options.quick || options.json || options.keep, false);
});

test('lists are sorted and repeated entries count once', () => {
  const options = parseOptions(['--targets', 'peer, direct,peer', '--concurrency', '64,8,8']);
  assert.deepEqual(options.targets, ['direct', 'peer']);
  assert.deepEqual(options.concurrency, [8, 64]);
});

test('what is not understood is refused with what to do', () => {
  const wrong = [
    ['--fast'],
    ['quick'],
    ['--out'],
    ['--out', ''],
    ['--targets', 'envoy'],
    ['--targets', ''],
    ['--concurrency', '0'],
    ['--concurrency', '1.5'],
    ['--concurrency', ''],
    ['--concurrency', '1,,2'],
    ['--concurrency', '1000'],
    ['--concurrency', '1,2,3,4,5'],
  ];
  for (const args of wrong) {
    assert.throws(
      () => parseOptions(args),
      (error) => error instanceof UsageError && error.hint !== '',
      args.join(' '),
    );
  }
});
