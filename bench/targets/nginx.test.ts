import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nginxConfig } from './nginx.ts';

test('nginx writes nothing outside its folder and listens on loopback only', () => {
  const config = nginxConfig({ dir: '/some/dir', port: 1234, upstreamPort: 5678 });
  for (const [, path] of config.matchAll(/(?:_path|pid|error_log)\s+(\S+)/g)) assert.match(path!, /^"\/some\/dir\//);
  assert.match(config, /listen 127\.0\.0\.1:1234 /);
  assert.match(config, /server 127\.0\.0\.1:5678;/);
});
