/** An upstream in memory: answers as its script says and remembers what it executed, so that a test can ask what really happened. */
import type { Call, Reply, Scope } from '../contract/index.ts';
import type { Handler } from './handler.ts';

/** One execution. The ledger belongs to the target, not to us: it is the truth that our answers are held against. */
export interface Execution {
  readonly callId: string;
  readonly operation: string;
  readonly atMs: number;
}

/**
 * What the target does with a call: `execute` does the work, once per use; then it replies or throws. A fault without
 * `execute` never ran, one after it did. `nth` counts the calls from 1.
 */
export type Script = (call: Call, scope: Scope, execute: () => void, nth: number) => Reply | Promise<Reply>;

export interface Loopback {
  readonly handler: Handler;
  /** Grows only. */
  readonly ledger: readonly Execution[];
}

const echo: Script = (call, _scope, execute) => {
  execute();
  return loopbackReply({ body: call.body, contentType: call.contentType });
};

export const loopback = (script: Script = echo): Loopback => {
  const ledger: Execution[] = [];
  let received = 0;
  return {
    ledger,
    handler: async (call, scope) => {
      received += 1;
      const execute = (): void => {
        ledger.push({ callId: call.id, operation: call.target.operation, atMs: scope.clock.nowMs() });
      };
      return script(call, scope, execute, received);
    },
  };
};

export const loopbackReply = (parts: Partial<Reply> = {}): Reply => ({
  outcome: (parts.status ?? 200) < 400 ? 'ok' : 'failed',
  status: 200,
  contentType: 'application/json',
  headers: [],
  body: { kind: 'bytes', bytes: new Uint8Array(0) },
  endpoint: 'loopback',
  attempts: 1,
  ...parts,
});

/** A call that a test or a simulated caller makes; say only what matters. */
export const loopbackCall = (parts: Partial<Call> = {}): Call => ({
  id: '0'.repeat(32),
  credential: { kind: 'none' },
  principal: { kind: 'agent', tenant: 'acme', id: 'caller', roles: [] },
  target: { kind: 'agent', name: 'orders', operation: 'create' },
  contentType: 'application/json',
  accept: '*/*',
  body: { kind: 'bytes', bytes: new Uint8Array(0) },
  headers: [],
  trace: { trace: '1'.repeat(32), sampled: true },
  lineage: { root: '0'.repeat(32), depth: 0 },
  priority: 2,
  stream: false,
  via: [],
  retriedElsewhere: false,
  ...parts,
});
