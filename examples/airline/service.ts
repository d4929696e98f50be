/** The desk over plain HTTP, as any team would write it: it imports nothing of Airspace and knows only the headers it is sent. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Database } from './database.ts';
import { type Desk, isJsonReply, openDesk } from './desk.ts';
import { type Ledger, sha256 } from './ledger.ts';
import { BadCall } from './tools.ts';

export interface ServiceOptions {
  readonly database: Database;
  readonly ledger: Ledger;
  /** Default 1 MiB: the longest recorded arguments have a few kilobytes. More is `413`. */
  readonly maxBodyBytes?: number;
  /** Default 100,000. A session is kept until the process ends, so their number needs an end. More is `503`. */
  readonly maxSessions?: number;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** A request that cannot be answered: becomes `application/problem+json` (RFC 9457). */
class Problem extends Error {
  readonly status: number;
  readonly title: string;
  constructor(status: number, title: string, detail: string) {
    super(detail);
    this.status = status;
    this.title = title;
  }
}

/**
 * `POST /{tool}` with the arguments as JSON and the session in `airspace-session` -> 200 and the reply's own bytes:
 * `application/json` when it is an object or a list, else `text/plain`. A desk that says no (`Error: …`) has answered: 200.
 * `GET /healthz` -> 200.
 */
export const createService = (options: ServiceOptions): Server => {
  const counter = new Counter(options);
  const server = createServer(async (request, response) => {
    const answer = await counter.answer(request).catch(problemOf);
    send(response, answer, server.listening);
  });
  return server;
};

/** The open sessions, and what happens to a request. */
class Counter {
  readonly #options: ServiceOptions;
  readonly #desks = new Map<string, Desk>();

  constructor(options: ServiceOptions) {
    this.#options = options;
  }

  async answer(request: IncomingMessage): Promise<Answer> {
    const path = pathOf(request);
    if (path === '/healthz' && request.method === 'GET') return { status: 200, type: 'text/plain', body: 'ok\n' };
    if (request.method !== 'POST') {
      throw new Problem(405, 'method not allowed', `\`${request.method}\` is not served here; send POST /{tool}`);
    }
    const session = sessionOf(request);
    const args = await readBody(request, this.#options.maxBodyBytes ?? 1_048_576);
    return this.#execute(request, session, path.slice(1), args);
  }

  #execute(request: IncomingMessage, session: string, operation: string, args: Buffer): Answer {
    const reply = this.#desk(session).call(operation, parse(args));
    this.#options.ledger.append({
      session,
      callId: header(request, 'airspace-call-id') ?? null,
      idempotencyKey: header(request, 'idempotency-key') ?? null,
      operation,
      argsSha256: sha256(args),
      replySha256: sha256(reply),
    });
    return { status: 200, type: isJsonReply(reply) ? 'application/json' : 'text/plain; charset=utf-8', body: reply };
  }

  #desk(session: string): Desk {
    const open = this.#desks.get(session);
    if (open !== undefined) return open;
    if (this.#desks.size >= (this.#options.maxSessions ?? 100_000)) {
      throw new Problem(503, 'too many sessions', 'the desk keeps no more sessions; restart it to forget the old ones');
    }
    const desk = openDesk(this.#options.database);
    this.#desks.set(session, desk);
    return desk;
  }
}

const pathOf = (request: IncomingMessage): string => (request.url ?? '/').split('?', 1)[0]!;

const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
};

const sessionOf = (request: IncomingMessage): string => {
  const session = header(request, 'airspace-session');
  if (session === undefined || session === '' || session.length > 200) {
    throw new Problem(
      400,
      'no session',
      'send a header `airspace-session` of 1 to 200 characters; each has its own database',
    );
  }
  return session;
};

/** Reads a body that is too large to its end, without keeping it: a caller that is still sending would not hear the `413`. */
const readBody = async (request: IncomingMessage, maxBytes: number): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request) {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
    }
  } catch {
    throw new Problem(400, 'body cut off', 'the connection ended before the body did; nothing was executed');
  }
  if (size > maxBytes)
    throw new Problem(413, 'body too large', `arguments may have ${maxBytes} bytes, these have ${size}`);
  return Buffer.concat(chunks);
};

/** Strict about UTF-8 as well: a replaced character would be stored in a reservation. */
const parse = (body: Buffer): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new Problem(400, 'not JSON', 'the body must be the arguments of the tool as one JSON object');
  }
};

const problemOf = (error: unknown): Answer => {
  if (error instanceof Problem) return problem(error.status, error.title, error.message);
  if (error instanceof BadCall) {
    const unknown = error.reason === 'unknown-tool';
    return problem(unknown ? 404 : 400, unknown ? 'no such tool' : 'wrong arguments', error.message);
  }
  console.error(error);
  return problem(500, 'internal error', 'the desk failed; its log says why');
};

const problem = (status: number, title: string, detail: string): Answer => ({
  status,
  type: 'application/problem+json',
  body: JSON.stringify({ type: 'about:blank', title, status, detail }),
});

const send = (response: ServerResponse, { status, type, body }: Answer, listening: boolean): void => {
  response.statusCode = status;
  response.setHeader('content-type', type);
  if (status === 405) response.setHeader('allow', 'POST');
  // A stopping server waits for its connections to end, so it keeps none alive.
  if (!listening) response.setHeader('connection', 'close');
  response.end(body);
};
