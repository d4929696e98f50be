import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallEvent } from '../contract/index.ts';
import { expositionFor, Metrics } from './index.ts';

const EVENT: CallEvent = {
  callId: 'c'.repeat(32),
  trace: 'a'.repeat(32),
  span: 'b'.repeat(16),
  tenant: 'acme',
  principal: { kind: 'agent', id: 'triage', domain: 'care' },
  target: { kind: 'model', name: 'big', operation: 'chat' },
  lineage: { root: 'c'.repeat(32), depth: 0 },
  node: 'hub-1',
  role: 'hub',
  startedAtMs: 1_700_000_000_000,
  durationMs: 40,
  status: 'ok',
  code: '',
  httpStatus: 200,
  requestBytes: 7,
  replyBytes: 11,
  snapshotSeq: 1,
  attributes: { 'usage.input_tokens': 10, 'usage.output_tokens': 20, 'cost.micros': 210 },
  steps: [
    {
      span: 'd'.repeat(16),
      name: 'decide',
      offsetMs: 1,
      durationMs: 0.02,
      attributes: { effect: 'allow', rules: ['org/all', 'care/some'] },
    },
  ],
};

const linesOf = (text: string, name: string): readonly string[] =>
  text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));

test('a call is counted by who called what and how it went, with its tokens, cost and decision', async () => {
  const metrics = new Metrics({ teamsOf: (tenant, agent) => `${tenant}-${agent}` });
  metrics.emit(EVENT);
  metrics.emit({ ...EVENT, durationMs: 2, status: 'denied', code: 'denied', attributes: {}, steps: [denial()] });
  const text = await metrics.text();
  const call = 'tenant="acme",role="hub",caller_domain="care",kind="model",target="big",operation="chat"';
  assert.deepEqual(linesOf(text, 'airspace_calls_total'), [
    `airspace_calls_total{${call},status="ok"} 1`,
    `airspace_calls_total{${call},status="denied"} 1`,
  ]);
  assert.ok(text.includes(`airspace_call_duration_seconds_bucket{${call},status="ok",le="0.025"} 0\n`));
  assert.ok(text.includes(`airspace_call_duration_seconds_bucket{${call},status="ok",le="0.05"} 1\n`));
  assert.ok(text.includes(`airspace_call_duration_seconds_sum{${call},status="ok"} 0.04\n`));
  const use = 'tenant="acme",role="hub",kind="model",target="big",caller="agent/triage",team="acme-triage"';
  assert.deepEqual(linesOf(text, 'airspace_tokens_total'), [
    `airspace_tokens_total{${use},direction="input"} 10`,
    `airspace_tokens_total{${use},direction="output"} 20`,
  ]);
  assert.deepEqual(linesOf(text, 'airspace_cost_usd_total'), [`airspace_cost_usd_total{${use}} 0.00021`]);
  assert.deepEqual(linesOf(text, 'airspace_decisions_total'), [
    'airspace_decisions_total{tenant="acme",role="hub",effect="allow",level="all"} 1',
    'airspace_decisions_total{tenant="acme",role="hub",effect="deny",level="care"} 1',
  ]);
  assert.deepEqual(linesOf(text, 'airspace_call_faults_total'), [
    'airspace_call_faults_total{tenant="acme",role="hub",kind="model",target="big",code="denied"} 1',
  ]);
  assert.ok(text.includes('airspace_reply_bytes_total{tenant="acme",role="hub",kind="model",target="big"} 22\n'));
});

const denial = (): CallEvent['steps'][number] => ({
  ...EVENT.steps[0]!,
  attributes: { effect: 'deny', rules: [], missing: ['care'] },
});

test('people are not labels', async () => {
  const metrics = new Metrics();
  for (let n = 0; n < 50; n++) metrics.emit({ ...EVENT, principal: { kind: 'user', id: `person-${n}@example.org` } });
  const text = await metrics.text();
  assert.doesNotMatch(text, /person-/);
  assert.match(text, /airspace_cost_usd_total\{.*caller="user"\} 0\.0105\n/);
});

