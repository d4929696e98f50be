/** Rules decide the same about the same call in every dialect, and what a dialect cannot say is refused. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CALLERS, type Heard } from './callers.ts';
import { AGENT, ALL, inEveryDialect, type Scene, startScene, TAKING } from './scene.ts';

const RULES = `${ALL}
@id("big") @reason("that is too much") @code("TOO_MUCH")
forbid (principal, action, resource) when { context has args && context.args has amount && context.args.amount > 500 };
@id("tagged") @reason("not with this tag")
forbid (principal, action, resource)
when { context has args && context.args has tags && context.args.tags.contains("bad") };
@id("abroad") @reason("not to there")
forbid (principal, action, resource)
when { context has args && context.args has to && context.args.to has country && context.args.to.country == "XX" };
@id("hidden") @reason("nobody may") @code("NEVER")
forbid (principal, action in [Action::"tool/till/hidden", Action::"tool/bank/hidden", Action::"agent/clerk/hidden"], resource);
@id("mallory") @reason("not you")
forbid (principal == Agent::"mallory", action, resource);
`;

let scene: Scene;
before(async () => {
  scene = await startScene(RULES);
});
after(() => scene[Symbol.asyncDispose]());

const CALLED = [...TAKING, AGENT].map((called) => ({
  ...called,
  operation: called === AGENT ? 'message' : 'pay',
}));
const documents = new Set(CALLERS.filter(({ takesDocuments }) => takesDocuments).map(({ name }) => name));

/** Arguments, and the rule that they meet; `ok`: none; `bad_arguments`: nobody can tell. */
const CASES: readonly (readonly [args: string, meets: string])[] = [
  ['{"amount":500}', 'ok'],
  ['{"amount":501}', 'org/big'],
  ['{"amount":5,"tags":["good","bad"]}', 'org/tagged'],
  ['{"amount":5,"tags":["good"]}', 'ok'],
  ['{"amount":5,"to":{"country":"XX"}}', 'org/abroad'],
  ['{"amount":5,"to":{}}', 'ok'],
  // Escapes say the same as the letters.
  ['{"\\u0061mount":501}', 'org/big'],
  ['{"amount":5,"tags":["\\u0062ad"]}', 'org/tagged'],
  // What is no whole number, or one that a double cannot hold, is nothing that a rule can compare.
  ['{"amount":"501"}', 'refused'],
  ['{"amount":501.5}', 'refused'],
  ['{"amount":null}', 'refused'],
  ['{"amount":9007199254740993}', 'refused'],
  ['{"amount":1e400}', 'refused'],
  ['{"amount":[501]}', 'refused'],
  // Another name is another argument, and the one that is required is missing.
  ['{"Amount":501}', 'refused'],
  ['{"AMOUNT":501,"arguments":{"amount":5}}', 'refused'],
  ['{"arguments":{"amount":5}}', 'refused'],
  ['{"text":"{\\"amount\\":5}"}', 'refused'],
  ['{"data":{"amount":5}}', 'refused'],
  ['{"message":{"parts":[{"data":{"amount":5}}]}}', 'refused'],
  // Twice is once too often.
  ['{"amount":5,"amount":501}', 'refused'],
  ['{"amount":501,"amount":5}', 'refused'],
  ['{"amount":5,"\\u0061mount":501}', 'refused'],
  ['{"amount":5,"__proto__":{"amount":501}}', 'any'],
];

