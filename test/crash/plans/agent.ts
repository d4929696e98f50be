/**
 * The agent of one domain, as a process that is killed like everybody else. What it executes it writes to its ledger before it answers:
 * the truth about executions, from outside the system. It honours no idempotency keys, so that what comes twice shows.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Execution, Line } from './ledger.ts';

const [file = '', port = '0', lie = ''] = process.argv.slice(2);
/** Longest time between the arrival and the work, and between the work and its answer: long enough that kills fall into both. */
const MOST_MS = 60;

const known: Line[] = existsSync(file)
  ? readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line)
  : [];
const ran = new Set(known.flatMap((line) => ('operation' in line ? [line.call] : [])));
/** Calls of which it said that they never ran: they must not come in late. */
const fenced = new Set(known.flatMap((line) => ('fence' in line ? [line.fence] : [])));

const write = (line: Line): void => appendFileSync(file, `${JSON.stringify(line)}\n`);

const bodyOf = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString() || '{}') as Record<string, unknown>;
};

const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.random() * MOST_MS));

const answer = (response: ServerResponse, status: number, value: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};

/** What became of a call. A no is kept, and holds for ever. */
const asked = (call: string): { readonly executed: boolean } => {
  if (lie === 'deaf') return { executed: false };
  if (ran.has(call)) return { executed: true };
  if (!fenced.has(call)) write({ fence: call });
  fenced.add(call);
  return { executed: false };
};

const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const operation = (request.url ?? '/').slice(1);
  if (request.method === 'GET') return answer(response, 200, {});
  const body = await bodyOf(request);
  if (operation === 'ran') return answer(response, 200, asked(String(body['callId'])));
  await later();
  const call = String(request.headers['airspace-call-id'] ?? '');
  if (fenced.has(call)) return answer(response, 409, { error: 'it was said of this call that it never ran' });
  if (body['fail'] === operation) {
    write({ refused: operation, call });
    return answer(response, 422, { error: `${operation} is refused, as it was asked to be` });
  }
  const key = String(request.headers['idempotency-key'] ?? '');
  const execution: Execution = { call, key, operation, order: String(body['order']), atMs: Date.now() };
  if (!(lie === 'forgetful' && operation === 'refund')) write(execution);
  ran.add(call);
  await later();
  return answer(response, 200, { order: body['order'], operation });
};

const server = createServer((request, response) => {
  // A caller that left before its request was complete has asked for nothing.
  serve(request, response).catch(() => response.destroy());
});
server.listen(Number(port), '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
);
