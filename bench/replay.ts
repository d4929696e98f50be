/** How long a replay of recorded decisions takes, from the events on disk to the report: `node bench/replay.ts [decisions] [rules]`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallEvent, TargetEntry } from '../src/contract/index.ts';
import { replayRecorded } from '../src/control/index.ts';
import { compilePolicy, Replay } from '../src/policy/index.ts';
import { openSqlite } from '../src/stores/index.ts';

const decisions = Number(process.argv[2] ?? 100_000);
const rules = Number(process.argv[3] ?? 100);
const AGENTS = 50;
const TOOLS = 50;

const target = (kind: TargetEntry['kind'], name: string): TargetEntry => ({
  tenant: 'default',
  kind,
  name,
  domain: '',
  labels: {},
  endpoints: [],
  operations: [{ name: 'run', effect: 'read', idempotent: true }],
  health: null,
  concurrency: 1,
  timeoutMs: null,
});
const targets = [
  ...Array.from({ length: AGENTS }, (_, at) => target('agent', `agent-${at}`)),
  ...Array.from({ length: TOOLS }, (_, at) => target('tool', `tool-${at}`)),
];

/** Half are about one agent, half about everybody under a condition; one of them is new. */
const text = Array.from({ length: rules }, (_, at) =>
  at % 2 === 0
    ? `@id("p${at}") @reason("r") permit(principal == Agent::"agent-${at % AGENTS}", action, resource);`
    : `@id("f${at}") @reason("r") forbid(principal, action, resource) when { context.depth > ${at + 8} || resource.name == "none-${at}" };`,
).join('\n');

const event = (at: number): CallEvent => ({
  callId: at.toString(16).padStart(32, '0'),
  trace: at.toString(16).padStart(32, '0'),
  span: at.toString(16).padStart(16, '0'),
  tenant: 'default',
  principal: { kind: 'agent', id: `agent-${at % AGENTS}` },
  target: { kind: 'tool', name: `tool-${(at * 7) % TOOLS}`, operation: 'run' },
  lineage: { root: at.toString(16).padStart(32, '0'), depth: 0 },
  node: 'hub-1',
  role: 'hub',
  startedAtMs: 1_700_000_000_000 + at,
  durationMs: 3,
  status: 'ok',
  code: '',
  httpStatus: 200,
  requestBytes: 100,
  replyBytes: 100,
  snapshotSeq: 1,
  attributes: {
    'policy.rule': ['org/p0'],
    'policy.version': 'sha256:0123456789abcdef',
    endpoint: 'tool@127.0.0.1:9000',
  },
  steps: [
    {
      span: at.toString(16).padStart(16, '0'),
      name: 'decide',
      offsetMs: 0.1,
      durationMs: 0.02,
      attributes: {
        effect: 'allow',
        code: 'OK',
        rules: ['org/p0'],
        missing: [],
        policyVersion: 'sha256:0123456789abcdef',
        at: 1_700_000_000_000 + at,
        depth: 0,
        priority: 2,
      },
    },
    {
      span: 'f'.repeat(16),
      name: 'attempt',
      offsetMs: 0.3,
      durationMs: 2.5,
      attributes: { endpoint: 'x', outcome: 'ok' },
    },
  ],
});

const dir = mkdtempSync(join(tmpdir(), 'airspace-replay-'));
const stores = await openSqlite({ dir });
try {
  for (let at = 0; at < decisions; at += 5_000)
    await stores.traces.append(Array.from({ length: Math.min(5_000, decisions - at) }, (_, each) => event(at + each)));
  const policy = await compilePolicy([{ tenant: 'default', level: 'org', policies: { text } }], {
    targets,
    domains: [],
    users: [],
  });
  const replay = new Replay({ policy, targets, domains: [] });
  // The longest time for which nothing else of a hub would have run.
  let longestMs = 0;
  let last = performance.now();
  const pulse = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - last);
    last = performance.now();
  }, 1);
  const startMs = performance.now();
  const tally = await replayRecorded(stores.traces, replay, { tenant: 'default', sinceMs: 0, limit: decisions });
  const tookMs = performance.now() - startMs;
  clearInterval(pulse);
  process.stdout.write(
    `${tally.decisions} decisions by ${rules} rules in ${(tookMs / 1000).toFixed(2)} s, ` +
      `${Math.round(tally.decisions / (tookMs / 1000))} per second; ${tally.flips} flips in ${tally.groups.length} groups; ` +
      `the event loop waited at most ${longestMs.toFixed(0)} ms\n`,
  );
} finally {
  await stores.close();
  rmSync(dir, { recursive: true, force: true });
}
