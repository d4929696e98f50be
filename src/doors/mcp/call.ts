/** One request of MCP as the one call that it is: what policy, budgets and people look at. */
import {
  type Call,
  type Credential,
  documentIn,
  eventsIn,
  type Form,
  type Target,
  type TraceContext,
} from '../../contract/index.ts';
import { META_HEADER, SESSION_HEADER, writeMeta } from '../../dialects/mcp/index.ts';
import { bytesOf, type World } from '../../kernel/index.ts';
import { callFrom, type Inbound, parseTraceparent } from '../http/index.ts';
import type { Json } from './message.ts';

export interface Asking {
  readonly target: Target;
  readonly form: Form;
  readonly body: unknown;
  /** `_meta` of the request, with its trace. */
  readonly meta: Json;
  /** Notifications are wanted before the answer. */
  readonly stream: boolean;
  /** The target's own session, and the endpoint that has it, or another thing that the request is about. */
  readonly session?: string | undefined;
  readonly pin?: string | undefined;
  /** What was asked for instead of the target. */
  readonly capability?: Call['capability'] | undefined;
}

const TRACESTATE = /^[\x21-\x7e][\x20-\x7e]{0,511}$/;
const BAGGAGE = /^[\x21-\x7e][\x20-\x7e]{0,1023}$/;

/** Throws Fault `too_large` for a `_meta` that does not fit into a header. */
export const callOf = ({ ids }: Pick<World, 'ids'>, inbound: Inbound, credential: Credential, asking: Asking): Call => {
  const id = ids.callId();
  const meta = writeMeta(asking.meta);
  const { trace, passed } = tracedBy(asking.meta, inbound, ids.traceId);
  const call = callFrom(inbound, {
    id,
    credential,
    target: asking.target,
    contentType: documentIn(asking.form),
    accept: asking.stream ? eventsIn('mcp') : documentIn('mcp'),
    body: { kind: 'bytes', bytes: bytesOf(asking.body) },
    headers: [
      ...passed,
      ...(meta === '' ? [] : ([[META_HEADER, meta]] as const)),
      ...(asking.session === undefined ? [] : ([[SESSION_HEADER, asking.session]] as const)),
    ],
    trace,
    stream: asking.stream,
    pin: asking.pin,
  });
  return asking.capability === undefined ? call : { ...call, capability: asking.capability };
};

/** What MCP says in headers is said anew by whoever speaks to the target, and `mcp-meta` is ours to write. */
const isOfProtocol = (name: string): boolean =>
  name.startsWith('mcp-') || name === 'last-event-id' || name === 'origin';

/** The context in `_meta` is the parent; that of HTTP is about the hop. */
const tracedBy = (
  meta: Json,
  inbound: Inbound,
  fresh: () => string,
): { readonly trace: TraceContext; readonly passed: Call['headers'] } => {
  const { traceparent, tracestate, baggage } = meta;
  const passed = inbound.passed.filter(([name]) => !isOfProtocol(name));
  const parent = typeof traceparent === 'string' ? parseTraceparent(traceparent) : undefined;
  if (parent === undefined) return { trace: inbound.trace ?? { trace: fresh(), sampled: true }, passed };
  const own = passed.filter(([name]) => name !== 'tracestate' && name !== 'baggage');
  return {
    trace: parent,
    passed: [...own, ...textAs('tracestate', tracestate, TRACESTATE), ...textAs('baggage', baggage, BAGGAGE)],
  };
};

const textAs = (name: string, value: unknown, form: RegExp): readonly (readonly [string, string])[] =>
  typeof value === 'string' && form.test(value) ? [[name, value]] : [];
