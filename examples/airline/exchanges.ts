/** Replays conversations over HTTP, to the desk itself or through Airspace, and keeps what came back, byte for byte. */
import { Agent, request } from 'undici';
import type { Conversation, RecordedCall } from './recordings.ts';
import { isTool, tools } from './tools.ts';

/** Where calls go. */
export interface Way {
  readonly urlOf: (tool: string) => string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One call of a conversation and its answer. */
export interface Exchange {
  readonly session: string;
  readonly call: RecordedCall;
  readonly answer: Answer;
}

export interface Answer {
  /** 0: there was none, and `body` says why. */
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
  /** Of Airspace; empty without it. */
  readonly callId: string;
  /** Whether Airspace sent it to a target, rather than answering itself. */
  readonly reachedTarget: boolean;
}

/** How many conversations are under way at a time; the calls of one are always strictly one after another. */
export const PARALLEL = 8;

export class Caller {
  readonly #way: Way;
  /** Connections are kept and used again, as any client does that calls often. */
  readonly #connections = new Agent({ connections: PARALLEL });

  constructor(way: Way) {
    this.#way = way;
  }

  /** In the order of `conversations`, whatever the order in which they ended. */
  async replay(conversations: readonly Conversation[]): Promise<readonly Exchange[]> {
    const exchanges: Exchange[][] = conversations.map(() => []);
    const waiting = conversations.entries();
    const work = async (): Promise<void> => {
      for (const [at, { session, calls }] of waiting) {
        for (const [nth, call] of calls.entries()) {
          const answer = await this.ask(call.tool, call.argsText, headersOf(session, nth, call));
          exchanges[at]!.push({ session, call, answer });
        }
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
    return exchanges.flat();
  }

  /** Never throws: a connection that breaks is an answer of status 0. Asks once. */
  async ask(tool: string, args: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
    try {
      const reply = await request(this.#way.urlOf(tool), {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...this.#way.headers, ...headers },
        body: args,
        dispatcher: this.#connections,
      });
      return {
        status: reply.statusCode,
        contentType: String(reply.headers['content-type'] ?? ''),
        body: Buffer.from(await reply.body.bytes()),
        callId: String(reply.headers['airspace-call-id'] ?? ''),
        reachedTarget: reply.headers['airspace-attempts'] !== undefined,
      };
    } catch (thrown) {
      return { status: 0, contentType: '', body: Buffer.from(String(thrown)), callId: '', reachedTarget: false };
    }
  }

  close(): Promise<void> {
    return this.#connections.close();
  }
}

/** What changes something carries a key, as a careful caller would send it. The desk writes it down and does not honour it. */
const headersOf = (session: string, nth: number, { tool }: RecordedCall): Readonly<Record<string, string>> => ({
  'airspace-session': session,
  ...(isTool(tool) && tools[tool].effect === 'read' ? {} : { 'idempotency-key': `${session}.${nth}` }),
});