test('beyond the room of a family names are `other`, counted, and nothing is lost', async () => {
  const metrics = new Metrics({ series: 10 });
  const calls = Array.from({ length: 100 }, (_, n) => ({ ...EVENT.target, name: `target-${n}` }));
  for (const target of calls) metrics.emit({ ...EVENT, target });
  // Somebody is called so indeed.
  metrics.emit({ ...EVENT, target: { ...EVENT.target, name: 'other' } });
  const text = await metrics.text();
  const counted = linesOf(text, 'airspace_calls_total');
  assert.equal(counted.length, 11);
  assert.equal(new Set(counted.map((line) => line.split(' ')[0])).size, 11, 'each series once');
  assert.equal(
    counted.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0),
    101,
  );
  assert.match(
    text,
    /airspace_calls_total\{tenant="other",role="hub",caller_domain="other",kind="model".*status="ok"\} 91/,
  );
  assert.match(text, /airspace_metrics_other_total\{family="airspace_calls_total"\} 91\n/);
  assert.ok(metrics.targets(null).length <= 11);
});

test('hostile names cannot break a line, make a series twice, or an answer that nobody can read', async () => {
  const metrics = new Metrics();
  const names = ['a"} 1\nevil_total 5', 'a\\', '\u202eright', 'lone\ud800', 'lone\udfff', 'x'.repeat(10_000), 'y\r\0z'];
  for (const name of names) metrics.emit({ ...EVENT, target: { ...EVENT.target, name } });
  const text = Buffer.from(await metrics.text('openmetrics')).toString('utf8');
  const lines = text.split('\n');
  assert.ok(lines.every((line) => line === '' || line.startsWith('#') || line.startsWith('airspace_')));
  assert.ok(lines.every((line) => line.length < 2_000));
  const series = linesOf(text, 'airspace_calls_total');
  assert.equal(new Set(series.map((line) => line.slice(0, line.lastIndexOf(' ')))).size, series.length);
});

test('OpenMetrics has exemplars that lead to the trace, and is only for who asks for it', async () => {
  const metrics = new Metrics();
  metrics.emit(EVENT);
  const text = await metrics.text('openmetrics');
  assert.match(text, /le="0\.05"\} 1 # \{trace_id="a{32}"\} 0\.04 1700000000\.040\n/);
  assert.match(text, /# TYPE airspace_calls counter\n/);
  assert.match(text, /le="1\.0"\}/);
  assert.ok(text.endsWith('# EOF\n'));
  assert.doesNotMatch(await metrics.text(), /trace_id|# EOF/);
  assert.equal(expositionFor('text/plain'), 'prometheus');
  assert.equal(expositionFor('application/openmetrics-text;version=1.0.0;q=0'), 'prometheus');
  assert.equal(expositionFor('*/*'), 'prometheus');
  assert.equal(expositionFor('application/openmetrics-text;version=1.0.0,text/plain;q=0.5'), 'openmetrics');
});

test('an exemplar that is no trace id is not written', async () => {
  const metrics = new Metrics();
  metrics.emit({ ...EVENT, trace: '"} 1\nevil 1' });
  assert.doesNotMatch(await metrics.text('openmetrics'), /evil/);
});

test('a source that fails or hangs is counted and keeps nothing else from the answer', async () => {
  let expire = (): void => {};
  const clock = {
    nowMs: () => 0,
    wallMs: () => 0,
    after: (_: number, run: () => void) => {
      expire = run;
      return { cancel: () => {} };
    },
  };
  const metrics = new Metrics({ clock });
  let asked = 0;
  let say: ((value: number) => void) | undefined;
  metrics.source({
    name: 'broken',
    read: () => {
      throw new Error('the store is away');
    },
  });
  metrics.source({
    name: 'stuck',
    read: (saying) => {
      asked += 1;
      say = (value) => saying('airspace_audit_unsent_records', {}, value);
      return new Promise(() => {});
    },
  });
  metrics.gauge({ name: 'airspace_overload_level', read: () => 2 });
  const answer = metrics.text();
  const again = metrics.text();
  expire();
  assert.match(await answer, /airspace_overload_level 2\n/);
  assert.equal(await again, await answer, 'one reading for both');
  say?.(5);
  const text = await metrics.text();
  assert.equal(asked, 1, 'what hangs is not asked again');
  assert.match(text, /airspace_metrics_failed_total\{source="broken"\} 2\n/);
  assert.match(text, /airspace_metrics_failed_total\{source="stuck"\} 2\n/);
  assert.doesNotMatch(text, /airspace_audit_unsent_records/);
});

test('a source that says more than there is room for is cut, and it is said', async () => {
  const metrics = new Metrics({ series: 10 });
  metrics.source({
    name: 'many',
    read: (say) => {
      for (let n = 0; n < 25; n++) say('airspace_leases_open', { node: `n${n}` }, 1);
    },
  });
  const text = await metrics.text();
  assert.equal(linesOf(text, 'airspace_leases_open').length, 10);
  assert.match(text, /airspace_metrics_left_out\{family="airspace_leases_open"\} 15\n/);
});
