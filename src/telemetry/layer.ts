/** Opens the record of a call before anything else happens and closes it when the call is really over: a refused call leaves one too. */
import type {
  Attributes,
  Call,
  CallEvent,
  CallStatus,
  EventSink,
  Fault,
  Reply,
  Scope,
  Span,
  StepEvent,
  Target,
} from '../contract/index.ts';
import { type Layer, whenEnded } from '../kernel/index.ts';

export interface TraceOptions {
  readonly node: string;
  /** The part that this node plays: `hub`, `domain`, `sidecar-out`, `sidecar-in`. */
  readonly role: string;
  readonly sink: EventSink;
  /** Sequence of the snapshot that this pipeline was composed from. */
  readonly snapshotSeq: number;
}

/** Outermost layer. Layers below write to `scope.span`; the event is emitted once, at failure, reply, end of stream or abort. */
export const trace =
  (options: TraceOptions): Layer =>
  (next) =>
  (call, scope) => {
    const span = new CallSpan(scope);
    const startedAtMs = scope.clock.wallMs();
    const inner: Scope = { ...scope, span };
    return whenEnded(next(call, inner), scope.signal, (fault, reply, replyBytes) =>
      options.sink.emit(
        eventOf(call, span, {
          ...options,
          startedAtMs,
          durationMs: micros(scope.clock.nowMs() - span.startMs),
          fault,
          reply,
          replyBytes,
        }),
      ),
    );
  };

class CallSpan implements Span {
  readonly spanId: string;
  readonly startMs: number;
  readonly steps: StepEvent[] = [];
  attributes: Record<string, Attributes[string]> = {};
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
    this.spanId = scope.ids.spanId();
    this.startMs = scope.clock.nowMs();
  }

  set(attributes: Attributes): void {
    Object.assign(this.attributes, attributes);
  }

  step(name: string, startMs: number, attributes: Attributes = {}, spanId: string = this.#scope.ids.spanId()): void {
    const durationMs = micros(this.#scope.clock.nowMs() - startMs);
    this.steps.push({ span: spanId, name, offsetMs: micros(startMs - this.startMs), durationMs, attributes });
  }
}

/** Whole microseconds: what the clock says beyond them is noise, and each digit is written, kept and read. */
const micros = (ms: number): number => Math.round(ms * 1_000) / 1_000;

interface Ending extends TraceOptions {
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly fault: Fault | undefined;
  readonly reply: Reply | undefined;
  readonly replyBytes: number;
}

const eventOf = (call: Call, span: CallSpan, end: Ending): CallEvent => {
  const {
    'principal.kind': kind,
    'principal.id': id,
    'principal.domain': domain,
    tenant,
    'tree.root': root,
    'tree.parent': parent,
    'tree.depth': depth,
    'target.kind': targetKind,
    'target.name': targetName,
    'target.operation': targetOperation,
    ...attributes
  } = span.attributes;
  return {
    callId: call.id,
    trace: call.trace.trace,
    span: span.spanId,
    ...(call.trace.parentSpan === undefined ? {} : { parentSpan: call.trace.parentSpan }),
    tenant: text(tenant),
    principal:
      id === undefined
        ? null
        : { kind: text(kind), id: text(id), ...(domain === undefined ? {} : { domain: text(domain) }) },
    // What was asked for as a capability is what it was resolved to.
    target:
      targetName === undefined
        ? call.target
        : { kind: text(targetKind) as Target['kind'], name: text(targetName), operation: text(targetOperation) },
    // As it was found out below; what came with the call is only what its sender knew.
    lineage:
      root === undefined
        ? call.lineage
        : { root: text(root), ...(parent === undefined ? {} : { parent: text(parent) }), depth: Number(depth) },
    ...(call.session === undefined ? {} : { session: call.session }),
    node: end.node,
    role: end.role,
    startedAtMs: end.startedAtMs,
    durationMs: end.durationMs,
    status: statusOf(end.fault, end.reply),
    code: end.fault?.code ?? '',
    httpStatus: end.reply?.status ?? 0,
    requestBytes: call.body.kind === 'bytes' ? call.body.bytes.byteLength : 0,
    replyBytes: end.replyBytes,
    snapshotSeq: end.snapshotSeq,
    attributes: {
      ...attributes,
      ...(end.fault === undefined ? {} : { message: end.fault.message, executed: end.fault.executed }),
      ...(end.reply === undefined || end.reply.endpoint === ''
        ? {}
        : { endpoint: end.reply.endpoint, attempts: end.reply.attempts }),
      ...(end.reply?.notes === undefined ? {} : { notes: end.reply.notes }),
    },
    steps: span.steps,
  };
};

/** One word for how it went: `denied` is policy's no, `refused` is ours before anything ran, `unknown` may have run. */
export const statusOf = (fault: Fault | undefined, reply: Reply | undefined): CallStatus => {
  if (fault === undefined) return reply?.outcome === 'failed' ? 'failed' : 'ok';
  if (fault.code === 'denied' || fault.code === 'approval_required' || fault.code === 'unauthenticated')
    return 'denied';
  if (fault.code === 'cancelled') return 'cancelled';
  if (fault.executed === 'no') return 'refused';
  return fault.executed === 'unknown' ? 'unknown' : 'failed';
};

const text = (value: Attributes[string]): string => (typeof value === 'string' ? value : '');
