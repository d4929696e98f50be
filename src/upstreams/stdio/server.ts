/**
 * An MCP server on stdio, spoken to as if it were one over HTTP without sessions: one process with one handshake for everybody, so whatever
 * it says on the way reaches only whoever it is about, and it can ask nobody anything.
 */
import { Buffer } from 'node:buffer';
import { Fault, type Reply, type Timer } from '../../contract/index.ts';
import { writeEvent } from '../../dialects/index.ts';
import {
  CODES,
  errorText,
  LEGACY,
  type Message,
  notificationText,
  readMessage,
  requestText,
  resultText,
} from '../../dialects/mcp/index.ts';
import { guardJson, Permit, throwIfNotSendable, type World } from '../../kernel/index.ts';
import type { HttpUpstream, WireRequest } from '../http/index.ts';
import { Child } from './child.ts';
import { aboutIn, handedOn, tokenIn, withToken } from './messages.ts';
import { Pending, type Waiting } from './pending.ts';

export interface StdioOptions {
  /** Program and arguments: no shell reads them. */
  readonly command: readonly string[];
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly world: World;
  /** `text` of a server is cut and free of control characters. */
  readonly log: (level: 'info' | 'warn', message: string, fields: Readonly<Record<string, unknown>>) => void;
}

const LIMITS = { maxDepth: 64, maxTokens: 500_000 };
const MOST_PENDING = 1_000;
/** A server that does not know the question may say nothing at all. */
const DISCOVER_MS = 3_000;
const HANDSHAKE_MS = 10_000;
/** The first restart is soon, each further one later; a program that has run for this long has earned a new beginning. */
const RESTART_MS = 200;
const MOST_RESTART_MS = 30_000;
const STEADY_MS = 30_000;
/** Lines of stderr that reach the log in a minute. */
const MOST_SAID = 200;

export class StdioServer implements Pick<HttpUpstream, 'send'> {
  readonly #options: StdioOptions;
  readonly #pending = new Map<number, Waiting>();
  #child: Child | undefined;
  #startedMs = 0;
  #failures = 0;
  #why = 'it has not been started';
  #timer: Timer | undefined;
  #nextId = 1;
  #isOver = false;
  #said = { sinceMs: 0, count: 0 };
  /** What the server answered to its one handshake. */
  #init: Promise<string> | undefined;
  /** It is of the old kind: after each start it wants its handshake. */
  #isLegacy = false;

  constructor(options: StdioOptions) {
    this.#options = options;
  }

  /** Is there a process to speak to? */
  get isUp(): boolean {
    return this.#child !== undefined;
  }

  start(): void {
    if (this.#isOver || this.#child !== undefined) return;
    const { command, env, world } = this.#options;
    this.#startedMs = world.clock.nowMs();
    const child = new Child(command, env, {
      line: (line) => this.#heard(line),
      said: (line) => this.#log(line),
      ended: (why) => this.#ended(child, why),
    });
    this.#child = child;
    if (this.#isLegacy) this.#handshake().catch(() => {});
  }

  stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
    this.#child?.stop();
  }

  readonly send: HttpUpstream['send'] = async (endpoint, call, scope, request) => {
    Permit.check(call);
    throwIfNotSendable(scope);
    const respond = (status: number, text: string): Reply => ({
      outcome: status < 400 ? 'ok' : 'failed',
      status,
      contentType: 'application/json',
      headers: [],
      body: { kind: 'bytes', bytes: Buffer.from(text) },
      endpoint: endpoint.id,
      attempts: 1,
    });
    if (request.method !== 'POST') return respond(405, '');
    const { trace, sampled } = call.trace;
    const message = messageIn(request, `00-${trace}-${scope.ids.spanId()}-${sampled ? '01' : '00'}`);
    // What ends a request is known here already, and its id means nothing to the server.
    if (message.kind !== 'request') return respond(202, '');
    if (message.method === 'initialize') return respond(200, resultText(message.id, await this.#handshake()));
    if (message.method === 'ping') return respond(200, resultText(message.id, '{}'));
    if (this.#isLegacy) await this.#handshake();
    const limitMs = message.method === 'server/discover' ? DISCOVER_MS : undefined;
    const pending = this.#ask(message, scope, limitMs);
    return {
      ...respond(200, ''),
      contentType: 'text/event-stream',
      body: { kind: 'stream', chunks: eventsOf(pending) },
    };
  };

  #ask(
    { id, method, params = '{}' }: Extract<Message, { kind: 'request' }>,
    scope: Parameters<HttpUpstream['send']>[2],
    limitMs?: number,
  ): Pending {
    const child = this.#running();
    if (this.#pending.size >= MOST_PENDING)
      throw new Fault('overloaded', 'the MCP server behind this sidecar has too much to do');
    const own = this.#nextId++;
    const token = tokenIn(params);
    let late: Timer | undefined;
    const pending = new Pending(id, token, scope, (isLeft) => {
      late?.cancel();
      this.#pending.delete(own);
      if (isLeft) this.#write(notificationText('notifications/cancelled', JSON.stringify({ requestId: own })));
    });
    this.#pending.set(own, pending);
    if (limitMs !== undefined)
      late = this.#options.world.clock.after(limitMs, () =>
        pending.answer(errorText(id, { code: CODES.methodNotFound, message: 'the server did not answer' })),
      );
    try {
      child.write(requestText(own, method, token === undefined ? params : withToken(params, String(own))));
    } catch (thrown) {
      pending.fail(Fault.from(thrown));
    }
    return pending;
  }

  /** One for the life of a process. Nobody is there to be asked, so the client that it meets can do nothing. */
  #handshake(): Promise<string> {
    this.#init ??= this.#shaken().catch((thrown: unknown) => {
      this.#init = undefined;
      throw thrown;
    });
    return this.#init;
  }

