/** What nodes saw and what agents said, as a request of OTLP. */
import type { AgentSpan, Attributes, CallEvent, CallStatus, SaidEvent } from '../../contract/index.ts';
import {
  type AnyValue,
  type KeyValue,
  KIND,
  nanosText,
  type ResourceSpans,
  type Span,
  type SpanEvent,
  STATUS,
  type TraceRequest,
} from '../../dialects/otlp/index.ts';
import {
  type Named,
  type NameSet,
  nameCall,
  nameStep,
  type SayAttribute,
  SCHEMA_URL,
  sayCall,
  sayStep,
} from '../names.ts';

/** `service.name` of nodes. */
const SERVICE = 'airspace';

/** Who a node is, for all that it exports. */
export const nodeResource = (node: string) => ({
  attributes: attributesOf({ 'service.name': SERVICE, 'service.instance.id': node }),
});

/** The body of `POST {endpoint}/v1/traces`: a resource for each node, and one for each service of an agent. */
export const traceRequest = (
  events: readonly CallEvent[],
  said: readonly AgentSpan[],
  names: NameSet,
): TraceRequest => ({
  resourceSpans: [
    ...[...Map.groupBy(events, ({ node }) => node)].map(([node, own]) => ofNode(node, own, names)),
    ...[...Map.groupBy(said, sayer).values()].map(ofAgent),
  ],
});

/** Spans that an event becomes. */
export const spanCount = ({ steps }: CallEvent): number => 1 + steps.length;

const ofNode = (node: string, events: readonly CallEvent[], names: NameSet): ResourceSpans => ({
  resource: nodeResource(node),
  scopeSpans: [
    {
      scope: { name: 'airspace' },
      spans: events.flatMap((event) => spansOf(event, names)),
      ...(names === 'otel' ? { schemaUrl: SCHEMA_URL } : {}),
    },
  ],
});

const sayer = ({ tenant, principal, service }: AgentSpan): string =>
  JSON.stringify([tenant, principal.kind, principal.id, service]);

/** Its attributes are its own words under whatever names it gave them; who it is, is ours. */
const ofAgent = (spans: readonly AgentSpan[]): ResourceSpans => {
  const { tenant, principal, service } = spans[0]!;
  const said = { 'airspace.tenant': tenant, 'airspace.said_by': `${principal.kind}/${principal.id}` };
  return {
    resource: { attributes: attributesOf({ 'service.name': service || principal.id, ...said }) },
    scopeSpans: [{ scope: { name: 'airspace.said' }, spans: spans.map(saidSpan) }],
  };
};

/** An outcome has an id that no span has, of which the last digits make one. */
const spanIdOf = ({ span, outcome }: AgentSpan): string => (outcome === undefined ? span : span.slice(-16));

const OUTCOME_NAMES: Readonly<Record<string, string>> = {
  task: 'airspace.task.name',
  result: 'airspace.task.result',
  score: 'airspace.task.score',
};

const attributesOfSaid = ({ attributes, outcome }: AgentSpan): Attributes => ({
  ...attributes,
  ...Object.fromEntries(Object.entries(outcome ?? {}).map(([name, value]) => [OUTCOME_NAMES[name]!, value])),
});

const saidSpan = (said: AgentSpan): Span => ({
  ...{ traceId: said.trace, spanId: spanIdOf(said) },
  ...(said.parentSpan === undefined ? {} : { parentSpanId: said.parentSpan }),
  name: said.outcome === undefined ? said.name : `outcome ${said.name}`,
  kind: KIND[said.kind],
  ...times(said.startedAtMs, said.durationMs),
  attributes: attributesOf(attributesOfSaid(said)),
  ...(said.events === undefined ? {} : { events: said.events.map(eventOf) }),
  ...(said.links === undefined
    ? {}
    : { links: said.links.map(({ trace, span }) => ({ traceId: trace, spanId: span })) }),
  status: { code: STATUS[said.status], ...(said.message === '' ? {} : { message: said.message }) },
});

const eventOf = ({ name, atMs, attributes }: SaidEvent): SpanEvent => ({
  timeUnixNano: nanosText(atMs),
  name,
  attributes: attributesOf(attributes),
});

const spansOf = (event: CallEvent, names: NameSet): readonly Span[] => [
  {
    ...placed(event.trace, event.span, event.parentSpan),
    ...shown(nameCall(event, names), (say) => sayCall(event, names, say)),
    ...times(event.startedAtMs, event.durationMs),
    status: statusCode(event.status, event.attributes['message']),
  },
  ...event.steps.map((step) => ({
    ...placed(event.trace, step.span, event.span),
    ...shown(nameStep(step), (say) => sayStep(step, names, say)),
    ...times(event.startedAtMs + step.offsetMs, step.durationMs),
    status: { code: STATUS.unset },
  })),
];

const placed = (traceId: string, spanId: string, parentSpanId: string | undefined) => ({
  traceId,
  spanId,
  ...(parentSpanId === undefined ? {} : { parentSpanId }),
});

const shown = ({ name, kind }: Named, sayAll: (say: SayAttribute) => void) => {
  const attributes: KeyValue[] = [];
  sayAll((key, value) => attributes.push({ key, value: anyValue(value) }));
  return { name, kind: KIND[kind], attributes };
};

const times = (startMs: number, durationMs: number) => ({
  startTimeUnixNano: nanosText(startMs),
  endTimeUnixNano: nanosText(startMs + Math.max(0, durationMs)),
});

const statusCode = (status: CallStatus, message: Attributes[string]): Span['status'] => {
  if (status === 'ok') return { code: STATUS.ok };
  return { code: STATUS.error, ...(typeof message === 'string' ? { message } : {}) };
};

const attributesOf = (attributes: Attributes): readonly KeyValue[] =>
  Object.entries(attributes).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: anyValue(value) }]));

const anyValue = (value: NonNullable<Attributes[string]>): AnyValue => {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { arrayValue: { values: value.map((stringValue) => ({ stringValue })) } };
};
