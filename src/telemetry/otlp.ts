/** Events as OpenTelemetry spans over OTLP/HTTP with JSON encoding, the form that every collector takes. */
import type { Attributes, CallEvent, CallStatus } from '../contract/index.ts';

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly unknown[];
  readonly status: { readonly code: number; readonly message?: string };
}

/** The request body of `POST {endpoint}/v1/traces`. */
export const otlpRequest = (events: readonly CallEvent[], service: string): unknown => ({
  resourceSpans: [...Map.groupBy(events, (event) => event.node)].map(([node, own]) => ({
    resource: { attributes: attributesOf({ 'service.name': service, 'service.instance.id': node }) },
    scopeSpans: [{ scope: { name: 'airspace' }, spans: own.flatMap(spansOf) }],
  })),
});

const spansOf = (event: CallEvent): readonly OtlpSpan[] => {
  const { kind, name, operation } = event.target;
  const call: OtlpSpan = {
    traceId: event.trace,
    spanId: event.span,
    ...(event.parentSpan === undefined ? {} : { parentSpanId: event.parentSpan }),
    name: `${kind} ${name}/${operation}`,
    kind: 2,
    ...times(event.startedAtMs, event.durationMs),
    attributes: attributesOf({
      'airspace.call.id': event.callId,
      'airspace.tenant': event.tenant,
      'airspace.caller': event.principal?.id,
      'airspace.target.kind': kind,
      'airspace.target.name': name,
      'airspace.operation': operation,
      'airspace.role': event.role,
      'airspace.status': event.status,
      'airspace.snapshot.seq': event.snapshotSeq,
      'session.id': event.session,
      'http.response.status_code': event.httpStatus === 0 ? undefined : event.httpStatus,
      'error.type': event.code === '' ? undefined : event.code,
      ...prefixed(event.attributes),
    }),
    status: statusCode(event.status, event.attributes['message']),
  };
  const steps = event.steps.map(
    (step): OtlpSpan => ({
      traceId: event.trace,
      spanId: step.span,
      parentSpanId: event.span,
      name: step.name,
      kind: step.name === 'attempt' ? 3 : 1,
      ...times(event.startedAtMs + step.offsetMs, step.durationMs),
      attributes: attributesOf(prefixed(step.attributes)),
      status: { code: 0 },
    }),
  );
  return [call, ...steps];
};

/** Nanoseconds exceed 2^53, so milliseconds are split before they are scaled. */
const times = (startMs: number, durationMs: number): Pick<OtlpSpan, 'startTimeUnixNano' | 'endTimeUnixNano'> => ({
  startTimeUnixNano: nanos(startMs),
  endTimeUnixNano: nanos(startMs + Math.max(0, durationMs)),
});

const nanos = (ms: number): string => {
  const whole = Math.floor(ms);
  return (BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1_000_000))).toString();
};

const statusCode = (status: CallStatus, message: Attributes[string]): OtlpSpan['status'] => {
  if (status === 'ok') return { code: 1 };
  return { code: 2, ...(typeof message === 'string' ? { message } : {}) };
};

const prefixed = (attributes: Attributes): Attributes =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`airspace.${name}`, value]));

const attributesOf = (attributes: Attributes): readonly unknown[] =>
  Object.entries(attributes).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: anyValue(value) }]));

const anyValue = (value: NonNullable<Attributes[string]>): unknown => {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { arrayValue: { values: value.map((stringValue) => ({ stringValue })) } };
};
