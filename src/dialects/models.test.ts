/** The dialects of model APIs against each other: what one writes it reads again, at once and as a stream in any pieces. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../contract/index.ts';
import type { Answer, Ask, Delta, Part, Turn } from './ask.ts';
import type { About } from './dialect.ts';
import { dialectOf } from './index.ts';

const about: About = {
  kind: 'model',
  operation: 'chat',
  model: 'm',
  callId: 'ab'.repeat(16),
  atS: 1_700_000_000,
  from: 'plain',
};
const FORMS = ['openai-chat', 'openai-responses', 'anthropic-messages'] as const;
const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const word = fc.string({ minLength: 1, maxLength: 20 });
const name = fc.stringMatching(/^[a-z]{1,8}$/);
const text = word.map((said): Part => ({ kind: 'text', text: said }));
const image = fc.constant<Part>({ kind: 'file', mediaType: 'image/png', base64: 'aGk=' });
const call = fc
  .record({ id: name, name, input: fc.dictionary(name, fc.integer()) })
  .map((rest): Part => ({ kind: 'call', ...rest }));
const result = fc
  .record({ id: name, said: word })
  .map(({ id, said }): Part => ({ kind: 'result', id, isError: false, parts: [{ kind: 'text', text: said }] }));
const userTurn = fc
  .oneof(
    fc.array(fc.oneof(text, image), { minLength: 1, maxLength: 3 }),
    fc.array(result, { minLength: 1, maxLength: 2 }),
  )
  .map((parts): Turn => ({ role: 'user', parts }));
const assistantTurn = fc
  .tuple(fc.array(text, { maxLength: 1 }), fc.array(call, { maxLength: 2 }))
  .filter(([said, calls]) => said.length + calls.length > 0)
  .map(([said, calls]): Turn => ({ role: 'assistant', parts: [...said, ...calls] }));
const conversation = fc
  .array(fc.tuple(userTurn, assistantTurn), { maxLength: 2 })
  .chain((pairs) => userTurn.map((last) => [...pairs.flat(), last]));

const ask = fc.record({
  turns: fc
    .tuple(fc.array(text, { minLength: 1, maxLength: 1 }), conversation)
    .map(([system, turns]): Turn[] => [{ role: 'system', parts: system }, ...turns]),
  tools: fc.array(fc.record({ name, description: word, input: fc.constant({ type: 'object' }) }), {
    minLength: 1,
    maxLength: 2,
  }),
  choice: fc.oneof(fc.constantFrom('auto' as const, 'none' as const, 'any' as const), fc.record({ name })),
  maxTokens: fc.integer({ min: 1, max: 9_999 }),
  temperature: fc.constantFrom(0, 0.5, 1),
  topP: fc.constantFrom(0.5, 1),
  answerSchema: fc.constant({ type: 'object' }),
  stream: fc.boolean(),
});

/** Turns of one role in a row are one turn: APIs differ in how they cut them. */
const joined = ({ turns, ...rest }: Ask): object => {
  const out: { role: string; parts: Part[] }[] = [];
  for (const { role, parts } of turns) {
    const last = out.at(-1);
    if (last?.role === role) last.parts.push(...parts);
    else out.push({ role, parts: [...parts] });
  }
  return { ...rest, turns: out };
};
const normal = (value: Ask): unknown => {
  const { tools, ...rest } = joined({ ...value, rest: [] }) as Ask;
  return throughJson({ ...rest, tools: tools?.map(({ strict: _, ...tool }) => tool) });
};

for (const form of FORMS)
  test(`a question in the words of ${form} is read as it was written`, () => {
    fc.assert(
      fc.property(ask, (asked) => {
        const dialect = dialectOf(form);
        const read = dialect.readAsk(throughJson(dialect.writeAsk({ ...asked, rest: [] }, about)), about);
        assert.deepEqual(read.rest, []);
        assert.deepEqual(normal(read), normal({ ...asked, rest: [] }));
      }),
    );
  });

const answer = fc
  .record({
    said: fc.array(text, { maxLength: 1 }),
    calls: fc.array(call, { maxLength: 2 }),
    stop: fc.constantFrom('end' as const, 'length' as const, 'filtered' as const),
    use: fc.record({
      input: fc.integer({ min: 20, max: 99 }),
      output: fc.integer({ min: 1, max: 99 }),
      cacheRead: fc.integer({ min: 0, max: 9 }),
      cacheWrite: fc.integer({ min: 0, max: 9 }),
    }),
  })
  .filter(({ said, calls }) => said.length + calls.length > 0)
  .map(
    ({ said, calls, stop, use }): Answer => ({
      parts: [...said, ...calls],
      stop: calls.length > 0 ? 'calls' : stop,
      use,
      rest: [],
    }),
  );

const usual = ({ parts, stop, use }: Pick<Answer, 'parts' | 'stop' | 'use'>): unknown => {
  const { reasoning: _, ...counted } = use ?? {};
  return throughJson({ parts, stop, use: counted });
};

async function* deltasOf({ parts, stop, use }: Answer): AsyncGenerator<Delta> {
  yield { kind: 'begin' };
  for (const [at, part] of parts.entries())
    if (part.kind === 'call') {
      yield { kind: 'call', at, id: part.id, name: part.name };
      const json = JSON.stringify(part.input);
      for (const piece of [json.slice(0, 2), json.slice(2)]) if (piece !== '') yield { kind: 'input', at, json: piece };
    } else if (part.kind === 'text') for (const piece of part.text) yield { kind: 'text', at, text: piece };
  yield { kind: 'end', stop, ...(use === undefined ? {} : { use }) };
}

