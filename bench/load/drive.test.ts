import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { test } from 'node:test';
import { drive } from './drive.ts';
import { serializeReply, serializeRequest } from './exchange.ts';
import { MessageReader } from './framing.ts';
import type { LoadOrder } from './order.ts';

/** Answers every request with these bytes; undefined closes the connection instead. */
async function serve(reply: string | undefined): Promise<{ order: LoadOrder; requests: () => number; server: Server }> {
  let requests = 0;
  const server = createServer((socket) => {
    const reader = new MessageReader(() => {
      requests += 1;
      if (reply === undefined) socket.destroy();
      else socket.write(reply);
    });
    socket.on('data', (bytes: Buffer) => reader.push(bytes));
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const request = serializeRequest('/v1/agents/bench/echo');
  return {
    order: { port, request, connections: 4, warmMs: 20, windowMs: 80, hopPids: [], ownPids: [] },
    requests: () => requests,
    server,
  };
}

test('a closed loop never has more calls under way than connections, and counts no call twice', async () => {
  const { order, requests, server } = await serve(serializeReply());
  const result = await drive(order);
  server.close();
  assert.ok(result.calls > 0 && result.calls <= requests());
  assert.deepEqual([result.errors, result.unfinished, result.lateP99Us], [0, 0, null]);
});

test('an open loop sends at its rate whatever the replies do, and tells how late it was', async () => {
  const { order, requests, server } = await serve(serializeReply());
  const result = await drive({ ...order, rate: 200, windowMs: 200 });
  server.close();
  assert.ok(requests() > 0 && requests() <= 60, `${requests()} requests in about 220 ms at 200/s`);
  assert.ok(result.calls > 0);
  assert.ok(result.lateP99Us !== null);
});

test('a target that refuses or hangs up yields errors and a reason, not calls', async () => {
  const cases = [
    ['HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n', /401/],
    [undefined, /closed before its reply|ECONNRESET/],
    ['SSH-2.0-not-http\r\n\r\n', /answered `SSH/],
  ] as const;
  for (const [reply, reason] of cases) {
    const { order, server } = await serve(reply);
    const result = await drive(order);
    server.close();
    assert.equal(result.calls, 0);
    assert.ok(result.errors > 0);
    assert.match(result.firstError ?? '', reason);
  }
});

test('a port where nobody listens yields errors and ends in time', async () => {
  const { order, server } = await serve('');
  server.close();
  await once(server, 'close');
  const result = await drive(order);
  assert.equal(result.calls, 0);
  assert.match(result.firstError ?? '', /ECONNREFUSED/);
});
