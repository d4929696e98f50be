/** The words of OTLP 1.x for traces and for what all signals share, in the forms that its JSON encoding has: ids in hex, 64-bit numbers as decimal text. */

export type AnyValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly arrayValue: { readonly values: readonly AnyValue[] } };

export interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

/** Of `Span.SpanKind`. */
export const KIND = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;
/** Of `Status.StatusCode`. */
export const STATUS = { unset: 0, ok: 1, error: 2 } as const;

export interface SpanEvent {
  readonly timeUnixNano: string;
  readonly name: string;
  readonly attributes: readonly KeyValue[];
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
}

export interface Span {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  /** Nanoseconds since 1970. */
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly KeyValue[];
  readonly events?: readonly SpanEvent[];
  readonly links?: readonly SpanLink[];
  readonly status: { readonly code: number; readonly message?: string };
}

export interface ScopeSpans {
  readonly scope: { readonly name: string; readonly version?: string };
  readonly spans: readonly Span[];
  /** Of the conventions that the attributes follow. */
  readonly schemaUrl?: string;
}

export interface ResourceSpans {
  readonly resource: { readonly attributes: readonly KeyValue[] };
  readonly scopeSpans: readonly ScopeSpans[];
}

/** `ExportTraceServiceRequest`. */
export interface TraceRequest {
  readonly resourceSpans: readonly ResourceSpans[];
}

/** What `ExportTraceServiceResponse` says was left out. 0 with a message is a warning. */
export interface PartialSuccess {
  /** Of metrics: points. */
  readonly rejectedSpans: number;
  /** Empty: nothing to say. */
  readonly errorMessage: string;
}

export type Encoding = 'protobuf' | 'json';

export const CONTENT_TYPES: Readonly<Record<Encoding, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
};

/** Undefined: a type that OTLP over HTTP does not have. */
export const encodingOf = (contentType: string): Encoding | undefined => {
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase();
  return (['protobuf', 'json'] as const).find((encoding) => CONTENT_TYPES[encoding] === type);
};
