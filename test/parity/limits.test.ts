/** Limits change, cap, count and withhold the same in every dialect. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CALLERS } from './callers.ts';
import { AGENT, ALL, inEveryDialect, MODELS, policy, type Scene, startScene, TAKING } from './scene.ts';

let scene: Scene;
before(async () => {
  scene = await startScene(ALL);
});
after(() => scene[Symbol.asyncDispose]());

const CALLED = [...TAKING, AGENT].map((called) => ({
  ...called,
  operation: called === AGENT ? 'message' : 'pay',
}));
const limit = (annotation: string): Promise<unknown> =>
  scene.deployed.apply(policy(ALL, `@id("limit") ${annotation} permit (principal, action, resource);`));
const documents = new Set(CALLERS.filter(({ takesDocuments }) => takesDocuments).map(({ name }) => name));

describe('@redact_out', () => {
  before(() => limit('@redact_out("/secret,/card/number")'));
  const secret = 'S3CRET';
  for (const [what, answer] of [
    ['a field', { ok: 'fine', secret, card: { number: secret } }],
    ['a text that stands alone', { text: `the word is ${secret}` }],
    ['a document in a text', { text: JSON.stringify({ secret, ok: 'fine' }) }],
  ] as const)
    for (const textOnly of [false, true])
      test(`${what} is out in every dialect, ${textOnly ? 'as text' : 'as structure and its copies'}`, async () => {
        Object.assign(scene.targets, { answer, textOnly });
        for (const called of CALLED)
          for (const stream of [false, true])
            await inEveryDialect(scene, { ...called, args: '{"amount":5}', stream }, (dialect, heard) => {
              const where = `${called.title} ${dialect} ${stream}: ${heard.raw}`;
              assert.ok(!heard.raw.includes(secret), where);
              if (!stream && documents.has(dialect)) assert.equal(heard.code, 'ok', where);
              if (heard.code === 'ok' && 'ok' in answer) assert.ok(heard.raw.includes('fine'), where);
            });
      });

  test('what a target fails with does not tell it either', async () => {
    scene.targets.failure = { message: `no money on ${secret}`, secret };
    await limit('@redact_out("/secret,/message")');
    for (const called of CALLED)
      for (const stream of [false, true])
        await inEveryDialect(scene, { ...called, args: '{"amount":5}', stream }, (dialect, heard) => {
          assert.ok(!heard.raw.includes(secret), `${called.title} ${dialect}: ${heard.raw}`);
        });
    scene.targets.failure = undefined;
  });

  test('a task that is asked for later, and a list of tasks, do not tell it either', async () => {
    Object.assign(scene.targets, { answer: { ok: 'fine', secret }, textOnly: false });
    const a2a = CALLERS.find(({ name }) => name === 'A2A 1.0 rpc')!;
    await a2a.ask(scene.access, { ...CALLED.at(-1)!, args: '{"amount":5}' });
    const response = await fetch(`${scene.access.url}/a2a/payer/tasks?includeArtifacts=true&historyLength=10`, {
      headers: { authorization: `Bearer ${scene.access.key}`, 'a2a-version': '1.0' },
    });
    const raw = await response.text();
    assert.ok(response.ok && raw.includes('fine') && !raw.includes(secret), raw);
  });
});

test('@redact_in takes the same fields from what the target gets, and refuses what nobody can look into', async () => {
  await limit('@redact_in("/card/number,/note")');
  for (const called of CALLED)
    await inEveryDialect(
      scene,
      { ...called, args: '{"amount":5,"card":{"number":"4111"},"note":"4111"}' },
      (dialect, heard, taken) => {
        const where = `${called.title} ${dialect}: ${heard.raw}`;
        if (documents.has(dialect))
          assert.deepEqual(taken, [{ amount: 5, card: { number: '[redacted]' }, note: '[redacted]' }], where);
        else assert.deepEqual([heard.code, taken], ['denied', []], where);
      },
    );
});

const CAPS = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'];

test('@max_tokens caps what a model may answer in every dialect, whether it was asked for or not', async () => {
  await limit('@max_tokens("50")');
  for (const called of MODELS)
    for (const more of [{}, { maxTokens: 900 }])
      await inEveryDialect(
        scene,
        { ...called, operation: 'chat', args: '{"text":"hello"}', ...more },
        (dialect, heard, [body]) => {
          const where = `${called.title} ${dialect}: ${heard.raw}`;
          assert.equal(heard.code, 'ok', where);
          const caps = CAPS.flatMap((name) => (body as Record<string, unknown>)[name] ?? []);
          assert.deepEqual(caps, [50], `${where} ${JSON.stringify(body)}`);
        },
      );
});

test('@rate counts calls in whatever dialect they are made', async () => {
  await limit('@rate("3/1h")');
  const codes: string[] = [];
  scene.begin();
  await inEveryDialect(scene, { ...CALLED[0]!, operation: 'look', args: '{"amount":5}' }, (_, { code }) => {
    codes.push(code);
  });
  assert.equal(scene.taken().length, 0);
  assert.deepEqual(
    codes.map((code) => (code === 'ok' ? 'ok' : 'no')),
    ['ok', 'ok', 'ok', ...CALLERS.slice(3).map(() => 'no')],
    codes.join(),
  );
});

test('@concurrency counts calls in whatever dialect they are made', async () => {
  await limit('@concurrency("1")');
  const gate = Promise.withResolvers<void>();
  const called = { ...CALLED[1]!, args: '{"amount":5}' };
  scene.begin();
  scene.targets.gate = gate.promise;
  const first = CALLERS[0]!.ask(scene.access, called);
  while (scene.targets.seen.at(-1)?.path !== '/agent/pay') await new Promise((next) => setImmediate(next));
  scene.taken();
  try {
    await inEveryDialect(scene, called, (dialect, heard, taken) => {
      assert.ok(heard.code !== 'ok', `${dialect}: ${heard.raw}`);
      assert.deepEqual(taken, [], dialect);
    });
  } finally {
    gate.resolve();
    scene.targets.gate = undefined;
  }
  assert.equal((await first)?.code, 'ok');
});