  async #shaken(): Promise<string> {
    const child = this.#running();
    const own = this.#nextId++;
    const params = { protocolVersion: LEGACY[0], capabilities: {}, clientInfo: { name: 'airspace', version: '1' } };
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const late = this.#options.world.clock.after(HANDSHAKE_MS, () =>
      reject(new Fault('unavailable', 'the MCP server behind this sidecar does not answer its handshake')),
    );
    this.#pending.set(own, { id: 0, token: undefined, push: () => {}, answer: resolve, fail: reject });
    try {
      child.write(requestText(own, 'initialize', JSON.stringify(params)));
      const answer = readMessage(await promise);
      if (typeof answer === 'string' || answer.kind !== 'result')
        throw new Fault('upstream_invalid', 'the MCP server behind this sidecar refuses its handshake');
      this.#isLegacy = true;
      this.#write(notificationText('notifications/initialized'));
      return answer.result;
    } finally {
      late.cancel();
      this.#pending.delete(own);
    }
  }

  #running(): Child {
    if (this.#child !== undefined) return this.#child;
    throw new Fault('unavailable', `the MCP server behind this sidecar does not run: ${this.#why}`, {
      retryAfterMs: RESTART_MS * 2,
    });
  }

  #write(line: string): void {
    try {
      this.#child?.write(line);
    } catch {
      // It does not read: then it need not hear that either.
    }
  }

  #heard(line: string): void {
    const message = this.#readable(line);
    if (message === undefined) return;
    if (message.kind === 'request') this.#refuse(message);
    else if (message.kind === 'notification') this.#announced(message);
    else this.#answered(message);
  }

  #readable(line: string): Message | undefined {
    try {
      guardJson(Buffer.from(line), LIMITS);
      const message = readMessage(line);
      if (typeof message !== 'string') return message;
    } catch {}
    this.#options.log('warn', 'the MCP server wrote a line that is no message', { bytes: Buffer.byteLength(line) });
    return undefined;
  }

  #refuse({ id, method }: Extract<Message, { kind: 'request' }>): void {
    if (method === 'ping') this.#write(resultText(id, '{}'));
    else this.#write(errorText(id, { code: CODES.methodNotFound, message: 'nobody is there to be asked' }));
  }

  #answered(message: Extract<Message, { kind: 'result' | 'error' }>): void {
    const pending = typeof message.id === 'number' ? this.#pending.get(message.id) : undefined;
    if (pending === undefined) {
      this.#options.log('warn', 'the MCP server answered what nobody asked', {});
      return;
    }
    this.#pending.delete(message.id as number);
    pending.answer(
      message.kind === 'result' ? resultText(pending.id, message.result) : errorText(pending.id, message.error),
    );
  }

  /** What does not say whom it is about goes to nobody, unless it says nothing about anybody. */
  #announced({ method, params }: Extract<Message, { kind: 'notification' }>): void {
    const about = aboutIn(method, params);
    const pending = about === undefined ? undefined : this.#pending.get(about);
    if (pending !== undefined)
      pending.push(handedOn(method, params ?? '{}', JSON.stringify(pending.id), pending.token));
    else if (method.endsWith('/list_changed'))
      for (const one of this.#pending.values()) one.push(notificationText(method));
  }

  #ended(child: Child, why: string): void {
    if (this.#child !== child) return;
    const { world, log } = this.#options;
    this.#child = undefined;
    this.#init = undefined;
    this.#why = why;
    const fault = new Fault('upstream_broken', `the MCP server behind this sidecar ended before it answered: ${why}`);
    for (const pending of [...this.#pending.values()]) pending.fail(fault);
    this.#pending.clear();
    if (this.#isOver) return;
    const lived = world.clock.nowMs() - this.#startedMs;
    this.#failures = lived > STEADY_MS ? 1 : this.#failures + 1;
    const delayMs = Math.min(RESTART_MS * 2 ** (this.#failures - 1), MOST_RESTART_MS);
    log('warn', 'the MCP server ended', { why, againInMs: delayMs });
    this.#timer = world.clock.after(delayMs, () => this.start());
  }

  #log(line: string): void {
    const nowMs = this.#options.world.clock.nowMs();
    if (nowMs - this.#said.sinceMs > 60_000) this.#said = { sinceMs: nowMs, count: 0 };
    if (++this.#said.count > MOST_SAID) return;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal
    const text = line.slice(0, 2_000).replace(/[\u0000-\u001f\u007f-\u009f\p{Cf}\u2028\u2029]/gu, '\ufffd');
    this.#options.log('info', 'the MCP server says', {
      text,
      ...(this.#said.count === MOST_SAID ? { more: 'is not kept' } : {}),
    });
  }
}

const messageIn = ({ body }: WireRequest, traceparent: string): Message => {
  const bytes = typeof body === 'function' ? body(traceparent) : (body ?? new Uint8Array());
  const message = readMessage(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  if (typeof message === 'string') throw new Fault('internal', `a message for an MCP server is none: ${message}`);
  return message;
};

const eventsOf = (pending: Pending): AsyncIterableIterator<Uint8Array> => {
  const messages = pending.messages();
  const chunks: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => chunks,
    next: async () => {
      const { done, value } = await messages.next();
      return done === true ? { done, value: undefined } : { done: false, value: writeEvent(value) };
    },
    return: async () => {
      pending.leave();
      await messages.return(undefined);
      return { done: true, value: undefined };
    },
  };
  return chunks;
};
