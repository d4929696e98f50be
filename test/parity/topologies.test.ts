/** What holds on a hub holds through a tree of domains and between sidecars. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CALLERS } from './callers.ts';
import { AGENT, ALL, inEveryDialect, MODELS, startScene, TAKING } from './scene.ts';

const RULES = `${ALL}
@id("big") @reason("that is too much")
forbid (principal, action, resource) when { context has args && context.args has amount && context.args.amount > 500 };`;
const LIMITS = `
@id("out") @redact_out("/secret") permit (principal, action in [Action::"CallTool", Action::"InvokeAgent"], resource);
@id("brief") @max_tokens("50") permit (principal, action in Action::"CallModel", resource);`;

const documents = new Set(CALLERS.filter(({ takesDocuments }) => takesDocuments).map(({ name }) => name));

for (const topology of ['hierarchy', 'mesh'] as const)
  describe(topology, () => {
    test('rules, limits and keys are the same in every dialect', async () => {
      await using scene = await startScene(RULES, LIMITS, { topology });
      scene.targets.answer = { ok: 'fine', secret: 'S3CRET' };
      const first = await CALLERS[0]!.ask(scene.access, { ...TAKING[0]!, operation: 'pay', args: '{"amount":5}' });
      const roles = await scene.roles(first!.callId, 2);
      assert.deepEqual(roles, [topology === 'hierarchy' ? 'domain' : 'sidecar-out', 'hub'].sort());
      for (const called of [...TAKING, AGENT]) {
        const operation = called === AGENT ? 'message' : 'pay';
        for (const amount of [5, 501])
          await inEveryDialect(
            scene,
            { ...called, operation, args: `{"amount":${amount}}` },
            (dialect, heard, taken) => {
              const where = `${called.title} ${dialect} ${amount}: ${heard.raw}`;
              assert.ok(!heard.raw.includes('S3CRET'), where);
              if (documents.has(dialect) && amount === 5) {
                assert.equal(heard.code, 'ok', where);
                assert.deepEqual(taken, [{ amount }], where);
              } else assert.deepEqual([heard.code, taken], ['denied', []], where);
            },
          );
        for (const caller of CALLERS.filter(({ takesDocuments }) => takesDocuments)) {
          const headers = { 'idempotency-key': `${called.name}-${caller.name.replaceAll(' ', '-')}` };
          scene.taken();
          for (const _ of [1, 2]) {
            const heard = await caller.ask(scene.access, { ...called, operation, args: '{"amount":5}', headers });
            assert.equal(heard?.code, 'ok', `${called.title} ${caller.name}: ${heard?.raw}`);
          }
          assert.equal(scene.taken().length, 1, `${called.title} ${caller.name}`);
        }
      }
      for (const called of MODELS)
        await inEveryDialect(
          scene,
          { ...called, operation: 'chat', args: '{"text":"hello"}', maxTokens: 900 },
          (dialect, heard, [body]) => {
            assert.equal(heard.code, 'ok', `${called.title} ${dialect}: ${heard.raw}`);
            assert.ok(/"max_(completion_|output_)?tokens":50\b/.test(JSON.stringify(body)), JSON.stringify(body));
          },
        );
    });
  });
