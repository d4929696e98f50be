/** What is still known of a request: its first call, what its agent called, and what those were answered, as far as that was kept. Pure. */
import {
  type Call,
  type CallEvent,
  type CallRecord,
  type Executed,
  FACT_READER,
  FAULT_CODES,
  Fault,
  type FaultCode,
  type LogRecord,
  PAYLOAD_OF_CALL,
  PAYLOAD_OF_REPLY,
} from '../contract/index.ts';

export type KeptPayload = { readonly text: string; readonly type: string } | { readonly why: string };

export type KeptAnswer =
  | { readonly kind: 'reply'; readonly status: number; readonly type: string; readonly bytes: Uint8Array }
  | { readonly kind: 'fault'; readonly code: FaultCode; readonly message: string; readonly executed: Executed }
  | { readonly kind: 'missing'; readonly why: string };

export interface RecordedCall {
  readonly callId: string;
  /** `agent/triage` */
  readonly caller: string;
  /** `tool/orders/find` */
  readonly target: string;
  readonly asked: KeptPayload;
  /** SHA-256 of what was sent, hex. Absent: it was not noted. */
  readonly digest: string | undefined;
  /** What was promised about it, of a call with a record of its own. */
  readonly record: CallRecord | undefined;
  readonly answer: KeptAnswer;
}

export interface Recording {
  readonly root: CallEvent;
  readonly asked: KeptPayload;
  readonly answer: KeptAnswer;
  /** In the order in which they began. */
  readonly calls: readonly RecordedCall[];
  /** Of the first call and of what its agent called. */
  readonly events: readonly CallEvent[];
}

export interface Kept {
  readonly events: readonly CallEvent[];
  /** Of this node only: others could say anything about its calls. */
  readonly logs: readonly LogRecord[];
  readonly records: ReadonlyMap<string, CallRecord>;
}

/** The request that a call or trace is part of. Throws `not_found`, and `bad_request` where it is one of several. */
export const rootIn = (events: readonly CallEvent[], id: string): CallEvent => {
  const named = events.find(({ callId }) => callId.startsWith(id));
  const roots = events.filter(({ lineage }) => lineage.depth === 0);
  const those = named === undefined ? roots : roots.filter(({ callId }) => callId === named.lineage.root);
  const calls = [...new Set(those.map(({ callId }) => callId))];
  if (events.length === 0)
    throw new Fault('not_found', `there is no trace or call \`${id}\` here; it may be older than what is kept`);
  if (calls.length === 0)
    throw new Fault('not_found', `the beginning of \`${id}\` is not kept here, so that it cannot be made again`);
  if (calls.length > 1)
    throw new Fault(
      'bad_request',
      `trace \`${id}\` has ${calls.length} requests; name one: ${calls
        .slice(0, 5)
        .map((call) => call.slice(0, 8))
        .join(', ')}`,
    );
  // What waited for people is told of again when it goes on.
  return those.toSorted((a, b) => b.startedAtMs - a.startedAtMs)[0]!;
};

export const recordingOf = (root: CallEvent, kept: Kept): Recording => {
  const tree = kept.events.filter(({ lineage }) => lineage.root === root.callId);
  const told = Map.groupBy(tree, ({ callId }) => callId);
  const last = [...told.values()]
    .map((of) => of.toSorted((a, b) => b.startedAtMs - a.startedAtMs)[0]!)
    .toSorted((a, b) => a.startedAtMs - b.startedAtMs);
  return {
    root,
    asked: payloadIn(kept.logs, root.callId, PAYLOAD_OF_CALL),
    answer: answerOf(root, kept),
    calls: last
      .filter((event) => event.lineage.parent === root.callId || isFact(event))
      .map((event) => recorded(event, kept)),
    events: tree.filter((event) => event.callId === root.callId || event.lineage.parent === root.callId),
  };
};

/** Airspace itself asks, on whatever depth. */
const isFact = ({ principal }: CallEvent): boolean => principal?.kind === 'node' && principal.id === FACT_READER;

const recorded = (event: CallEvent, kept: Kept): RecordedCall => ({
  callId: event.callId,
  caller: callerOf(event),
  target: targetOf(event),
  asked: payloadIn(kept.logs, event.callId, PAYLOAD_OF_CALL),
  digest: textOf(event.attributes['payload.sha256']),
  record: kept.records.get(event.callId),
  answer: answerOf(event, kept),
});

export const callerOf = ({ principal }: CallEvent | Pick<Call, 'principal'>): string =>
  principal === null ? 'nobody' : `${principal.kind}/${principal.id}`;

export const targetOf = ({ target }: Pick<CallEvent, 'target'>): string =>
  `${target.kind}/${target.name}/${target.operation}`;

const answerOf = (event: CallEvent, { logs, records }: Kept): KeptAnswer => {
  const { callId, code, status, attributes } = event;
  if (code !== '') return faultOf(event);
  if (attributes['notes'] !== undefined && [attributes['notes']].flat().includes('held'))
    return { kind: 'missing', why: 'it waited for people then' };
  if (status !== 'ok' && status !== 'failed') return { kind: 'missing', why: `it was ${status} then` };
  const reply = records.get(callId)?.reply;
  if (reply != null && reply.outcome !== 'fault')
    return { kind: 'reply', status: reply.status, type: reply.contentType, bytes: reply.body };
  const logged = payloadIn(logs, callId, PAYLOAD_OF_REPLY);
  if ('why' in logged) return { kind: 'missing', why: logged.why };
  return {
    kind: 'reply',
    status: event.httpStatus,
    type: logged.type,
    bytes: new TextEncoder().encode(logged.text),
  };
};

/** What was refused before it was sent says nothing about what the target would have answered. */
const REFUSED: ReadonlySet<string> = new Set(['denied', 'approval_required', 'unauthenticated', 'cancelled']);

const faultOf = ({ code, attributes }: CallEvent): KeptAnswer => {
  if (REFUSED.has(code) || !Object.hasOwn(FAULT_CODES, code))
    return { kind: 'missing', why: `it ended with ${code} then, and no answer came` };
  const executed = textOf(attributes['executed']);
  return {
    kind: 'fault',
    code: code as FaultCode,
    message: textOf(attributes['message']) ?? 'as it was recorded',
    executed: executed === 'yes' || executed === 'no' ? executed : 'unknown',
  };
};

const payloadIn = (logs: readonly LogRecord[], call: string, message: string): KeptPayload => {
  const found = logs.findLast((record) => record.call_id === call && record.message === message);
  if (found === undefined) return { why: 'policy keeps no payload of it (`@log_payload("full")` does)' };
  const { payload, payload_kept: kept, content_type: type } = found;
  if (kept !== undefined) return { why: `not all of it was kept (${String(kept).slice(0, 60)})` };
  if (typeof payload !== 'string' || typeof type !== 'string') return { why: 'its payload is not in the log' };
  return { text: payload, type };
};

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
