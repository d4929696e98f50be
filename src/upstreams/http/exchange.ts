/** One request on the wire and everything that can end it: its reply, its timers (D2), its caller (D4), or its socket. */
import type { Dispatcher } from 'undici';
import { type Call, type Endpoint, Fault, HEADERS, type Reply, type Scope, type Timer } from '../../contract/index.ts';
import { Chunks } from './chunks.ts';
import { describeTarget, faultOf, type Progress, stopped, unreachable } from './failure.ts';
import { type Head, readHead } from './head.ts';
import type { Limits } from './limits.ts';
import { faultFrom, streamFaultFrom } from './problem.ts';

type RawHeaders = Parameters<typeof readHead>[1];

interface Parts {
  readonly call: Call;
  readonly scope: Scope;
  readonly endpoint: Endpoint;
  readonly limits: Limits;
  /** Version of the policy that allowed this call, for the reply's headers. */
  readonly policy: string;
  /** Span that the target sees as its parent, and under which this exchange is recorded. */
  readonly span: string;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (fault: Fault) => void;
  readonly onTrailers?: (trailers: RawHeaders) => void;
}

const nothing = (): void => {};

/** Only its message is seen, by the HTTP client, when an exchange that ended while it waited gets its connection. */
const GONE = new Error('the call ended before it was sent');

