import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guardedConnector, guardedLookup, OFF_LIMITS } from './connector.ts';

const looked = (answer: string | { address: string; family: number }[]): Promise<string> =>
  new Promise((resolve) => {
    const lookup = guardedLookup((_, __, answered) => answered(null, answer, 4));
    lookup('somewhere.example', {}, (error) => resolve(error === null ? 'ok' : (error.code ?? '')));
  });

test('a name that leads off limits is not connected to, not even when it leads to a good place as well', async () => {
  assert.equal(await looked('10.0.0.1'), 'ok');
  assert.equal(await looked('169.254.169.254'), OFF_LIMITS);
  const both = ['93.184.216.34', '::ffff:169.254.169.254'].map((address) => ({ address, family: 4 }));
  assert.equal(await looked(both), OFF_LIMITS);
});

test('an address off limits in the URL itself is refused without a look-up', async () => {
  const connect = guardedConnector({ timeout: 1_000 });
  for (const hostname of ['169.254.169.254', '[fe80::1]', 'metadata.google.internal']) {
    const code = await new Promise((resolve) =>
      connect({ hostname, protocol: 'http:', port: '80' }, (...[error]) =>
        resolve(error === null ? '' : (error as NodeJS.ErrnoException).code),
      ),
    );
    assert.equal(code, OFF_LIMITS, hostname);
  }
});
