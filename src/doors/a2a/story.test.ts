/** A task is what its events say, with the ids that its owner knows, and never more than a node can hold. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { StreamResponse, Task } from '../../dialects/a2a/index.ts';
import { after, inOurIds, trimmed } from './story.ts';

const said = (text: string, taskId = 'theirs') => ({
  messageId: text,
  role: 'ROLE_AGENT' as const,
  parts: [{ text }],
  taskId,
  contextId: 'their-context',
});
const begun: Task = { id: 'ours', contextId: 'our-context', status: { state: 'TASK_STATE_SUBMITTED' } };
const ids = { task: 'ours', context: 'our-context' };

const events: fc.Arbitrary<StreamResponse> = fc.oneof(
  fc.record({
    statusUpdate: fc.record({
      taskId: fc.constant('theirs'),
      contextId: fc.constant('their-context'),
      status: fc.record({
        state: fc.constantFrom('TASK_STATE_WORKING' as const, 'TASK_STATE_INPUT_REQUIRED' as const),
        message: fc.constantFrom('one', 'two').map((text) => said(text)),
      }),
    }),
  }),
  fc.record({
    artifactUpdate: fc.record({
      taskId: fc.constant('theirs'),
      contextId: fc.constant('their-context'),
      artifact: fc.record({
        artifactId: fc.constantFrom('a', 'b'),
        parts: fc.array(fc.record({ text: fc.constantFrom('x', 'y') }), { minLength: 1, maxLength: 2 }),
      }),
      append: fc.boolean(),
    }),
  }),
  fc.record({
    task: fc.constant<Task>({
      id: 'theirs',
      contextId: 'their-context',
      status: { state: 'TASK_STATE_WORKING', message: said('now') },
      history: [said('before')],
    }),
  }),
);

test('nothing of the target’s own ids is left, whatever it tells', () => {
  fc.assert(
    fc.property(fc.array(events, { maxLength: 8 }), (told) => {
      const ours = told.map((event) => inOurIds(event, ids));
      const task = ours.reduce(after, begun);
      assert.ok(!/theirs|their-context/.test(JSON.stringify([ours, task])));
      assert.deepEqual([task.id, task.contextId], ['ours', 'our-context']);
    }),
  );
});

test('pieces of an artifact are put together in order, and a new one stands for the old', () => {
  const piece = (text: string, append: boolean): StreamResponse => ({
    artifactUpdate: { taskId: 'ours', artifact: { artifactId: 'a', parts: [{ text }] }, append },
  });
  const textOf = (...pieces: readonly StreamResponse[]): string =>
    (pieces.reduce(after, begun).artifacts?.[0]?.parts ?? []).map(({ text }) => text).join('');
  assert.equal(textOf(piece('1', false), piece('2', true), piece('3', true)), '123');
  assert.equal(textOf(piece('1', false), piece('2', true), piece('3', false)), '3');
});

test('what was said before is kept when the target leaves it out', () => {
  const told = after(begun, {
    statusUpdate: { taskId: 'ours', status: { state: 'TASK_STATE_WORKING', message: said('one') } },
  });
  const whole = after(told, { task: { ...begun, status: { state: 'TASK_STATE_COMPLETED' } } });
  assert.deepEqual(whole.history, [said('one')]);
});

test('a task grows no further than a node can hold', () => {
  const long = { ...begun, history: Array.from({ length: 2_000 }, (_, at) => said(`${at}`)) };
  assert.equal(after(begun, { task: long }).history?.length, 500);
  const artifacts = Array.from({ length: 1_001 }, (_, at) => ({ artifactId: `${at}`, parts: [] }));
  assert.throws(() => after(begun, { task: { ...begun, artifacts } }), { code: 'upstream_invalid' });
});

test('a history is as long as it is wanted', () => {
  const task = { ...begun, history: [said('1'), said('2'), said('3')], artifacts: [{ artifactId: 'a', parts: [] }] };
  assert.deepEqual(trimmed(task, undefined).history, task.history);
  assert.deepEqual(trimmed(task, 2).history, task.history.slice(1));
  assert.equal('history' in trimmed(task, 0), false);
  assert.equal('artifacts' in trimmed(task, 0, false), false);
});
