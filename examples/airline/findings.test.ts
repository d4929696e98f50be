import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange } from './exchanges.ts';
import { type Evidence, type Findings, findingsOf } from './findings.ts';
import { type LedgerEntry, sha256 } from './ledger.ts';

const exchange = (session: string, nth: number, reply = 'ok'): Exchange => {
  const argsText = `{"thought": "${nth}"}`;
  return {
    session,
    call: { id: 'repeated', tool: 'think', args: JSON.parse(argsText), argsText, reply },
    answer: {
      status: 200,
      contentType: 'text/plain',
      body: Buffer.from(reply),
      callId: `${session}-${nth}`,
      reachedTarget: true,
    },
  };
};

const through = [exchange('a', 1), exchange('a', 2), exchange('b', 1), exchange('b', 2)];

const executed = ({ session, call, answer }: Exchange, at: number): LedgerEntry => ({
  seq: at + 1,
  session,
  callId: answer.callId,
  idempotencyKey: null,
  operation: call.tool,
  argsSha256: sha256(call.argsText),
  replySha256: sha256(answer.body),
});

const numbered = (entries: readonly LedgerEntry[]): readonly LedgerEntry[] =>
  entries.map((entry, at) => ({ ...entry, seq: at + 1 }));

/** Conversations run side by side, so their executions are mixed. */
const [a1, a2, b1, b2] = through.map(executed) as [LedgerEntry, LedgerEntry, LedgerEntry, LedgerEntry];
const sound: Evidence = {
  through,
  direct: through,
  ledger: numbered([a1, b1, b2, a2]),
  traced: new Set(through.map(({ answer }) => answer.callId)),
};

const found = (evidence: Evidence): Omit<Findings, 'problems'> & { problems: number } => {
  const findings = findingsOf(evidence);
  return { ...findings, problems: findings.problems.length };
};

const clean = { calls: 4, identical: 4, lost: 0, doubled: 0, stray: 0, reordered: 0, traced: 4, problems: 0 };

test('sound evidence has no problems', () => assert.deepEqual(found(sound), clean));

const inDirect = (answer: Partial<Exchange['answer']>): Pick<Evidence, 'direct'> => ({
  direct: through.map((one, at) => (at === 2 ? { ...one, answer: { ...one.answer, ...answer } } : one)),
});

const planted: readonly (readonly [string, Partial<Evidence>, Partial<typeof clean>])[] = [
  ['one changed byte', inDirect({ body: Buffer.from('oK') }), { identical: 3 }],
  ['another content type', inDirect({ contentType: 'application/json' }), { identical: 3 }],
  ['another status', inDirect({ status: 201 }), { identical: 3 }],
  ['a call that was never executed', { ledger: numbered([a1, b1, b2]) }, { lost: 1 }],
  ['a call that was executed twice', { ledger: numbered([a1, b1, b1, b2, a2]) }, { doubled: 1 }],
  ['an execution that nobody asked for', { ledger: numbered([a1, b1, b2, a2, { ...a1, callId: 'x' }]) }, { stray: 1 }],
  [
    'an execution with other arguments',
    { ledger: numbered([{ ...a1, argsSha256: sha256('{}') }, b1, b2, a2]) },
    { lost: 1, stray: 1, problems: 2 },
  ],
  [
    'an execution without a call id',
    { ledger: numbered([{ ...a1, callId: null }, b1, b2, a2]) },
    { lost: 1, stray: 1, problems: 2 },
  ],
  ['a conversation in another order', { ledger: numbered([a2, b1, a1, b2]) }, { reordered: 1 }],
  ['a call without a trace', { traced: new Set(['a-1', 'a-2', 'b-1']) }, { traced: 3 }],
];

for (const [what, evidence, expected] of planted) {
  test(`${what} is seen, counted and told`, () =>
    assert.deepEqual(found({ ...sound, ...evidence }), { ...clean, problems: 1, ...expected }));
}

test('a problem names its call, so that its trace can be found', () => {
  const { problems } = findingsOf({ ...sound, ledger: numbered([a1, b1, b2]) });
  assert.deepEqual(problems, ['a think (call a-2): never executed with these arguments']);
});

test('evidence of two different replays is not compared', () => {
  assert.throws(() => findingsOf({ ...sound, direct: through.slice(1) }), /same conversations/);
});
