/**
 * Two instances of an agent as a process of their own, which no kill touches. What they run they write to a ledger before they
 * answer: the truth about executions, from outside the system. They know nothing of Airspace and honour no idempotency keys.
 */
import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const [ledger = ''] = process.argv.slice(2);
/** Longest time between the work and its answer: long enough that a kill often falls between the two. */
const MOST_MS = 200;
let runs = 0;

const serve = async (instance: string, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return; // The caller left before its request was complete: nothing ran.
  }
  const run = ++runs;
  const id = Buffer.concat(chunks).toString('latin1');
  const callId = String(request.headers['airspace-call-id'] ?? '');
  appendFileSync(
    ledger,
    `${JSON.stringify({ run, id, instance, operation: (request.url ?? '/').slice(1), callId })}\n`,
  );
  await new Promise((later) => setTimeout(later, Math.random() * MOST_MS));
  // The number makes each run's answer its own: a replayed answer and a second run cannot be taken for each other.
  const body = JSON.stringify({ id, run });
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
};

const urls: string[] = [];
for (const instance of ['a', 'b']) {
  const server = createServer((request, response) => void serve(instance, request, response));
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  urls.push(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}
console.log(urls.join(' '));
