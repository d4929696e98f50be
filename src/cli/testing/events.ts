/** A call that went from a sidecar through another one to an agent, with a retry: what two nodes said about it. */
import type { CallEvent, StepEvent } from '../../contract/index.ts';

export const step = (
  name: string,
  offsetMs: number,
  durationMs: number,
  attributes: StepEvent['attributes'],
  span = `${name}-${offsetMs}`,
): StepEvent => ({
  span,
  name,
  offsetMs,
  durationMs,
  attributes,
});

export const event = (given: Partial<CallEvent> = {}): CallEvent => ({
  callId: 'c1'.repeat(16),
  trace: 'ab'.repeat(16),
  span: 'root',
  tenant: 'default',
  principal: { kind: 'agent', id: 'concierge', domain: 'storefront' },
  target: { kind: 'agent', name: 'orders', operation: 'where' },
  lineage: { root: 'c1'.repeat(16), depth: 0 },
  node: 'sc-a',
  role: 'sidecar-out',
  startedAtMs: 1_000,
  durationMs: 100,
  status: 'ok',
  code: '',
  httpStatus: 200,
  requestBytes: 8,
  replyBytes: 20,
  snapshotSeq: 12,
  attributes: {},
  steps: [],
  ...given,
});

const POLICY = 'sha256:0011223344556677';

export const mesh = (): readonly CallEvent[] => [
  event({
    span: 'in',
    parentSpan: 'send-2',
    node: 'sc-b',
    role: 'sidecar-in',
    startedAtMs: 1_062,
    durationMs: 30,
    steps: [
      step('decide', 1, 0.2, {
        effect: 'allow',
        code: 'OK',
        rules: ['org/work-together'],
        missing: [],
        policyVersion: POLICY,
      }),
      step('attempt', 2, 27, { attempt: 1, endpoint: 'orders@127.0.0.1:9000', outcome: 'ok', code: '', status: 200 }),
      step('send', 3, 26, { endpoint: 'orders@127.0.0.1:9000', status: 200 }),
    ],
  }),
  event({
    span: 'out',
    parentSpan: 'nobody-reported',
    steps: [
      step('attempt', 50, 45, { attempt: 2, endpoint: 'orders-b', outcome: 'ok', code: '', status: 200 }),
      step('send', 52, 42, { endpoint: 'orders-b', status: 200 }, 'send-2'),
      step('decide', 1, 0.2, {
        effect: 'allow',
        code: 'OK',
        rules: ['org/work-together'],
        missing: [],
        policyVersion: POLICY,
      }),
      step('attempt', 2, 10, { attempt: 1, endpoint: 'orders-a', outcome: 'failed', code: 'unreachable' }),
      step('route', 2, 0.1, { picked: 'orders-a', eligible: 2, candidates: 2, panic: false }),
    ],
  }),
];
