/** The promises about protocols: who may not, who has to wait and who has nothing left hears it in the words that he speaks. */
import assert from 'node:assert/strict';
import { type Bench, type Case, until } from './bench.ts';
import { type Caller, DIALECTS, type Heard } from './dialects.ts';

/** What a caller hears, with which code in its protocol, and what ran. */
const asked = async (
  bench: Bench,
  caller: Caller,
  operation: string,
  { atHub = false, stream = false, message = 'm-1' } = {},
): Promise<{ readonly heard: Heard; readonly ran: number; readonly where: string }> => {
  const before = bench.ran().length;
  const args = JSON.stringify({ text: `in ${caller.name}`, message });
  const wanted = { kind: 'agent', name: 'echo', operation, args, stream, message } as const;
  const heard = (await caller.ask(bench.deployment.entrance('alice', atHub), wanted))!;
  bench.heard(`alice agent/echo/${operation} in ${caller.name}`, heard);
  return { heard, ran: bench.ran().length - before, where: `${caller.name}: ${heard.raw}` };
};

export const PROTOCOL_PROMISES: readonly Case[] = [
  {
    promise: 'a call gets through in every protocol, and runs once',
    check: async (bench) => {
      for (const caller of DIALECTS) {
        const { heard, ran, where } = await asked(bench, caller, 'echo');
        assert.deepEqual([heard.code, ran], ['ok', 1], where);
        assert.ok(heard.raw.includes(`in ${caller.name}`), where);
      }
    },
  },
  {
    promise: 'a denied call is denied in every protocol, for the reason of the rule, and runs nowhere',
    check: async (bench) => {
      for (const caller of DIALECTS) {
        const { heard, ran, where } = await asked(bench, caller, 'scrap');
        assert.equal(ran, 0, where);
        // A tool that nobody may call is none that MCP knows of.
        if (caller.name.startsWith('MCP'))
          assert.match(heard.raw, /there is no \\?"agent__echo__scrap\\?" that you may call/);
        else {
          assert.equal(heard.code, 'denied', where);
          assert.ok(heard.raw.includes('the workshop keeps what it has'), where);
        }
      }
    },
  },
  {
    promise: 'a call beyond its budget hears that in every protocol, and runs nowhere',
    check: async (bench) => {
      for (const caller of DIALECTS) {
        const { heard, ran, where } = await asked(bench, caller, 'spent');
        assert.deepEqual([heard.code, ran], ['budget_exhausted', 0], where);
      }
    },
  },
  {
    promise:
      'a held call looks held in every protocol that has a way to wait, and runs once when somebody has said yes',
    check: async (bench) => {
      for (const caller of DIALECTS.filter(({ takesDocuments, name }) => takesDocuments && name !== 'MCP 2025-11-25')) {
        const message = `held in ${caller.name}`;
        const { heard, ran, where } = await asked(bench, caller, 'guarded', { atHub: true, message });
        assert.deepEqual([heard.code, ran], ['held', 0], where);
        const before = bench.ran().length;
        const { id, digest } = await pending(bench);
        await bench.ask(`/v1/approvals/${id}:approve`, { as: 'ann', body: { digest, comment: '' } });
        await until(() => bench.ran().length === before + 1);
        assert.ok(bench.ran().at(-1)?.body.includes(message), 'what was asked is what runs');
      }
    },
  },
  {
    promise: 'a call that nobody waits for answers later, and its reply is collected where it was asked',
    check: async (bench) => {
      const headers = { prefer: 'respond-async' };
      const answer = await bench.call({ caller: 'bob', atHub: true, operation: 'echo', body: '"later"', headers });
      assert.equal(answer.status, 202);
      const path = answer.headers['location'] ?? '';
      await until(async () => (await (await bench.own('bob', path)).json())['state'] === 'done');
      const reply = await bench.own('bob', `${path}/reply`);
      assert.deepEqual([reply.status, Buffer.from(await reply.bytes()).toString()], [200, '"later"']);
      assert.equal(bench.ran().length, 1);
    },
  },
];

const pending = async (bench: Bench): Promise<{ readonly id: string; readonly digest: string }> => {
  const { items } = (await (await bench.ask('/v1/approvals?state=pending', { as: 'ann' })).json()) as {
    items: readonly { readonly id: string; readonly digest: string }[];
  };
  assert.equal(items.length, 1, 'one call is held');
  return items[0]!;
};