describe('arguments', () => {
  for (const called of CALLED)
    test(`the same arguments meet the same rules: ${called.title}`, async () => {
      for (const [args, meets] of CASES)
        await inEveryDialect(scene, { ...called, args }, (dialect, heard, taken) => {
          const where = `${dialect}, ${args}: ${heard.raw.slice(0, 300)}`;
          if (heard.code !== 'ok') assert.deepEqual(taken, [], `refused and sent: ${where}`);
          if (!documents.has(dialect)) return assert.notEqual(heard.code, 'ok', where);
          if (meets === 'any') return;
          if (meets === 'ok') {
            assert.equal(heard.code, 'ok', where);
            assert.deepEqual(taken, [JSON.parse(args)], where);
          } else if (meets === 'refused') assert.ok(heard.code !== 'ok' && heard.rules.length === 0, where);
          else assert.deepEqual([heard.code, heard.rules], ['denied', [meets]], where);
        });
    });

  test('a number of many digits arrives with all of them, or is refused', async () => {
    const args = '{"amount":5,"id":12345678901234567890}';
    for (const called of CALLED)
      await inEveryDialect(scene, { ...called, args }, (dialect, heard, taken) => {
        const where = `${called.title} ${dialect}: ${heard.raw}`;
        if (heard.code !== 'ok') return assert.deepEqual(taken, [], where);
        assert.ok(scene.targets.seen.at(-1)?.raw.includes('12345678901234567890'), where);
        assert.ok(dialect === 'native' || dialect.startsWith('MCP'), where);
      });
  });

  test('a text dialect that carries JSON is text, and a required argument is missing', async () => {
    await inEveryDialect(scene, { ...CALLED[0]!, args: '{"text":"{\\"amount\\":5}"}' }, (dialect, heard, taken) => {
      assert.equal(heard.code, 'denied', `${dialect}: ${heard.raw}`);
      assert.deepEqual(taken, []);
    });
  });
});

const send = async (path: string, body: string, headers: Readonly<Record<string, string>>): Promise<Heard | string> => {
  const response = await fetch(`${scene.access.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${scene.access.key}`, ...headers },
    body,
  });
  return response.text();
};

describe('smuggling', () => {
  const part = (json: string): string => `{"data":${json}}`;
  const rpc = (message: string, more = ''): string =>
    `{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":{"message":{"messageId":"m","role":"ROLE_USER",${message}}${more}}}`;
  const small = part('{"amount":5}');
  const big = '{"amount":501}';
  const skill = '"metadata":{"skill":"pay"}';
  const attempts: readonly (readonly [what: string, path: string, body: string, headers?: Record<string, string>])[] = [
    ['two documents', '/a2a/tools/till', rpc(`"parts":[${small},${part(big)}],${skill}`)],
    [
      'a text beside the document',
      '/a2a/tools/till',
      rpc(`"parts":[${small},{"text":${JSON.stringify(big)}}],${skill}`),
    ],
    ['a part that is two things', '/a2a/tools/till', rpc(`"parts":[{"text":"x","data":${big}}],${skill}`)],
    ['metadata of the message', '/a2a/tools/till', rpc(`"parts":[${small}],"metadata":{"skill":"pay","amount":501}`)],
    [
      'metadata of the part',
      '/a2a/tools/till',
      rpc(`"parts":[{"data":{"amount":5},"metadata":{"amount":501}}],${skill}`),
    ],
    ['metadata of the request', '/a2a/tools/till', rpc(`"parts":[${small}],${skill}`, ',"metadata":{"amount":501}')],
    ['a member beside', '/a2a/tools/till', rpc(`"parts":[${small}],${skill},"arguments":${big}`)],
    ['a case variant', '/a2a/tools/till', rpc(`"parts":[${small}],"Parts":[${part(big)}],${skill}`)],
    ['two lists of parts', '/a2a/tools/till', rpc(`"parts":[${small}],"parts":[${part(big)}],${skill}`)],
    ['the older word', '/a2a/tools/till', rpc(`"parts":[${small}],"content":[${part(big)}],${skill}`)],
    [
      'a form in the content type',
      '/v1/tools/till/pay',
      `{"arguments":{"amount":5},"amount":501}`,
      { 'content-type': 'application/json;form=mcp' },
    ],
    [
      'a form of A2A',
      '/v1/tools/till/pay',
      `{"message":{"messageId":"m","role":"ROLE_USER","parts":[${small}]}}`,
      { 'content-type': 'application/json;form=a2a' },
    ],
    ['a form to answer in', '/v1/tools/till/pay', big, { accept: 'application/json;form=a2a' }],
    [
      'a form in other letters',
      '/v1/tools/till/pay',
      `{"arguments":{"amount":5}}`,
      { 'content-type': 'application/json; form=mcp' },
    ],
    ['another charset', '/v1/tools/till/pay', big, { 'content-type': 'application/json; charset=utf-16' }],
    ['no JSON by its type', '/v1/tools/till/pay', big, { 'content-type': 'text/plain' }],
    ['no type', '/v1/tools/till/pay', big, { 'content-type': 'application/octet-stream' }],
    ['a byte order mark', '/v1/tools/till/pay', `\ufeff${big}`],
  ];
  for (const [what, path, body, headers = {}] of attempts)
    test(`${what} brings nothing past a rule`, async () => {
      scene.begin();
      const raw = await send(path, body, headers);
      assert.deepEqual(scene.taken(), [], String(raw));
    });

  test('what MCP says beside the arguments is no argument', async () => {
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
      'io.modelcontextprotocol/clientInfo': { name: 'x', version: '1' },
    };
    const call = (params: object, _meta: object = meta): Promise<unknown> => {
      const headers = {
        accept: 'application/json, text/event-stream',
        ...{ 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'bank__pay' },
      };
      return send(
        '/mcp',
        JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'tools/call',
          params: { name: 'bank__pay', ...params, _meta },
        }),
        headers,
      );
    };
    for (const params of [
      { arguments: { amount: 501 }, inputResponses: { a: { action: 'accept', content: { amount: 5 } } } },
      { arguments: { amount: 501 }, requestState: 'x' },
      { amount: 5, inputResponses: { arguments: { amount: 5 } } },
      { Arguments: { amount: 5 } },
    ]) {
      scene.begin();
      const raw = await call(params);
      assert.deepEqual(scene.taken(), [], String(raw));
    }
    scene.begin();
    await call({ arguments: { amount: 5 } }, { ...meta, amount: 501, arguments: { amount: 501 } });
    assert.deepEqual(scene.taken(), [{ amount: 5 }]);
  });
});

