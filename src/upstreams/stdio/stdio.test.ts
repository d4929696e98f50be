import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { documentIn, Fault } from '../../contract/index.ts';
import { bodyOf, META, META_HEADER, writeMeta } from '../../dialects/mcp/index.ts';
import { faultOf, makeCall, permitted, testScope, testWorld, textOf } from '../http/testing.ts';
import { mcpWay } from '../mcp/index.ts';
import { at, jsonOf, told } from '../mcp/testing.ts';
import { StdioServer } from './index.ts';

const closers: (() => void)[] = [];
after(() => {
  for (const close of closers.reverse()) close();
});

interface Line {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A server whose program is text: `answer(message)` gets each message, `say(object)` writes one. */
const started = (program: string, env: Record<string, string> = {}) => {
  const logged: Line[] = [];
  const waiting: (() => void)[] = [];
  const server = new StdioServer({
    command: [process.execPath, '-e', PREFACE + program],
    env: { PATH: process.env['PATH'] ?? '', ...env },
    world: testWorld,
    log: (_, message, fields) => {
      logged.push({ message, fields });
      for (const wake of waiting.splice(0)) wake();
    },
  });
  server.start();
  closers.push(() => server.stop());
  const way = mcpWay(server);
  closers.push(() => void way.close?.());
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const says = (text: string) => () => logged.some(({ fields }) => fields['text'] === text);
  return {
    server,
    logged,
    until,
    says,
    ask: async (
      method: string,
      params: unknown,
      more: { stream?: boolean; meta?: object; scope?: ReturnType<typeof testScope>['scope'] } = {},
    ) => {
      // A machine may be so slow to start it that the first question would not be answered in time.
      await until(says('runs'));
      const { operation, contentType, body } = bodyOf(method, JSON.stringify(params))!;
      const call = permitted(
        makeCall({
          target: { kind: 'tool', name: 'things', operation },
          contentType,
          accept: documentIn('mcp'),
          stream: more.stream ?? false,
          headers: [[META_HEADER, writeMeta({ [META.version]: '2026-07-28', ...more.meta })]],
          body: { kind: 'bytes', bytes: Buffer.from(body) },
        }),
      );
      return way.to(at('stdio://things'))(call, call, more.scope ?? testScope().scope);
    },
  };
};

const PREFACE = `
console.error('runs');
const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n');
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => answer(JSON.parse(line)));
const shaken = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'old', version: '1' } };
const legacy = (message) => {
  if (message.method === 'initialize') { say({ id: message.id, result: shaken }); return true; }
  if (message.method === 'server/discover') { say({ id: message.id, error: { code: -32601, message: 'no' } }); return true; }
  return message.id === undefined && message.method !== 'notifications/cancelled';
};
`;

test('one process with one handshake serves many callers, each with its own answer and progress', async () => {
  const { ask } = started(`
    let shakes = 0;
    const held = [];
    const answer = (message) => {
      if (message.method === 'initialize') shakes++;
      if (legacy(message)) return;
      held.push(message);
      if (held.length < 3) return;
      for (const { params } of held)
        say({ method: 'notifications/progress', params: { progressToken: params._meta.progressToken, progress: params.arguments.n } });
      for (const { id, params } of held.reverse()) say({ id, result: { content: [{ type: 'text', text: params.arguments.n + '/' + shakes }] } });
    };`);
  const said = await Promise.all(
    [1, 2, 3].map(async (n) => {
      const reply = await ask(
        'tools/call',
        { name: 'x', arguments: { n } },
        { stream: true, meta: { progressToken: 'same' } },
      );
      return Array.fromAsync(told(reply));
    }),
  );
  for (const [at, messages] of said.entries()) {
    assert.deepEqual(messages[0]?.params, { progressToken: 'same', progress: at + 1 });
    assert.deepEqual(messages[1]?.result?.['content'], [{ type: 'text', text: `${at + 1}/1` }]);
    assert.equal(messages.length, 2);
  }
});

test('a server that dies ends its calls, is started again, and gets its handshake before the next one', async () => {
  const { ask, until, logged } = started(`
    const answer = (message) => {
      if (legacy(message)) return;
      if (message.params.name === 'die') process.exit(7);
      say({ id: message.id, result: { content: [] } });
    };`);
  const fault = await faultOf(ask('tools/call', { name: 'die', arguments: {} }));
  assert.deepEqual([fault.code, fault.executed], ['upstream_broken', 'unknown']);
  const down = await faultOf(ask('tools/call', { name: 'x', arguments: {} }));
  assert.deepEqual([down.code, down.executed], ['unavailable', 'no']);
  await until(() => logged.some(({ message }) => message === 'the MCP server ended'));
  for (const endMs = performance.now() + 30_000; ; ) {
    const reply = await ask('tools/call', { name: 'x', arguments: {} }).catch((thrown: Fault) => thrown);
    if (!(reply instanceof Fault)) break;
    assert.ok(performance.now() < endMs, 'the server is started again in 30 s');
    assert.equal(reply.code, 'unavailable');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});

test('whoever leaves is not waited for: the server hears which of its requests is over', async () => {
  const { ask, until, says } = started(`
    let asked;
    const answer = (message) => {
      if (legacy(message)) return;
      if (message.method === 'notifications/cancelled') console.error('cancelled ' + (message.params.requestId === asked));
      else { asked = message.id; console.error('asked'); }
    };`);
  const { scope, canceller } = testScope();
  const asking = ask('tools/call', { name: 'x', arguments: {} }, { scope });
  await until(says('asked'));
  canceller.cancel(new Fault('cancelled', 'gone'));
  await assert.rejects(asking, { code: 'cancelled' });
  await until(says('cancelled true'));
});

test('what a server writes that is no message, and what it says to nobody, reaches nobody', async () => {
  const { ask, logged } = started(`
    const answer = (message) => {
      if (legacy(message) || message.method !== 'tools/call') return;
      process.stdout.write('hello\\n{"jsonrpc":"2.0","id":1,"id":2,"result":{}}\\n');
      say({ id: 99999, result: { content: [] } });
      say({ method: 'notifications/message', params: { level: 'info', data: 'the secret of another caller' } });
      say({ id: 'q', method: 'elicitation/create', params: {} });
      console.error('\\u001b[2Jboo\\u202e');
      say({ id: message.id, result: { content: [] } });
    };`);
  const messages = await textOf((await ask('tools/call', { name: 'x', arguments: {} }, { stream: true })).body);
  assert.equal(messages.includes('secret'), false);
  assert.equal(messages.includes('notifications/message'), false);
  assert.equal(logged.filter(({ message }) => message.includes('no message')).length, 2);
  assert.equal(logged.filter(({ message }) => message.includes('nobody asked')).length, 1);
  assert.equal(JSON.stringify(logged).includes('\\u001b'), false);
});

test('a server gets no variable that nobody named', async () => {
  process.env['AIRSPACE_TEST_SECRET'] = 'sk-1';
  const { ask } = started(
    `const answer = (message) => legacy(message) || say({ id: message.id, result: { content: [], structuredContent: process.env } });`,
    { NAMED: 'yes' },
  );
  const { structuredContent } = await jsonOf(await ask('tools/call', { name: 'x', arguments: {} }));
  delete process.env['AIRSPACE_TEST_SECRET'];
  const env = structuredContent as Record<string, string>;
  assert.deepEqual([env['NAMED'], env['AIRSPACE_TEST_SECRET']], ['yes', undefined]);
});

test('a program that cannot be started is said to be so, and a permit is needed here too', async () => {
  const server = new StdioServer({ command: ['/no/such/program'], env: {}, world: testWorld, log: () => {} });
  closers.push(() => server.stop());
  const call = makeCall({ target: { kind: 'tool', name: 'things', operation: 'x' } });
  const request = { method: 'POST', path: '', contentType: '', accept: '', headers: [], body: null } as const;
  assert.equal((await faultOf(server.send(at('stdio://things'), call, testScope().scope, request))).code, 'denied');
  const ping = { ...request, body: Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/list"}') };
  const fault = await faultOf(server.send(at('stdio://things'), permitted(call), testScope().scope, ping));
  assert.equal(fault.code, 'unavailable');
});
