/** A plain HTTP agent that does what it is told: call others, as often as it is told, in one of three ways of treating headers. */
import { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';

/** `token` sends everything of the tree back, `trace` only the standard header, `stripped` nothing. */
export type Manner = 'token' | 'trace' | 'stripped';
export const MANNERS: readonly Manner[] = ['token', 'trace', 'stripped'];

/** Sent down unchanged, so that each agent knows what to do next. */
export interface Order {
  readonly manner: Manner;
  /** Whom each agent calls: `{a: 'b', b: 'a'}`. Nobody: it answers. */
  readonly next: Readonly<Record<string, string>>;
  /** How often at once; default 1. */
  readonly times?: number;
  /** Each call asks something new; default false. */
  readonly vary?: boolean;
  readonly nth?: string;
  /** Answers at once, and calls afterwards. */
  readonly later?: boolean;
}

/** What came of one call: of a refusal, what it says. */
export interface Outcome {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly chain: readonly string[];
}

export interface Relay {
  readonly name: string;
  readonly url: string;
  /** Where it calls, once that is known. */
  base: { readonly url: string; readonly key: string };
  stop(): Promise<void>;
}

/** What all of a fleet share. */
export interface Ledger {
  /** Executions by agent. */
  readonly ran: string[];
  /** Refusals that agents got for their calls. */
  readonly refusals: Outcome[];
  /** Headers of the last execution of each agent. */
  readonly headers: Map<string, Readonly<Record<string, string>>>;
  /** Says `refused` when there are more refusals. */
  readonly news: EventEmitter;
}

export const newLedger = (): Ledger => ({ ran: [], refusals: [], headers: new Map(), news: new EventEmitter() });

export const startRelay = async (name: string, ledger: Ledger): Promise<Relay> => {
  const server = createServer((req, res) => void serve(relay, ledger, req, res));
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const relay: Relay = {
    name,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    base: { url: '', key: '' },
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
  return relay;
};

const serve = async (relay: Relay, ledger: Ledger, req: IncomingMessage, res: ServerResponse): Promise<void> => {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  if (req.method !== 'POST') return void res.writeHead(200).end('ok');
  const order = JSON.parse(Buffer.concat(chunks).toString()) as Order;
  const headers = Object.fromEntries(Object.entries(req.headers).map(([name, value]) => [name, String(value)]));
  ledger.ran.push(relay.name);
  ledger.headers.set(relay.name, headers);
  const next = order.next[relay.name];
  if (next === undefined) return answer(res, []);
  const work = Array.from({ length: order.times ?? 1 }, (_, at) =>
    callOn(relay.base, next, varied(order, at), carried(order.manner, headers)),
  );
  if (order.later === true) answer(res, []);
  const outcomes = await Promise.all(work);
  const refusals = outcomes.filter(({ code }) => code !== '');
  ledger.refusals.push(...refusals);
  if (refusals.length > 0) ledger.news.emit('refused');
  if (order.later !== true) answer(res, outcomes);
};

const answer = (res: ServerResponse, outcomes: readonly Outcome[]): void =>
  void res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ outcomes }));

const varied = (order: Order, at: number): Order =>
  order.vary === true ? { ...order, nth: `${order.nth ?? ''}.${at}` } : order;

const CARRIED: Readonly<Record<Manner, readonly string[]>> = {
  token: ['airspace-run', 'traceparent'],
  trace: ['traceparent'],
  stripped: [],
};

const carried = (manner: Manner, headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(CARRIED[manner].flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])));

/** One call through a node. */
export const callOn = async (
  { url, key }: Relay['base'],
  agent: string,
  order: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Outcome> => {
  const reply = await request(`${url}/v1/agents/${agent}/ask`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers },
    body: JSON.stringify(order),
  });
  const body = JSON.parse((await reply.body.text()) || '{}') as Readonly<Record<string, unknown>>;
  const facts = (body['facts'] ?? {}) as Readonly<Record<string, unknown>>;
  return {
    status: reply.statusCode,
    code: String(facts['code'] ?? body['code'] ?? ''),
    detail: String(body['detail'] ?? ''),
    chain: (facts['chain'] ?? []) as readonly string[],
  };
};
