/** What an operation learns about the call that it answers, and the signal that tells it when to stop. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { HEADERS } from '../contract/index.ts';
import type { CallerContext } from './context.ts';

/** As the node says; it vouches for its callers, and only nodes should reach an agent. */
export interface CallerInfo {
  readonly id: string;
  readonly kind: string;
  readonly tenant: string;
}

/** Give it to `client.within` to call others as part of the same call. */
export interface AgentContext extends CallerContext {
  readonly callId: string;
  readonly principal: CallerInfo;
  /** Trace id; empty when there is no trace. */
  readonly trace: string;
  readonly idempotencyKey?: string;
  /** Fires when the caller leaves or its time is over: nobody wants the answer any more. */
  readonly signal: AbortSignal;
}

export interface Ending {
  readonly context: AgentContext;
  /** The answer is written: nothing is left to stop. */
  readonly end: () => void;
}

export const contextOf = (req: IncomingMessage, res: ServerResponse): Ending => {
  const stop = new AbortController();
  const header = (name: string): string => {
    const value = req.headers[name];
    return typeof value === 'string' ? value : '';
  };
  const timeoutMs = /^\d{1,9}$/.test(header(HEADERS.timeoutMs)) ? Number(header(HEADERS.timeoutMs)) : undefined;
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => stop.abort(new DOMException('the time of this call is over', 'TimeoutError')), timeoutMs);
  res.once('close', () => {
    clearTimeout(timer);
    if (!res.writableFinished) stop.abort(new DOMException('the caller went away', 'AbortError'));
  });
  const traceparent = header(HEADERS.traceparent);
  return {
    end: () => clearTimeout(timer),
    context: {
      callId: header(HEADERS.callId),
      principal: principalOf(header(HEADERS.principal)),
      trace: traceparent.split('-')[1] ?? '',
      signal: stop.signal,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...present('run', header(HEADERS.run)),
      ...present('traceparent', traceparent),
      ...present('tracestate', header(HEADERS.tracestate)),
      ...present('session', header(HEADERS.session)),
      ...present('idempotencyKey', header(HEADERS.idempotencyKey)),
    },
  };
};

const present = <K extends string>(key: K, value: string): { [P in K]?: string } =>
  (value === '' ? {} : { [key]: value }) as { [P in K]?: string };

const principalOf = (text: string): CallerInfo => {
  const fields = text.split(';');
  const value = (name: string): string =>
    decoded(fields.find((field) => field.startsWith(`${name}=`))?.slice(name.length + 1) ?? '');
  return { id: value('id'), kind: value('kind'), tenant: value('tenant') };
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
};
