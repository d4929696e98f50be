/** Frameworks as they come from npm do through Airspace what they do without it, and nothing that policy forbids. Offline, with a script. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { install } from './install.ts';
import { type Report, type Run, runAll, WANTED } from './run.ts';

const doors = join(import.meta.dirname, '../../src/doors');
const missing = ['a2a', 'mcp', 'openai', 'anthropic'].filter((door) => !existsSync(join(doors, door, 'index.ts')));

/** Why nothing can be shown here. In CI that is a failure, not a reason to be quiet. */
const obstacle = (): string | undefined => {
  if (missing.length > 0) return `this checkout has no door for ${missing.join(', ')}`;
  try {
    install();
    return undefined;
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    return (error as Error).message;
  }
};

const reason = obstacle();
if (reason !== undefined) console.error(`SKIPPED, no framework was tried: ${reason}`);

describe('frameworks', { skip: reason ?? false, timeout: 150_000 }, () => {
  let report: Report;
  const run = (name: string): Run => report.runs.find((one) => one.name === name)!;
  const told = (name: string, scene: string): string => {
    const { answer, error, message } = run(name).scenes.find((one) => one.scene === scene)!;
    return answer ?? `${error}: ${message}`;
  };

  before(async () => {
    report = await runAll([], {});
  });

  for (const name of ['langgraph', 'openai-agents', 'vercel-ai', 'vercel-ai-anthropic', 'mastra']) {
    test(`${name} thinks with a model and works with a tool through Airspace`, () => {
      assert.match(told(name, 'allowed'), /I am a script\. The tool said: .*The sum of 2 and 3 is 5/);
    });

    test(`${name} hears that a tool call is denied where it hears of failed tools, with the reason of the rule`, () => {
      assert.match(told(name, 'denied tool'), /numbers over 100 are added by a person/);
      assert.ok(has(name, 'denied', 'tool/everything/get-sum'));
    });

    test(`${name} hears that a model is denied as its own error`, () => {
      assert.match(told(name, 'denied model'), /^(PermissionDeniedError|APICallError): .*no policy .* permits/);
      assert.ok(has(name, 'denied', 'model/dear/chat'));
    });
  }

  const has = (name: string, status: string, target: string): boolean =>
    run(name).calls.some((call) => call.status === status && call.target === target);

  for (const name of ['adk', 'strands']) {
    test(`${name}, which speaks A2A 0.3, calls an agent of 1.0`, () => {
      assert.equal(told(name, 'allowed'), 'I am a script of A2A 1.0. I heard: Hello');
      assert.ok(has(name, 'ok', 'agent/newcomer/message'));
    });

    test(`a client of A2A 1.0 calls ${name}, whose card is older, and it thinks and works through Airspace`, () => {
      assert.match(told('a2a-client', name), /The sum of 2 and 3 is 5/);
      assert.ok(has('a2a-client', 'ok', `agent/${name}/message`));
    });
  }

  for (const name of ['adk', 'strands', 'a2a-client'])
    test(`${name} hears that an agent is denied as its own error`, () => {
      assert.match(told(name, 'denied agent'), /Error: .*no policy .* permits/);
      assert.ok(has(name, 'denied', 'agent/vault/message'));
    });

  test('what a run did is one trace, through agents that were called as well', () => {
    for (const { name, traces, calls } of report.runs) assert.equal(traces, 1, `${calls.length} calls of ${name}`);
    const seen = run('a2a-client').calls.map(({ target }) => target);
    for (const target of ['agent/adk/message', 'agent/strands/message', 'model/small/chat', 'tool/everything/get-sum'])
      assert.ok(seen.includes(target), target);
  });

  test('every answer of a model is booked, and nothing else', () => {
    const calls = report.runs.flatMap((one) => one.calls);
    for (const { target, status, micros } of calls)
      assert.equal(micros > 0, target === 'model/small/chat' && status === 'ok', `${status} ${target} cost ${micros}`);
    assert.equal(
      report.spentMicros,
      calls.reduce((sum, { micros }) => sum + micros, 0),
    );
  });

  test('every framework was tried', () => {
    assert.deepEqual(
      report.runs.map(({ name }) => name),
      WANTED.map(({ name }) => name),
    );
    assert.equal(report.model, 'scripted');
  });
});
