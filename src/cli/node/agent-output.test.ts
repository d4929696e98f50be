import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogRecord } from '../../contract/index.ts';
import { VirtualWorld } from '../../kernel/index.ts';
import { Logger } from '../../telemetry/index.ts';
import { AgentOutput, MOST_LINES_A_MINUTE, MOST_OF_A_LINE } from './agent-output.ts';

const scene = () => {
  const world = new VirtualWorld(1);
  const { clock } = world;
  const written: string[] = [];
  const records: LogRecord[] = [];
  const about = { tenant: 'acme', domain: 'd', agent: 'orders' };
  const logger = new Logger({ ...{ node: 'n1', clock, about }, write: (line) => written.push(line) });
  logger.subscribe((record) => records.push(record));
  return { written, records, world, output: new AgentOutput(clock, (...said) => logger.hand(...said)) };
};

test('a line is in the logs with its agent and its stream, and is not written a second time', () => {
  const { written, records, output } = scene();
  output.heard('stdout', 'ready');
  output.heard('stderr', '  ');
  const [{ agent, tenant, domain, node, level, message, stream, text }, ...more] = records as [LogRecord];
  assert.deepEqual([agent, tenant, domain, node, level], ['orders', 'acme', 'd', 'n1', 'info']);
  assert.deepEqual([message, stream, text], ['the agent says', 'stdout', 'ready']);
  assert.deepEqual([more, written], [[], []]);
});

test('a hostile line is cut, and has nothing in it that moves a cursor or hides', () => {
  const { records, output } = scene();
  output.heard('stderr', `\u001b[2J\u001b]0;own\u0007{"level":"error","node":"hub"}\u202e\r\n${'x'.repeat(10_000)}`);
  const text = String(records[0]!['text']);
  assert.doesNotMatch(text, /[\p{Cc}\p{Cf}]/u);
  assert.equal(text.length, MOST_OF_A_LINE + 1);
  assert.match(text, /x…$/);
  assert.equal(records[0]!.node, 'n1', 'nobody is taken for somebody else');
});

test('more than a minute has room for is counted and said, once, and the next minute is a new one', async () => {
  const { records, output, world } = scene();
  for (let n = 0; n < MOST_LINES_A_MINUTE + 5; n++) output.heard('stdout', `line ${n}`);
  assert.equal(records.length, MOST_LINES_A_MINUTE);
  await world.run(60_000);
  const { message, kept, left } = records.at(-1)!;
  assert.deepEqual([message, kept, left], ['the agent says too much', MOST_LINES_A_MINUTE, 5]);
  output.heard('stdout', 'again');
  assert.equal(records.at(-1)!['text'], 'again');
  output.close();
  assert.equal(records.length, MOST_LINES_A_MINUTE + 2, 'where nothing was left out, nothing is said');
});
