import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOffLimits } from './offlimits.ts';

test('metadata services, link-local, multicast and the address of nobody are off limits, in whatever clothes', () => {
  for (const host of [
    '169.254.169.254',
    '[::ffff:a9fe:a9fe]',
    '[::a9fe:a9fe]',
    '[64:ff9b::a9fe:a9fe]',
    '[2002:a9fe:a9fe::1]',
    '[fe80::1]',
    'fe80::1%eth0',
    '0.0.0.0',
    '[::]',
    '224.0.0.1',
    '255.255.255.255',
    '[ff02::1]',
    '100.100.100.200',
    '[64:ff9b::6464:64c8]',
    '[fd00:ec2::254]',
    'metadata.google.internal',
    'METADATA.google.internal.',
  ])
    assert.ok(isOffLimits(host), host);
});

test('the own machine, own networks and the rest of the world are not', () => {
  for (const host of [
    '127.0.0.1',
    '[::1]',
    'localhost',
    '10.0.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '[fd00::1]',
    '[::ffff:127.0.0.1]',
    '[64:ff9b::808:808]',
    '[2002:808:808::1]',
    '[2606:4700::1111]',
    'example.com',
    'metadata.example.com',
  ])
    assert.ok(!isOffLimits(host), host);
});