describe('who may call what', () => {
  test('a denied call reaches nobody, and its record and audit name the same code and rules', async () => {
    for (const called of TAKING) {
      scene.begin();
      const dialects: string[] = [];
      await inEveryDialect(scene, { ...called, operation: 'hidden', args: '{"amount":5}' }, (dialect, heard, taken) => {
        assert.notEqual(heard.code, 'ok', `${dialect}: ${heard.raw}`);
        assert.deepEqual(taken, [], dialect);
        dialects.push(dialect);
      });
      const records = await scene.records(called.name, dialects.length);
      assert.equal(records.length, dialects.length);
      for (const [at, record] of records.entries()) {
        const where = `${dialects[at]} ${called.title}`;
        const decided = record.steps.find(({ name }) => name === 'decide')?.attributes ?? {};
        const { items } = (await scene.deployed.ask(`/v1/audit?call=${record.callId}`)) as { items: unknown[] };
        assert.equal(record.code, 'denied', where);
        assert.ok(items.length > 0, `no line in the audit: ${where}`);
        if (!documents.has(dialects[at]!)) continue;
        assert.deepEqual([decided['code'], decided['rules']], ['NEVER', ['org/hidden']], where);
        const line = JSON.stringify(items);
        assert.ok(line.includes('NEVER') && line.includes('org/hidden'), line);
      }
    }
  });

  test('who may call nothing is refused in every dialect, and each refusal has a record', async () => {
    scene.begin();
    for (const caller of CALLERS) {
      const heard = await caller.ask(scene.accessOf('mallory'), { ...CALLED[0]!, args: '{"amount":5}' });
      assert.ok(heard !== undefined && heard.code !== 'ok', `${caller.name}: ${heard?.raw}`);
      assert.deepEqual(scene.taken(), [], caller.name);
    }
    for (const record of await scene.records('till', CALLERS.length)) assert.equal(record.code, 'denied');
  });
});