const gathered = async (deltas: AsyncIterable<Delta>): Promise<Pick<Answer, 'parts' | 'stop' | 'use'>> => {
  const parts = new Map<number, Part>();
  for await (const delta of deltas) {
    if (delta.kind === 'call') parts.set(delta.at, { kind: 'call', id: delta.id, name: delta.name, input: '' });
    else if (delta.kind === 'input') {
      const before = parts.get(delta.at)! as Extract<Part, { kind: 'call' }>;
      parts.set(delta.at, { ...before, input: `${String(before.input)}${delta.json}` });
    } else if (delta.kind === 'text') {
      const before = parts.get(delta.at);
      parts.set(delta.at, { kind: 'text', text: `${before?.kind === 'text' ? before.text : ''}${delta.text}` });
    } else if (delta.kind === 'end') {
      const all = [...parts.values()].map((part) =>
        part.kind === 'call' ? { ...part, input: JSON.parse(String(part.input)) } : part,
      );
      return { parts: all, stop: delta.stop, ...(delta.use === undefined ? {} : { use: delta.use }) };
    }
  }
  throw new Error('no end');
};

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

for (const form of FORMS) {
  test(`an answer in the words of ${form} is read as it was written, and as a stream in any pieces`, async () => {
    await fc.assert(
      fc.asyncProperty(answer, fc.integer({ min: 1, max: 50 }), async (said, size) => {
        const dialect = dialectOf(form);
        assert.deepEqual(usual(dialect.readAnswer(throughJson(dialect.writeAnswer(said, about)), about)), usual(said));
        const bytes = Buffer.concat(await Array.fromAsync(dialect.writeEvents(deltasOf(said), about)));
        assert.deepEqual(usual(await gathered(dialect.readEvents(inPieces(bytes, size), about))), usual(said));
      }),
      { numRuns: 50 },
    );
  });

  test(`a stream of ${form} that stops anywhere before its end is broken`, async () => {
    const dialect = dialectOf(form);
    const said: Answer = { parts: [{ kind: 'text', text: 'hello' }], stop: 'end', rest: [] };
    const events = await Array.fromAsync(dialect.writeEvents(deltasOf(said), about));
    const last = events.length - (form === 'openai-chat' ? 2 : 1);
    for (let count = 0; count < last; count++)
      await assert.rejects(
        Array.fromAsync(dialect.readEvents(inPieces(Buffer.concat(events.slice(0, count)), 1_000), about)),
        (fault: Fault) => fault.code === 'upstream_broken',
        `${count} of ${events.length}`,
      );
  });

  test(`${form}: whatever is sent instead of a payload is refused as a fault`, () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const dialect = dialectOf(form);
        for (const read of [() => dialect.readAsk(value, about), () => dialect.readAnswer(value, about)])
          try {
            read();
          } catch (thrown) {
            assert.ok(thrown instanceof Fault, String(thrown));
          }
      }),
    );
  });

  test(`${form}: what agents end with and models do not is no answer`, () => {
    for (const stop of ['failed', 'canceled', 'rejected', 'working', 'login'] as const)
      assert.throws(
        () => dialectOf(form).writeAnswer({ parts: [{ kind: 'text', text: 'why' }], stop, rest: [] }, about),
        (fault: Fault) => fault.code === 'upstream_invalid' && /why/.test(fault.message),
      );
  });
}

/** The same document with something else in one place. */
const spoiled = (value: unknown, at: number, other: unknown): unknown => {
  let left = at;
  const walk = (one: unknown): unknown => {
    if (left-- === 0) return other;
    if (Array.isArray(one)) return one.map(walk);
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([key, inner]) => [key, walk(inner)]));
  };
  return walk(throughJson(value));
};
const other = fc.oneof(
  fc.constantFrom<unknown>(null, 7, '', 'x', true, [], {}, [null], [7], { type: 'x' }),
  fc.jsonValue(),
);

for (const form of FORMS)
  test(`${form}: a payload with one wrong place is read or refused, never an accident`, async () => {
    const dialect = dialectOf(form);
    const fault = (thrown: unknown): void =>
      assert.ok(thrown instanceof Fault, thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
    await fc.assert(
      fc.asyncProperty(ask, answer, fc.nat(120), other, async (asked, said, at, wrong) => {
        for (const read of [
          () => dialect.readAsk(spoiled(dialect.writeAsk({ ...asked, rest: [] }, about), at, wrong), about),
          () => dialect.readAnswer(spoiled(dialect.writeAnswer(said, about), at, wrong), about),
          () =>
            dialect.readFailure(
              spoiled(dialect.writeFailure({ status: 400, message: 'm', type: 't' }), at, wrong),
              400,
            ),
        ])
          try {
            read();
          } catch (thrown) {
            fault(thrown);
          }
        const events = await Array.fromAsync(dialect.writeEvents(deltasOf(said), about));
        const bytes = events.map((event, index) => {
          const text = Buffer.from(event).toString();
          const data = /^data: (\{.*)$/m.exec(text)?.[1];
          if (data === undefined || index !== at % events.length) return event;
          return Buffer.from(
            text.replace(data, () => JSON.stringify(spoiled(JSON.parse(data), at % 15, wrong) ?? null)),
          );
        });
        await Array.fromAsync(dialect.readEvents(inPieces(Buffer.concat(bytes), 1_000), about)).catch(fault);
      }),
      { numRuns: 100 },
    );
  });