/**
 * INVARIANT: `#close` runs exactly once per exchange, and after it no timer and no listener is left.
 * The HTTP client calls the `on...` methods; they never throw, except to give back a connection unused.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #parts: Parts;
  readonly #startMs: number;
  #progress: Progress = 'queued';
  #over = false;
  #controller: Dispatcher.DispatchController | undefined;
  #head: Head | undefined;
  #collected: Uint8Array[] = [];
  #bytes = 0;
  #chunks: Chunks | undefined;
  #forget: () => void = nothing;
  /** One timer for all phases: it looks at `#sinceMs` when it fires and sleeps on if the phase has time left. */
  #timer: Timer | undefined;
  #dueMs = 0;
  #sinceMs: number;
  #limitMs: number;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#startMs = parts.scope.clock.nowMs();
    this.#sinceMs = this.#startMs;
    this.#limitMs = parts.limits.connectMs;
    this.#arm();
    this.#forget = parts.scope.signal.onCancel((reason) => this.#fail(stopped(reason, this.#progress), true));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#over) throw GONE;
    this.#controller = controller;
    this.#progress = 'sent';
    this.#phase(this.#parts.call.body.kind === 'stream' ? this.#parts.limits.idleMs : this.#firstByteMs());
  }

  onBodySent(): void {
    if (this.#parts.call.body.kind === 'stream') this.#touch();
  }

  onRequestSent(): void {
    if (this.#parts.call.body.kind === 'stream') this.#phase(this.#firstByteMs());
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: RawHeaders): void {
    if (this.#over || status < 200) return;
    const { limits } = this.#parts;
    const head = readHead(status, headers);
    this.#head = head;
    this.#progress = 'answering';
    this.#phase(limits.idleMs);
    const { call } = this.#parts;
    if (!call.stream && head.length !== null && head.length > limits.maxReplyBytes) {
      this.#fail(this.#tooLarge(), true);
      return;
    }
    if (head.length !== null && head.length <= limits.collectBytes && !head.eventStream) return;
    const refused = this.#refused(head);
    if (refused !== undefined) {
      this.#fail(refused, true);
      return;
    }
    this.#chunks = new Chunks(limits, { resume: () => this.#resume(), leave: () => this.#leave() });
    this.#parts.resolve(this.#reply(head, { kind: 'stream', chunks: this.#chunks }));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    this.#bytes += chunk.byteLength;
    if (this.#chunks === undefined) {
      this.#collected.push(chunk);
      return;
    }
    const failed = this.#peerStreamFault(chunk);
    if (failed !== undefined) {
      // An empty line alone only parts the event from what was before it.
      if (failed.before.byteLength > 1) this.#chunks.push(failed.before);
      this.#fail(failed.fault, false);
      return;
    }
    if (!this.#head?.eventStream || !onlyComments(chunk)) this.#touch();
    if (!this.#parts.call.stream && !this.#head?.eventStream && this.#bytes > this.#parts.limits.maxReplyBytes) {
      this.#fail(this.#tooLarge(), true);
      return;
    }
    const answer = this.#chunks.push(chunk);
    if (answer === 'pause') controller.pause();
    if (answer === 'cut') this.#fail(slow(), true);
  }

  onResponseEnd(_: Dispatcher.DispatchController, trailers: RawHeaders): void {
    if (this.#over) return;
    this.#parts.onTrailers?.(trailers);
    const head = this.#head!;
    if (this.#chunks !== undefined) {
      this.#close(undefined);
      this.#chunks.end();
      return;
    }
    const bytes = this.#collected.length === 1 ? this.#collected[0]! : Buffer.concat(this.#collected);
    const fault = this.#refused(head) ?? this.#peerFault(head, bytes);
    this.#close(fault);
    if (fault === undefined) this.#parts.resolve(this.#reply(head, { kind: 'bytes', bytes }));
    else this.#parts.reject(fault);
  }

  onResponseError(_: Dispatcher.DispatchController | null, error: Error): void {
    const { call, endpoint } = this.#parts;
    this.#fail(faultOf(error, this.#progress, call.target, endpoint), false);
  }

  /** Ends the exchange and destroys its socket within this tick (D4, D5). `drop`: unread chunks are not wanted any more. */
  #fail(fault: Fault, drop: boolean): void {
    if (this.#over) return;
    this.#close(fault);
    if (this.#chunks === undefined) this.#parts.reject(fault);
    else this.#chunks.fail(fault, drop);
    this.#controller?.abort(GONE);
  }

  #leave(): void {
    if (this.#over) return;
    this.#close(new Fault('cancelled', 'the reader left before the end of the reply'));
    this.#controller?.abort(GONE);
  }

  #resume(): void {
    if (this.#over) return;
    this.#touch();
    this.#controller?.resume();
  }

  #close(fault: Fault | undefined): void {
    this.#over = true;
    this.#timer?.cancel();
    this.#forget();
    const { scope, endpoint, span } = this.#parts;
    scope.span.step(
      'send',
      this.#startMs,
      {
        endpoint: endpoint.id,
        protocol: endpoint.protocol === 'direct' ? (endpoint.speech?.protocol ?? 'http') : endpoint.protocol,
        status: this.#head?.status,
        code: fault?.code,
        executed: fault?.executed,
      },
      span,
    );
  }

  #reply(head: Head, body: Reply['body']): Reply {
    const { endpoint, policy } = this.#parts;
    const node = endpoint.protocol === 'airspace' ? head.node : undefined;
    const version = node?.version || endpoint.version;
    const pin = node === undefined ? endpoint.id : node.pin;
    return {
      outcome: head.status < 400 ? 'ok' : 'failed',
      status: head.status,
      contentType: head.contentType,
      headers: [...head.passed, [HEADERS.policy, policy]],
      body,
      endpoint: node?.endpoint || endpoint.id,
      attempts: 1,
      ...(pin === '' ? {} : { pin }),
      ...(version === '' ? {} : { version }),
      ...(node === undefined || node.notes.length === 0 ? {} : { notes: node.notes }),
    };
  }

  /** The target itself says that it did not execute (R4). */
  #refused(head: Head): Fault | undefined {
    const { call, endpoint } = this.#parts;
    const refuses = endpoint.protocol === 'direct' && head.notExecuted && (head.status === 503 || head.status === 429);
    if (!refuses) return undefined;
    return new Fault('refused', `${describeTarget(call.target)} refused the call without executing it`, {
      facts: { endpoint: endpoint.id, status: head.status },
      ...(head.retryAfterMs === undefined ? {} : { retryAfterMs: head.retryAfterMs }),
    });
  }

  /** A node names the endpoint when a target answered; a problem document without that name is the node's own fault. */
  #peerFault(head: Head, bytes: Uint8Array): Fault | undefined {
    if (this.#parts.endpoint.protocol !== 'airspace' || head.status < 400 || head.node.endpoint !== '')
      return undefined;
    if (!head.contentType.startsWith('application/problem+json')) return undefined;
    return faultFrom(bytes, this.#parts.endpoint.final, head.retryAfterMs);
  }

  /** A node whose stream fails ends it with an error event (S1): the stream failed for us too, not ended well. */
  #peerStreamFault(chunk: Buffer): ReturnType<typeof streamFaultFrom> {
    if (this.#parts.endpoint.protocol !== 'airspace' || !this.#head?.eventStream) return undefined;
    return streamFaultFrom(chunk, this.#parts.endpoint.final);
  }

  #tooLarge(): Fault {
    const { call, endpoint, limits } = this.#parts;
    return new Fault(
      'upstream_invalid',
      `${describeTarget(call.target)} answered more than ${limits.maxReplyBytes} bytes to a call that did not ask for a stream`,
      { facts: { endpoint: endpoint.id, limitBytes: limits.maxReplyBytes } },
    );
  }

  #firstByteMs(): number {
    const { call, limits } = this.#parts;
    return call.target.kind === 'model' ? limits.modelFirstByteMs : limits.firstByteMs;
  }

  #phase(limitMs: number): void {
    this.#limitMs = limitMs;
    this.#touch();
    if (this.#sinceMs + limitMs < this.#dueMs) {
      this.#timer?.cancel();
      this.#arm();
    }
  }

  #touch(): void {
    this.#sinceMs = this.#parts.scope.clock.nowMs();
  }

  #arm(): void {
    const { clock } = this.#parts.scope;
    this.#dueMs = this.#sinceMs + this.#limitMs;
    this.#timer = clock.after(Math.max(1, this.#dueMs - clock.nowMs()), () => this.#ring());
  }

  #ring(): void {
    if (this.#over) return;
    if (this.#sinceMs + this.#limitMs > this.#parts.scope.clock.nowMs()) this.#arm();
    else this.#fail(this.#late(), false);
  }

  #late(): Fault {
    const { call, endpoint, limits } = this.#parts;
    const name = describeTarget(call.target);
    if (this.#progress === 'queued')
      return unreachable(call.target, endpoint, `no connection within ${limits.connectMs} ms`);
    if (this.#chunks?.paused) return slow();
    const what = this.#progress === 'sent' ? 'did not begin to answer' : 'fell silent in the middle of its reply';
    return new Fault('timeout', `${name} ${what} for ${this.#limitMs} ms; the work may have run`, {
      facts: { endpoint: endpoint.id, limitMs: this.#limitMs },
    });
  }
}

const slow = (): Fault =>
  new Fault('slow_consumer', 'the reader takes the stream too slowly; read faster or ask for less');

const COLON = 0x3a;
const LF = 0x0a;
const CR = 0x0d;

/** An event stream that only says `:` is alive but says nothing (S2). */
const onlyComments = (chunk: Uint8Array): boolean => {
  let lineStart = true;
  for (const byte of chunk) {
    const lineBreak = byte === LF || byte === CR;
    if (lineStart && !lineBreak && byte !== COLON) return false;
    lineStart = lineBreak;
  }
  return true;
};
